"""Events: what came back of letters, taken in at the edge and applied by a worker."""

from collections.abc import Iterable

from deliveries.models import InboundEvent
from deliveries.told import Told


def receive(source: str, events: Iterable[Told]) -> int:
    """Keep *events* until a worker has applied them, by one INSERT; return how many there were.

    *source* is an ESP's name or "mail". Repeats of what still waits are
    ignored. Ring deliveries.tasks.apply_events once this is committed.
    """
    rows = [
        InboundEvent(source=source[:20], key=told.key[:64], payload=told.payload())
        for told in events
    ]
    InboundEvent.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def apply_due(seconds: float = 20.0) -> int:
    """Apply what waits and is due, for *seconds* at most; return how many events were applied."""
    return 0
