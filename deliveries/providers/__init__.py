"""Providers: who carries the mail. Only this package knows SMTP or Anymail."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.conf import settings

from deliveries import lanes
from deliveries.ledger import Outcome
from deliveries.letters import Letter
from deliveries.providers.journaling import Journal, NullJournal

__all__ = ["Journal", "NullJournal", "Provider", "opened"]

# A relay takes this many connections from one client without complaint.
CONNECTIONS = 4


class Provider(Protocol):
    """An open way to hand letters over."""

    may_send: Callable[[Any], bool] | None  # asked before a body goes out

    def deliver(self, letters: Iterable[Letter]) -> Iterator[Outcome]:
        """Hand over *letters* and yield an Outcome for each whose handing over was begun.

        Raises lanes.LaneTrouble when the lane refuses altogether; letters
        without an outcome were then certainly not taken.
        """

    def finish_within(self, seconds: float) -> None:
        """Begin nothing more and wait *seconds* at most for answers; safe in a signal handler."""

    def close(self) -> None:
        """End politely; never raises."""


@contextmanager
def opened(lane: str, journal: Journal) -> Iterator[Provider]:
    """Open the provider of *lane*; raise LaneTrouble where that cannot be done.

    It notes in *journal* each letter that it begins and each that it judged.
    Connections are made at the first letter, so an idle lane costs nothing.
    """
    from deliveries.providers import anymail, pipelining

    options = lanes.options(lane)
    name = str(options.get("provider", ""))
    provider: Provider
    if name == "smtp":
        connections = int(options.get("connections", CONNECTIONS))
        provider = pipelining.PipeliningProvider(
            options.get("url") or "smtp://127.0.0.1:25",
            connections,
            journal=journal,
            bounce_domain=str(options.get("bounce_domain", settings.BOUNCE_DOMAIN) or ""),
        )
    else:
        provider = anymail.AnymailProvider(name, journal, options)
    try:
        yield provider
    finally:
        provider.close()
