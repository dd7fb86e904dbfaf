"""What a provider asks of a journal: to be told before a body goes out."""

from collections.abc import Sequence
from typing import Protocol

from deliveries.lanes import OurFault
from deliveries.ledger import Outcome
from deliveries.providers.verdicts import Sendable


class Journal(Protocol):
    """Remembers, on disk, what may have gone out."""

    def record(self, outcomes: Sequence[Outcome], intents: Sequence[Sendable]) -> None:
        """Append what became of letters, and which ones go out next.

        Called before the bodies of *intents* go out. If it raises, none does.
        """


class NullJournal:
    """Remembers nothing: after a crash the whole slice is in doubt."""

    def record(self, outcomes: Sequence[Outcome], intents: Sequence[Sendable]) -> None:
        """Do nothing."""


class JournalTrouble(OurFault):
    """The journal cannot be written, so nothing more is sent; free some space."""
