"""Events: what came back of letters, taken in at the edge and applied by a worker.

An event and all that follows from it are one transaction with the deletion of
its row: a crash between any two lines leaves either the row or the effects.
"""

import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from deliveries import advancing, aftermath, guard, matching
from deliveries.models import InboundEvent
from deliveries.told import BOUNCED, DEFERRED, DELIVERED, REFUSED, Told

log = logging.getLogger(__name__)

BY_MAIL = "mail"
AT_A_TIME = 200
# Of these, so many of one transaction: each takes some 5 ms, and on SQLite others wait to write.
MOST_GRAVE = 20
GAP_SECONDS = 0.03
MOST_ROWS = 500  # of one INSERT
# SQLite's clock is a millisecond coarse: what it wrote may be that much before an event.
COARSE = dt.timedelta(milliseconds=1)
# Who holds a delivery settles a slice: that is over soon.
IS_HELD = dt.timedelta(seconds=2)
FIRST_WAIT, LAST_WAIT = dt.timedelta(minutes=1), dt.timedelta(hours=12)
# What fails so often by itself stays, with the reason, for a person to look at.
MOST_TRIES = 5

_Heard = tuple[InboundEvent, Told]


def receive(source: str, events: Iterable[Told]) -> int:
    """Keep *events* until a worker has applied them, by one INSERT; return how many there were.

    *source* is an ESP's name or "mail". Repeats of what still waits are
    ignored. Ring deliveries.tasks.apply_events once this is committed.
    """
    # By the database's clock, as whoever applies them asks by it.
    rows = [
        InboundEvent(
            source=source[:20],
            key=told.key[:64],
            payload=told.payload(),
            received_at=Now(),
            due_at=Now(),
        )
        for told in events
    ]
    InboundEvent.objects.bulk_create(rows, batch_size=MOST_ROWS, ignore_conflicts=True)
    return len(rows)


def due() -> QuerySet[InboundEvent]:
    """Return the events that wait to be applied."""
    return InboundEvent.objects.filter(due_at__lte=Now())


def apply_due(seconds: float = 20.0) -> int:
    """Apply what waits and is due, for *seconds* at most; return how many events were applied."""
    until = time.monotonic() + seconds
    applied = 0
    while guard.may_send() and time.monotonic() < until:
        done, is_more = _apply_some()
        applied += done
        if not is_more:
            break
        # SQLite's writers poll for their turn: without a gap one waited until all was applied.
        if connection.vendor == "sqlite":
            time.sleep(GAP_SECONDS)
    return applied


def _apply_some() -> tuple[int, bool]:
    """Apply the next events; return how many were, and whether some may be left."""
    try:
        return _apply(AT_A_TIME)
    except OperationalError:
        raise  # a lock or the database: nothing is wrong with the events
    except Exception:  # whichever it is shows below, where each is alone
        log.exception("One of %d events cannot be applied; each is tried by itself.", AT_A_TIME)
    ids = list(due().order_by("due_at", "pk").values_list("pk", flat=True)[:AT_A_TIME])
    applied = 0
    for pk in ids:
        try:
            applied += _apply(1, pk)[0]
        except OperationalError:
            raise
        except Exception as error:  # one that cannot be applied holds up no other
            log.exception("Event %s cannot be applied.", pk)
            # The name only: the message may hold what was told of a reader.
            _put_aside(pk, type(error).__name__)
    return applied, bool(ids)


def _put_aside(pk: int, error: str) -> None:
    """Let an event that cannot be applied wait, and after some tries for ever."""
    row = InboundEvent.objects.filter(pk=pk)
    row.update(tries=F("tries") + 1, error=error, due_at=timezone.now() + FIRST_WAIT)
    row.filter(tries__gte=MOST_TRIES).update(due_at=None)


