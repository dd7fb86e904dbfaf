"""Collecting: a message for each new event and each endpoint that listens to it.

One transaction reads a chunk, writes its messages and moves the cursor: a
crash between any two lines leaves all or nothing, and two at once take turns.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterable

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from api.hooks import horizons
from api.hooks.sources import SOURCES, Happening, Source
from api.models import HookCursor, HookEndpoint, HookMessage

log = logging.getLogger(__name__)

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
    return sum(_read(source, until) for source in SOURCES) + _catch_up(until)


def _read(source: Source, until: float) -> int:
    """Write the messages of what is new in *source*; return how many."""
    written = 0
    position = HookCursor.objects.values_list("position", flat=True).filter(pk=source.name).first()
    # Before any lock: mostly there is nothing new.
    while time.monotonic() < until and horizons.top(source.model) > (position or 0):
        try:
            count, now_at = _take(source)
        except DatabaseError:
            raise
        except Exception:  # whatever a row of one source is: the others are read all the same
            log.exception("News for webhooks could not be read from “%s”.", source.name)
            break
        written += count
        if now_at is None or now_at == position:
            break  # another is at it, or a writer has to end first
        position = now_at
        _let_others_write()
    return written


def _let_others_write() -> None:
    if connection.vendor == "sqlite":
        time.sleep(GAP_SECONDS)


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
        _message(endpoint, source, event)
        for event in chunk.happenings
        for endpoint in listeners.get((event.publication, event.type), ())
    ]
    _store(messages)
    HookCursor.objects.filter(pk=source.name).update(position=chunk.upto)
    return len(messages), chunk.upto


def _message(endpoint: int, source: Source, event: Happening) -> HookMessage:
    return HookMessage(
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


def _store(messages: Iterable[HookMessage]) -> None:
    HookMessage.objects.bulk_create(messages, ignore_conflicts=True)


def _catch_up(until: float) -> int:
    """Write the messages of what endpoints missed while they were disabled; return how many."""
    written = 0
    waiting = HookEndpoint.objects.filter(status=ACTIVE, missed__isnull=False)
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        for source in SOURCES:
            while time.monotonic() < until and (count := _take_missed(pk, source)) is not None:
                written += count
                _let_others_write()
    return written


@transaction.atomic
def _take_missed(endpoint_id: int, source: Source) -> int | None:
    """Write the next messages of what an endpoint missed of *source*; None if there are none.

    What it has been told of already is not told again.
    """
    held = HookEndpoint.objects.select_for_update(no_key=True, skip_locked=True)
    endpoint = held.filter(pk=endpoint_id, status=ACTIVE, missed__isnull=False).first()
    missed: dict[str, list[int]] = (endpoint and endpoint.missed) or {}
    if endpoint is None or source.name not in missed:
        return None
    after, upto = missed[source.name]
    if not horizons.is_settled(HookCursor.objects.get(pk=source.name), source.model, upto):
        return None
    chunk = source.chunk(after, upto)
    since = remembered_since()
    messages = [
        _message(endpoint.pk, source, event)
        for event in chunk.happenings
        if event.publication == endpoint.publication_id
        and event.type in endpoint.types
        and (since is None or event.at >= since)
    ]
    _store(messages)
    if chunk.upto < upto:
        missed[source.name] = [chunk.upto, upto]
    else:
        del missed[source.name]
    HookEndpoint.objects.filter(pk=endpoint.pk).update(missed=missed or None)
    return len(messages)


def remembered_since() -> dt.datetime | None:
    """Return since when messages are kept, and so what is told late; None if for ever."""
    days: int = settings.HOOK_DAYS
    return timezone.now() - dt.timedelta(days=days) if days else None


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
    happened while nobody listened is told to nobody who does not ask for it.
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
