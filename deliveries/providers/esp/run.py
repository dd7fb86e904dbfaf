"""One run: letters become calls, calls are made, and each letter gets its outcome."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from anymail.exceptions import AnymailError

from deliveries.lanes import LaneTrouble, RefusedAlike
from deliveries.ledger import Fate, Outcome
from deliveries.letters import Letter
from deliveries.providers.esp.answers import Malformed, Unclear, Verdict, refused
from deliveries.providers.esp.by_anymail import blamed, not_sendable
from deliveries.providers.esp.calls import Call, Writer
from deliveries.providers.esp.crew import Crew, Made
from deliveries.providers.esp.table import Carries, Esp
from deliveries.providers.journaling import Journal

log = logging.getLogger(__name__)

MOST_ALIKE = 3  # refusals in a row that name no reader
_LOOK_UP = 0.5  # seconds after which somebody who waits sees whether it is to end


class Run:
    """Hands over the letters of one slice.

    At a time either one batch call is under way or several of one letter, so
    that a kill leaves in doubt at most the readers of one call, or one for
    each thread. The next call is written meanwhile.
    """

    def __init__(self, esp: Esp, writer: Writer, crew: Crew, journal: Journal, most: int) -> None:
        self._esp = esp
        self._writer = writer
        self._crew = crew
        self._journal = journal
        self._most = most
        self._ready: deque[Call] = deque()
        self._flying: list[Call] = []
        self._announced: set[int] = set()
        self._left_over: Letter | None = None
        self._is_over = False  # nothing more is begun
        self._trouble: Exception | None = None
        self._outcomes: list[Outcome] = []  # to be yielded
        self._unwritten: list[Outcome] = []  # to be journaled
        self._alike: list[Outcome] = []  # refused alike, and held back until it is clear why
        self._alike_words = self._blames_sender = ""

    def go(
        self,
        letters: Iterable[Letter],
        may_send: Callable[[Letter], bool],
        ends_at: Callable[[], float | None],
    ) -> Iterator[Outcome]:
        """Hand over *letters* and yield an Outcome for each that was begun; see Provider."""
        source = iter(letters)
        while True:
            self._launch(source, may_send)
            yield from self._yielded()
            if not self._flying:
                break
            self._wait(source, ends_at)
        self._give_up_the_rest()
        yield from self._yielded()
        if self._trouble:
            raise self._trouble

    # --- making calls -----------------------------------------------------

    def _launch(self, source: Iterator[Letter], may_send: Callable[[Letter], bool]) -> None:
        """Let all calls go that may be under way at once."""
        while not self._is_over and self._has_next(source) and self._has_room_for(self._ready[0]):
            call = self._ready[0]
            if not all(may_send(letter) for letter in call.letters):
                self._is_over = True
                return
            if not self._note([one for one in call.letters if one.delivery not in self._announced]):
                return
            self._announced.update(letter.delivery for letter in call.letters)
            self._ready.popleft()
            self._flying.append(call)
            self._crew.give(call)

    def _has_room_for(self, call: Call) -> bool:
        if not self._flying:
            return True
        are_single = len(call.letters) == 1 and len(self._flying[0].letters) == 1
        return are_single and len(self._flying) < self._crew.size

    def _has_next(self, source: Iterator[Letter]) -> bool:
        """Have the next call ready; return False if there are no more letters."""
        while not self._ready:
            chunk = self._gather(source)
            if not chunk:
                return False
            self._prepare(chunk)
        return True

    def _gather(self, source: Iterator[Letter]) -> list[Letter]:
        """Return the letters of the next call: no more than the ESP takes."""
        chunk: list[Letter] = []
        addresses: set[str] = set()
        octets = 0
        while len(chunk) < self._most:
            letter = self._left_over or next(source, None)
            self._left_over = None
            if letter is None:
                break
            address = letter.address.casefold()
            octets += self._writer.octets(letter)
            if chunk and (
                octets > self._esp.octets
                or not self._writer.may_join(chunk, letter)
                # Variables are found by the address, and one ESP looks at no case.
                or (address in addresses and self._esp.carries is Carries.SHARED)
            ):
                self._left_over = letter
                break
            addresses.add(address)
            chunk.append(letter)
        return chunk

    def _prepare(self, letters: Sequence[Letter]) -> None:
        """Put the call for *letters* first in line; one that cannot be written fails alone."""
        as_batch = self._most > 1 and len(letters) > 1
        try:
            self._ready.appendleft(self._writer.call(letters, as_batch=as_batch))
        except Exception as error:  # halved until the letter that it is about is alone
            if len(letters) > 1:
                self._halve(letters)
                return
            (letter,) = letters
            log.exception("Delivery %s cannot be written.", letter.delivery)
            verdict = Verdict(Fate.FAILED, "unwritable", repr(error))
            if isinstance(error, AnymailError):
                verdict = not_sendable(error)
            self._judge(letter, verdict)

    def _halve(self, letters: Sequence[Letter]) -> None:
        """Make two calls of one, to find out which letter it fails for."""
        middle = len(letters) // 2
        self._prepare(letters[middle:])
        self._prepare(letters[:middle])

    def _wait(self, source: Iterator[Letter], ends_at: Callable[[], float | None]) -> None:
        """Wait for a call to be made and judge it; write the next one meanwhile."""
        if not self._is_over and len(self._ready) == 0:
            self._has_next(source)
        made = None
        while made is None:
            made = self._crew.take(_LOOK_UP)
            until = ends_at()
            if until is not None:
                self._is_over = True
                self._crew.is_ending.set()
                if made is None and time.monotonic() > until:
                    self._abandon()
                    return
        if made.call in self._flying:
            self._flying.remove(made.call)
            self._hear(made)

    # --- judging ----------------------------------------------------------

    def _hear(self, made: Made) -> None:
        """Judge the letters of a call by its verdicts, or by what it ran into."""
        call, error = made.call, made.error
        if error is None:
            for letter, verdict in zip(call.letters, made.verdicts, strict=True):
                self._judge(letter, verdict)
        elif isinstance(error, LaneTrouble):
            self._stop(error)
            self._judge_all(call, Verdict(Fate.NOT_ACCEPTED))
        elif isinstance(error, Malformed) and len(call.letters) > 1:
            # Certainly not taken. Often one address is to blame; if it is the call, the first
            # three that are alone say the same, and nobody fails.
            self._halve(call.letters)
        elif isinstance(error, Malformed):
            self._judge(call.letters[0], blamed(self._esp, refused(str(error))))
        elif isinstance(error, Unclear):
            self._judge_all(call, Verdict(Fate.IN_DOUBT, error.reason, str(error)))
        else:
            log.error("A call to %s broke.", self._esp.name, exc_info=error)
            self._judge_all(call, Verdict(Fate.IN_DOUBT, "unclear-answer", repr(error)))

    def _judge_all(self, call: Call, verdict: Verdict) -> None:
        for letter in call.letters:
            self._judge(letter, verdict)

    def _judge(self, letter: Letter, verdict: Verdict) -> None:
        """Take down the verdict on *letter*.

        Refusals that name no reader are held back until it is clear whom they
        are about: the third alike in a row is the sender's fault.
        """
        outcome = Outcome(
            letter.delivery, letter.attempt, verdict.fate, verdict.reason, verdict.words
        )
        if verdict.fate is not Fate.FAILED or verdict.is_readers:
            if verdict.fate is Fate.SENT:
                self._let_pass()
            self._settle(outcome)
            return
        words = verdict.words.replace(letter.address, "…")
        if words == self._blames_sender:
            self._settle(_not_accepted(outcome))
            return
        if words != self._alike_words:
            self._let_pass()
            self._alike_words = words
        self._alike.append(outcome)
        self._unwritten.append(outcome)
        if len(self._alike) == MOST_ALIKE:
            self._blames_sender = words
            self._stop(
                RefusedAlike(f"{self._esp.name} refused three in a row alike: {verdict.words}")
            )
            for held in self._alike:
                # The journal's last word on a letter counts.
                self._settle(_not_accepted(held))
            self._alike = []

    def _let_pass(self) -> None:
        """Let those go who were held back: it was about them."""
        self._outcomes += self._alike
        self._alike, self._alike_words = [], ""

    def _settle(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._unwritten.append(outcome)

    # --- ending -----------------------------------------------------------

    def _stop(self, trouble: Exception) -> None:
        """Begin nothing more; *trouble* is raised once all who wait were heard."""
        self._trouble = self._trouble or trouble
        self._is_over = True

    def _abandon(self) -> None:
        """Wait no longer for the calls under way."""
        words = f"{self._esp.name} had not answered when the process had to end."
        for call in self._flying:
            self._judge_all(call, Verdict(Fate.IN_DOUBT, "no-reply", words))
        self._flying = []

    def _give_up_the_rest(self) -> None:
        """Say of calls that were refused as a whole, and not made in parts, that nobody has it."""
        for call in self._ready:
            for letter in call.letters:
                if letter.delivery in self._announced:
                    self._settle(Outcome(letter.delivery, letter.attempt, Fate.NOT_ACCEPTED))
        self._let_pass()
        self._note([])

    def _note(self, intents: Sequence[Letter]) -> bool:
        """Journal what is known, and *intents*; return False if that failed: none may go out."""
        try:
            if intents or self._unwritten:
                self._journal.record(self._unwritten, intents)
        except (OSError, LaneTrouble) as error:
            self._stop(error)
            return False
        self._unwritten = []
        return True

    def _yielded(self) -> list[Outcome]:
        outcomes, self._outcomes = self._outcomes, []
        return outcomes


def _not_accepted(outcome: Outcome) -> Outcome:
    return outcome._replace(fate=Fate.NOT_ACCEPTED, reason="")
