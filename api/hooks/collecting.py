"""Collecting: a message for each new event and each endpoint that listens to it.

One transaction reads a chunk, writes its messages and moves the cursor: a
crash between any two lines leaves all or nothing, and two at once take turns.
"""

import time

from django.db import connection, transaction
from django.db.models.functions import Now

from api.hooks import horizons
from api.hooks.sources import SOURCES, Source
from api.models import HookCursor, HookEndpoint, HookMessage

# SQLite's writers poll for their turn: without a gap they would wait until all was read.
GAP_SECONDS = 0.03

ACTIVE = HookEndpoint.Status.ACTIVE


def collect(seconds: float = 4.0) -> int:
    """Write messages about what is new, for about *seconds*; return how many.

    Where nobody listens nothing is read.
    """
    if not HookEndpoint.objects.filter(status=ACTIVE).exists():
        return 0
    until = time.monotonic() + seconds
    positions = dict(HookCursor.objects.values_list("source", "position"))
    written = 0
    for source in SOURCES:
        # Before any lock: mostly there is nothing new.
        while time.monotonic() < until and horizons.top(source.model) > positions.get(
            source.name, 0
        ):
            count, position = _take(source)
            written += count
            if position is None or position == positions.get(source.name):
                break  # another is at it, or a writer has to end first
            positions[source.name] = position
            if connection.vendor == "sqlite":
                time.sleep(GAP_SECONDS)
    return written


@transaction.atomic
def _take(source: Source) -> tuple[int, int | None]:
    """Write the messages of the next chunk of *source*; return how many, and the new position."""
    cursor = HookCursor.objects.select_for_update(skip_locked=True).filter(pk=source.name).first()
    if cursor is None:
        return 0, None
    upto = horizons.advance(cursor, source.model)
    if upto <= cursor.position:
        return 0, cursor.position
    chunk = source.chunk(cursor.position, upto)
    listeners = _listeners() if chunk.happenings else {}
    messages = [
        HookMessage(
            endpoint_id=endpoint,
            type=event.type,
            source=source.name,
            source_id=event.source_id,
            subscriber_id=event.subscriber,
            at=event.at,
            # By the database's clock, as whoever delivers asks by it.
            due_at=Now(),
            created_at=Now(),
        )
        for event in chunk.happenings
        for endpoint in listeners.get((event.publication, event.type), ())
    ]
    HookMessage.objects.bulk_create(messages, ignore_conflicts=True)
    HookCursor.objects.filter(pk=source.name).update(position=chunk.upto)
    return len(messages), chunk.upto


def _listeners() -> dict[tuple[int, str], list[int]]:
    """Return who is to be told of what: {(publication, type): [endpoint, …]}."""
    found: dict[tuple[int, str], list[int]] = {}
    rows = HookEndpoint.objects.filter(status=ACTIVE).order_by("pk")
    for pk, publication, types in rows.values_list("pk", "publication", "types"):
        for one in types:
            found.setdefault((publication, one), []).append(pk)
    return found


def begin() -> None:
    """Have everything read from now on, where nobody listened until now.

    Call it before an endpoint becomes active, in the same transaction: what
    happened while nobody listened is told to nobody.
    """
    for source in SOURCES:
        HookCursor.objects.get_or_create(pk=source.name)
    # Of two first ones at once, the second sees the first.
    cursors = {row.pk: row for row in HookCursor.objects.select_for_update().order_by("source")}
    if HookEndpoint.objects.filter(status=ACTIVE).exists():
        return
    for source in SOURCES:
        cursor = cursors[source.name]
        cursor.position, cursor.fence, cursor.holders = horizons.top(source.model), None, []
        cursor.save()