@transaction.atomic
def _apply(most: int, pk: int | None = None) -> tuple[int, bool]:
    """Apply *most* events in one transaction, or fewer that take long.

    Return how many were, and whether some may be left.

    On PostgreSQL two workers take different rows; on SQLite they take turns.
    """
    waiting = due() if pk is None else due().filter(pk=pk)
    taken = list(
        waiting.select_for_update(skip_locked=True, no_key=True).order_by("due_at", "pk")[:most]
    )
    if not taken:
        return 0, False
    heard, gone = _without_strangers(_readable(taken))
    readable = _together(heard)
    found = matching.match([told for _event, told in readable])
    told_of = [(delivery, told) for (_event, told), delivery in zip(readable, found, strict=True)]
    advancing.lock_batches({pk for pk, told in told_of if pk and told.type in advancing.COUNTED})
    rows = advancing.lock({pk for pk, _told in told_of if pk})
    matched: list[tuple[int, Told]] = []
    done: list[int] = []
    held: list[int] = []
    unmatched: list[_Heard] = []
    for (event, told), delivery in zip(readable, found, strict=True):
        if not delivery:
            unmatched.append((event, told))
        elif delivery not in rows:
            held.append(event.pk)
        else:
            matched.append((delivery, told))
            done.append(event.pk)
    if matched:
        source = readable[0][0].source
        aftermath.heed(advancing.apply(rows, matched, source), source)
    InboundEvent.objects.filter(pk__in=held).update(due_at=Now() + IS_HELD)
    gone += _wait_or_drop(unmatched)
    InboundEvent.objects.filter(pk__in=[*done, *gone]).delete()
    return len(done), len(taken) == most or len(readable) < len(heard)


def _together(heard: list[_Heard]) -> list[_Heard]:
    """Return the first of *heard* that one transaction applies; the others wait for the next.

    They are of one source: readers, batches and editions are locked in one
    order then, and two workers never wait for each other.
    """
    kept: list[_Heard] = []
    grave = 0
    for event, told in heard:
        if event.source != heard[0][0].source:
            continue
        grave += told.type not in (DELIVERED, DEFERRED)
        if grave > MOST_GRAVE:
            break
        kept.append((event, told))
    return kept


def _readable(taken: Sequence[InboundEvent]) -> list[_Heard]:
    """Return *taken* with what each tells; put aside what a later version wrote, perhaps."""
    readable = []
    for event in taken:
        told = _read(event)
        if told is None:
            _put_aside(event.pk, "Unreadable")
        else:
            readable.append((event, told))
    return readable


def _without_strangers(readable: list[_Heard]) -> tuple[list[_Heard], list[int]]:
    """Return what is about letters of ours, and the rows of what is about somebody else's.

    What comes by mail names its letter by a token that nobody else can make.
    """
    claims = {
        event.pk: (told.delivery, told.address)
        for event, told in readable
        if event.source != BY_MAIL and told.delivery and told.address
    }
    strange = matching.strangers(claims.values())
    others = [pk for pk, claim in claims.items() if claim in strange]
    if others:
        log.warning("%d events name letters of ours, and readers of others.", len(others))
    return [pair for pair in readable if pair[0].pk not in others], others


def _read(event: InboundEvent) -> Told | None:
    """Return what *event* told, or None where this version of the program cannot tell."""
    try:
        told = Told.read(event.payload, event.key)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None
    # A host's clock that is ahead would outlive what the reader does next.
    if told.at > event.received_at + COARSE:
        told = dataclasses.replace(told, at=event.received_at)
    if told.type == BOUNCED and told.is_senders_fault and told.reason == "auth":
        # The reader has bounced nothing; once the domain is mended the letter can be tried again.
        told = dataclasses.replace(told, type=REFUSED, is_permanent=None)
    return told


def _wait_or_drop(unmatched: Sequence[_Heard]) -> list[int]:
    """Put off events whose letter is not to be found; return those that nobody waits for."""
    now = timezone.now()
    dropped = []
    for event, told in unmatched:
        is_old = now - event.received_at > settings.UNMATCHED_EVENTS_KEPT
        if is_old or not matching.names_a_letter(told):
            dropped.append(event.pk)
            continue
        wait = min(FIRST_WAIT * 4 ** min(event.tries, 8), LAST_WAIT)
        InboundEvent.objects.filter(pk=event.pk).update(tries=F("tries") + 1, due_at=now + wait)
    if dropped:
        log.info("%d events were about no letter of an edition, and are dropped.", len(dropped))
    return dropped
