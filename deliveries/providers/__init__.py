"""Providers: who carries the mail. Only this package knows SMTP or Anymail."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from deliveries import lanes
from deliveries.ledger import Outcome
from deliveries.letters import Letter


class Provider(Protocol):
    """An open way to hand letters over, one after the other."""

    def deliver(self, letters: Iterable[Letter]) -> Iterator[Outcome]:
        """Hand over *letters* and yield an Outcome for each whose handing over was begun.

        Raises lanes.LaneTrouble when the lane refuses altogether; letters
        without an outcome were then certainly not taken.
        """

    def close(self) -> None:
        """End politely; never raises."""


class Records(Protocol):
    """Where a provider writes what it does: a Journal, or nothing for a test mail."""

    def record(self, outcomes: Iterable[Outcome], intents: Iterable[Letter]) -> None:
        """Note *outcomes*, and *intents* before their bodies go out; may raise JournalFailed."""


class NoRecords:
    """Forgets what it is told: for mail that is not in the ledger."""

    def record(self, outcomes: Iterable[Outcome], intents: Iterable[Letter]) -> None:
        """Do nothing."""


@contextmanager
def opened(lane: str, journal: Records) -> Iterator[Provider]:
    """Open the provider of *lane*; raise LaneTrouble where that cannot be done.

    It notes in *journal* each letter that it begins and each that it judged.
    Connections are made at the first letter, so an idle lane costs nothing.
    """
    from deliveries.providers import anymail, smtp

    options = lanes.options(lane)
    makers: dict[str, Callable[[], Provider]] = {
        "smtp": lambda: smtp.SmtpProvider(options.get("url", ""), journal),
    }
    name = str(options.get("provider", ""))
    make = makers.get(name, lambda: anymail.AnymailProvider(name, journal))
    provider = make()
    try:
        yield provider
    finally:
        provider.close()
