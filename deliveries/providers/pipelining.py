"""The pipelined SMTP provider: several kept-open connections, one loop, one journal.

One turn of a connection: the replies to the final dot of the last letter and
to the envelope of this one are in; what became of the last and the intent to
send this one go into the journal, and only then its body, its dot and the
envelope of the next go out in one write (RFC 2920).
"""

import logging
import math
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from deliveries.lanes import LaneTrouble
from deliveries.ledger import Outcome
from deliveries.providers import envelopes
from deliveries.providers.conversation import DOT, Features, Job
from deliveries.providers.journaling import Journal, JournalTrouble, NullJournal
from deliveries.providers.lines import Line
from deliveries.providers.opening import Timeouts
from deliveries.providers.pool import Pool
from deliveries.providers.verdicts import Judge, Sendable
from deliveries.relay import Relay

log = logging.getLogger(__name__)


class PipeliningProvider:
    """Hands letters to one SMTP server over up to *connections* connections.

    *may_send* is asked before a letter's envelope goes out, and again before
    its body. `journal` and `may_send` may be replaced between runs.
    """

    def __init__(
        self,
        url: str,
        connections: int = 10,
        *,
        journal: Journal | None = None,
        may_send: Callable[[Any], bool] | None = None,
        timeouts: Timeouts | None = None,
        context: ssl.SSLContext | None = None,
        bounce_domain: str = "",
    ) -> None:
        try:
            server = Relay.parse(url)
        except ValueError as error:
            raise LaneTrouble(str(error)) from error
        self.journal: Journal = journal or NullJournal()
        self.may_send = may_send
        self._bounce_domain = bounce_domain
        self._timeouts = timeouts or Timeouts()
        self._judge = Judge(server.host)
        self._pool = Pool(server, connections, self._judge, self._timeouts, context)
        self._ready: list[Line] = []
        self._tick = min(1.0, self._timeouts.shortest / 4)
        self._next_check = 0.0
        self._letters: Iterator[Sendable] = iter(())
        self._waiting: deque[Sendable] = deque()
        self._is_exhausted = True
        self._is_stopping = False
        self._error: Exception | None = None
        self._ends_at = math.inf

    # --- for the caller ---------------------------------------------------

    def deliver(self, letters: Iterable[Sendable]) -> Iterator[Outcome]:
        """Hand over *letters* and yield an Outcome for each that was begun, as it comes.

        Letters are taken from the iterable one by one, as connections are free
        for them. What stops the run (LaneTrouble, an error of the iterable) is
        raised once every letter that may have gone out has been judged.
        """
        self._begin_run(letters)
        try:
            while True:
                self._hand_out()
                lines = len(self._pool.lines)
                yield from self._commit()
                if self._is_over():
                    break
                # A connection that was lost just now is replaced at once.
                is_urgent = self._judge.outcomes or len(self._pool.lines) < lines
                self._listen(0 if is_urgent else self._tick)
        finally:
            self._end_run()
        if self._error:
            raise self._error

    def finish_within(self, seconds: float) -> None:
        """Begin no further letter, and wait *seconds* at most for final dots to be answered.

        Safe in a signal handler. It holds for the life of the provider.
        """
        self._ends_at = time.monotonic() + seconds

    def close(self) -> None:
        """End politely; never raises."""
        self._pool.close()

    # --- a run ------------------------------------------------------------

    def _begin_run(self, letters: Iterable[Sendable]) -> None:
        self._letters = iter(letters)
        self._is_exhausted = self._is_stopping = False
        self._error = None
        self._judge.new_run()
        # Servers close what was idle for long: see it before a letter goes there.
        self._next_check = 0.0
        self._listen(0)

    def _end_run(self) -> None:
        """Leave no letter behind, also when the caller has gone away in the middle."""
        self._letters = iter(())
        self._waiting.clear()
        self._is_exhausted = True
        for line in [*self._pool.lines]:
            if not line.talk.is_idle:
                line.talk.end("given up")
                self._pool.drop(line)
        self._ready.clear()
        self._judge.take()

    def _is_over(self) -> bool:
        if self._judge.outcomes or not self._pool.is_quiet:
            return False
        return self._is_stopping or (self._is_exhausted and not self._waiting)

    def _stop(self, error: Exception | None) -> None:
        """Begin nothing more; letters whose bodies are out are still judged."""
        self._is_stopping = True
        self._error = self._error or error

    def _heed_trouble(self) -> None:
        if self._judge.trouble and not self._is_stopping:
            self._stop(self._judge.trouble)

    # --- letters ----------------------------------------------------------

    def _pull(self) -> Sendable | None:
        """Return the next letter, or None if there is none."""
        return self._waiting.popleft() if self._waiting else self._fetch()

    def _fetch(self) -> Sendable | None:
        if self._is_exhausted:
            return None
        try:
            letter = next(self._letters, None)
        except Exception as error:  # raised once what is on its way has been answered
            log.exception("No more letters could be had.")
            self._stop(error)
            letter = None
        self._is_exhausted = letter is None
        return letter

    def _next_job(self, features: Features) -> Job | None:
        """Return the next letter that may go to a server with *features*, in wire form."""
        while not self._is_stopping:
            letter = self._pull()
            if letter is None:
                break
            if self.may_send is not None and not self._may_go(letter):
                self._judge.not_accepted(letter, "")
                continue
            try:
                job = envelopes.job(letter, features, self._judge, self._bounce_domain)
            except LaneTrouble as trouble:
                self._stop(trouble)
                break
            if job is not None:
                return job
        return None

    def _may_go(self, letter: Sendable) -> bool:
        try:
            return self.may_send is None or self.may_send(letter)
        except Exception as error:  # raised once what is on its way has been answered
            log.exception("It could not be told whether a letter may go.")
            self._stop(error)
            return False

    # --- turns ------------------------------------------------------------

    def _hand_out(self) -> None:
        """Give letters to connections that have none, and open more where letters wait."""
        self._heed_trouble()
        if self._is_stopping:
            return
        now = time.monotonic()
        for line in [*self._pool.idle]:
            if self._pool.is_full(line):
                self._pool.retire(line)
                continue
            job = self._next_job(line.talk.features)
            if job is None:
                break
            self._pool.idle.discard(line)
            line.write(line.talk.begin(job))
            self._after(line, now, heard=True)
        room = 0 if self._is_stopping else self._pool.room()
        if room > 0:
            while len(self._waiting) < room and (letter := self._fetch()) is not None:
                self._waiting.append(letter)
            self._pool.open_for(len(self._waiting))

    def _commit(self) -> list[Outcome]:
        """Write the journal, then send the bodies it tells of; return what has been judged."""
        self._heed_trouble()
        if self._is_stopping:
            self._wind_down()
        if not (self._ready or self._judge.outcomes):
            return []
        ready, self._ready = self._ready, []
        if self.may_send is not None:
            ready = [line for line in ready if self._is_still_wanted(line)]
        outcomes = self._judge.take()
        if not self._is_recorded(outcomes, ready):
            self._wind_down()
            return outcomes
        now = time.monotonic()
        for line in ready:
            self._turn(line, now)
        return outcomes

    def _is_recorded(self, outcomes: list[Outcome], ready: list[Line]) -> bool:
        """Write *outcomes* and the intent to send what is *ready* into the journal."""
        if isinstance(self._error, JournalTrouble):
            return False
        try:
            self.journal.record(
                outcomes, [line.talk.current.letter for line in ready if line.talk.current]
            )
        except Exception as error:  # any: what is not in the journal must not go out
            log.exception("The journal cannot be written.")
            trouble = JournalTrouble(f"The journal cannot be written: {error}")
            trouble.__cause__ = error
            # It goes before any other trouble: what that meant is not on disk either.
            self._error = None
            self._stop(trouble)
            return False
        return True

    def _is_still_wanted(self, line: Line) -> bool:
        """Ask once more before the body; a refusal costs the connection, since 354 was said."""
        assert line.talk.current is not None
        if self._may_go(line.talk.current.letter):
            return True
        line.talk.end("")
        self._pool.drop(line)
        return False

    def _turn(self, line: Line, now: float) -> None:
        """Send the body in hand, with the envelope of the next letter behind it."""
        talk = line.talk
        assert talk.current is not None
        body = talk.current.body
        following = None
        if talk.features.pipelining and self._pool.takes_another(line):
            following = self._next_job(talk.features)
        tail = talk.turn(following)
        line.write(body + tail, len(tail) - len(DOT))
        line.deadline = now + self._timeouts.dot
        if line.has_unsent or talk.ended:
            self._after(line, now, heard=True)

    def _wind_down(self) -> None:
        """Close every connection but those whose final dot is still to be answered."""
        self._ready = []
        for line in [*self._pool.lines]:
            if not line.talk.doubt:
                line.talk.end(str(self._error or "stopped"))
                self._pool.drop(line)

    # --- events -----------------------------------------------------------

    def _listen(self, seconds: float) -> None:
        """Hear what has come on any connection within *seconds*, and see who is late."""
        events = self._pool.select(seconds)
        now = time.monotonic()
        for line, may_read, may_write in events:
            if line is None:
                trouble = self._pool.welcome()
                if trouble:
                    self._stop(trouble)
                continue
            heard = may_write and line.flush()
            if may_read and line.read():
                heard = True
            if line.talk.is_ready:
                line.deadline = math.inf
                self._ready.append(line)
            else:
                self._after(line, now, heard=heard)
        if now >= self._next_check:
            self._next_check = now + self._tick
            self._check(now)

    def _after(self, line: Line, now: float, *, heard: bool) -> None:
        """Do what *line* needs once it has heard or said something."""
        talk = line.talk
        if talk.to_send:
            self._say_next(line)
        if talk.ended:
            self._pool.drop(line)
            return
        if talk.is_idle:
            self._pool.idle.add(line)
            line.deadline = math.inf
        elif heard and line.has_unsent:
            line.deadline = now + self._timeouts.block
        elif heard:
            line.deadline = now + self._timeouts.of(talk.waits_for)
        self._pool.watch(line)

    def _say_next(self, line: Line) -> None:
        """In lock-step: send the next command, unless the letter is no longer wanted."""
        talk = line.talk
        if talk.is_before_data and talk.current and not self._may_go(talk.current.letter):
            talk.give_back()
        else:
            line.write(talk.take_command())

    def _check(self, now: float) -> None:
        """Give up on servers that have been silent for too long."""
        if self._ends_at < math.inf:
            self._stop(None)
        for line in [*self._pool.lines]:
            talk = line.talk
            if talk.is_ready or talk.is_idle:
                continue
            if now >= line.deadline:
                what = "room for the text" if line.has_unsent else f"reply to {talk.waits_for}"
                line.fail(f"no {what} in time")
                self._pool.drop(line)
            elif now >= self._ends_at:
                line.fail("no reply in the time that was left")
                self._pool.drop(line)
