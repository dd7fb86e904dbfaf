"""What a reply means for a letter, and when it speaks of the lane and not of the reader."""

import re
from typing import Protocol

from deliveries.lanes import LaneTrouble, RefusedAlike, SenderRefused, Unanswered
from deliveries.ledger import Fate, Outcome
from deliveries.providers.replies import Reply

# At RCPT these speak of the sender or a policy, never of the mailbox (RFC 3463, 3.8).
_POLICY = re.compile(r"5\.7\.\d+")
# Authentication of the sender's domain, judged after the text was read (RFC 7372; 5.7.515 is
# Outlook's own): every reader there would be refused, and none of them is at fault.
_SENDERS_FAULT = re.compile(r"5\.7\.(2\d|30|515)")
# Non-ASCII addresses are not for this one (RFC 6531, 3.5).
_NO_SMTPUTF8 = re.compile(r"5\.6\.(7|9)")

MOST_LOSSES = 3  # final dots in a row that nobody answered
MOST_ALIKE = 3  # final dots in a row that were refused for the same reason
MOST_FRUITLESS = 3  # connections in a row that ended before any letter was judged


class Sender(Protocol):
    """Of a mail, what the envelope needs."""

    @property
    def sender_address(self) -> str:
        """The address that bounces go to."""


class Sendable(Protocol):
    """Of a letter, what an SMTP server needs."""

    @property
    def delivery(self) -> int:
        """The row of the ledger."""

    @property
    def attempt(self) -> int:
        """Which try this is."""

    @property
    def address(self) -> str:
        """Who gets it."""

    @property
    def needs_smtputf8(self) -> bool:
        """True if the address is beyond ASCII."""

    @property
    def mail(self) -> Sender:
        """What it is a copy of."""

    def as_bytes(self) -> bytes:
        """Return it in lines that end with CRLF, none of which begins with a dot."""


class Judge:
    """Collects outcomes, and sees when refusals or losses come in a row.

    `outcomes` holds what has been judged and not been taken yet; `trouble` is
    set once the lane is to rest. One judge serves all connections of a process,
    so that "in a row" means in the order of the replies.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.outcomes: list[Outcome] = []
        self.trouble: LaneTrouble | None = None
        self._is_calm = True
        self._losses = self._fruitless = self._alike = 0
        self._last_refusal = ""

    def new_run(self) -> None:
        """Forget what an earlier run was stopped by; rows that go on are still counted."""
        if self.trouble:
            self.trouble = None
            self._calm()

    def take(self) -> list[Outcome]:
        """Return what was judged since the last call."""
        taken, self.outcomes = self.outcomes, []
        return taken

    # --- at the final dot -------------------------------------------------

    def accepted(self, letter: Sendable) -> None:
        """Record a 2xx to the final dot."""
        self.outcomes.append(Outcome(letter.delivery, letter.attempt, Fate.SENT))
        if not self._is_calm:
            self._calm()

    def refused(self, letter: Sendable, reply: Reply) -> None:
        """Record a 4xx or 5xx to DATA or to the final dot."""
        self._was_answered()
        if reply.kind == 4:
            self._add(letter, Fate.DEFERRED, "deferred", str(reply))
        elif _SENDERS_FAULT.fullmatch(reply.enhanced):
            self._domain_refused(letter, reply)
        else:
            self._add(letter, Fate.FAILED, "refused", str(reply))
            self._count_alike(reply, RefusedAlike)

    def lost(self, letter: Sendable, words: str) -> None:
        """Record that the final dot of *letter* was never answered."""
        self._is_calm = False
        self._add(letter, Fate.IN_DOUBT, "no-reply", f"{self.host}: {words}")
        self._losses += 1
        if self._losses >= MOST_LOSSES:
            trouble = f"{self.host} left {self._losses} letters in a row unanswered: {words}"
            self.trouble = self.trouble or Unanswered(trouble)

    # --- before it --------------------------------------------------------

    def sender_refused(self, letter: Sendable, reply: Reply) -> None:
        """Record a refusal of MAIL: the lane's, unless it is about the reader's alphabet."""
        if letter.needs_smtputf8 and _NO_SMTPUTF8.fullmatch(reply.enhanced):
            self.failed(letter, "no-smtputf8", str(reply))
            return
        self.not_accepted(letter, str(reply))
        self._stop(f"{self.host} refused the sender: {reply}")

    def recipient_refused(self, letter: Sendable, reply: Reply) -> None:
        """Record a 4xx or 5xx to RCPT."""
        if reply.kind == 4:
            self._add(letter, Fate.DEFERRED, "deferred", str(reply))
        elif _SENDERS_FAULT.fullmatch(reply.enhanced):
            self._was_answered()
            self._domain_refused(letter, reply)
            return
        elif _POLICY.fullmatch(reply.enhanced):
            # A reader's own server may say so too; three readers alike, and it is about us.
            self._was_answered()
            self._add(letter, Fate.DEFERRED, "policy", str(reply))
            self._count_alike(reply)
            return
        else:
            self._add(letter, Fate.FAILED, "refused", str(reply))
        self._fruitless = 0

    def not_accepted(self, letter: Sendable, words: str) -> None:
        """Record that *letter* was certainly not taken."""
        self._add(letter, Fate.NOT_ACCEPTED, "", words)

    def unwritable(self, letter: Sendable, words: str) -> None:
        """Record a letter that could not be put into wire form; three in a row are no accident."""
        self._is_calm = False
        self.failed(letter, "unwritable", words)
        self._count(words, words, RefusedAlike)

    def failed(self, letter: Sendable, reason: str, words: str) -> None:
        """Record a failure that is this letter's own."""
        self._add(letter, Fate.FAILED, reason, words)

    # --- of connections ---------------------------------------------------

    def connection_ended(self, words: str) -> None:
        """Record that the server ended a connection before any letter on it was judged."""
        self._is_calm = False
        self._fruitless += 1
        if self._fruitless >= MOST_FRUITLESS:
            self._stop(f"{self.host} ended {self._fruitless} connections in a row: {words}")

    def _domain_refused(self, letter: Sendable, reply: Reply) -> None:
        """Stop at once: the sender is at fault, and no reader."""
        self.not_accepted(letter, str(reply))
        self._stop(f"{self.host} refused the sender's domain: {reply}", SenderRefused)

    def _count_alike(self, reply: Reply, kind: type[LaneTrouble] = LaneTrouble) -> None:
        self._count(f"{reply.code} {reply.enhanced}", str(reply), kind)

    def _count(self, refusal: str, words: str, kind: type[LaneTrouble]) -> None:
        self._alike = self._alike + 1 if refusal == self._last_refusal else 1
        self._last_refusal = refusal
        if self._alike >= MOST_ALIKE:
            self._stop(f"{self.host} refused {self._alike} letters in a row alike: {words}", kind)

    def _was_answered(self) -> None:
        self._is_calm = False
        self._losses = self._fruitless = 0

    def _calm(self) -> None:
        self._is_calm = True
        self._losses = self._fruitless = self._alike = 0
        self._last_refusal = ""

    def _stop(self, words: str, kind: type[LaneTrouble] = LaneTrouble) -> None:
        # The first word is the cause; what follows is mostly its echo.
        self.trouble = self.trouble or kind(words)

    def _add(self, letter: Sendable, fate: Fate, reason: str, words: str) -> None:
        self.outcomes.append(Outcome(letter.delivery, letter.attempt, fate, reason, words))
