"""Writing to the ledger: what became of each delivery, durably and never backwards."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from deliveries.models import Delivery

# A provider that says "later" is asked again for this long.
GIVE_UP_AFTER = dt.timedelta(hours=24)
FIRST_RETRY = dt.timedelta(seconds=settings.FIRST_RETRY_SECONDS)
LAST_RETRY = dt.timedelta(hours=4)

# What an outcome may still change. A webhook that came first is never undone.
UNSETTLED = (Delivery.Status.PENDING, Delivery.Status.SENDING, Delivery.Status.IN_DOUBT)


class Fate(StrEnum):
    """What a provider's answer means for one delivery."""

    SENT = "sent"
    DEFERRED = "deferred"  # asked to come again later
    FAILED = "failed"
    IN_DOUBT = "in-doubt"  # handed over, no answer seen
    NOT_ACCEPTED = "not-accepted"  # certainly not taken; another try is safe


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `reply` holds the server's words."""

    delivery: int
    attempt: int
    fate: Fate
    reason: str = ""
    reply: str = ""


@contextmanager
def durable() -> Iterator[None]:
    """Open a transaction whose commit survives a loss of power.

    SQLite otherwise runs with synchronous=NORMAL, where the last commits may
    go with the power. The pragma cannot change inside a transaction, so a
    caller's own transaction keeps its level.
    """
    raises = connection.vendor == "sqlite" and not connection.in_atomic_block
    if raises:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
    try:
        with transaction.atomic():
            yield
    finally:
        if raises:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous=NORMAL")


def settle(outcomes: Iterable[Outcome]) -> None:
    """Record *outcomes*; each names its delivery and attempt and only moves it forward."""
    groups: dict[tuple[int, Fate, str, str], list[int]] = defaultdict(list)
    for outcome in outcomes:
        # "250 queued as …" differs for each reader and tells nothing: sent ones go together.
        reply = "" if outcome.fate is Fate.SENT else outcome.reply[:1000]
        groups[outcome.attempt, outcome.fate, outcome.reason, reply].append(outcome.delivery)
    if not groups:
        return
    with durable():
        for (attempt, fate, reason, reply), ids in groups.items():
            _settle_alike(sorted(ids), attempt, fate, reason, reply)


def _settle_alike(ids: list[int], attempt: int, fate: Fate, reason: str, reply: str) -> None:
    rows = Delivery.objects.filter(pk__in=ids, attempt=attempt, status__in=UNSETTLED)
    if fate is Fate.SENT:
        rows.update(status=Delivery.Status.SENT, reason="", reply="", due_at=None, changed_at=Now())
    elif fate is Fate.FAILED:
        _fail(rows.values_list("pk", flat=True), reason or "refused", reply)
    elif fate is Fate.IN_DOUBT:
        rows.update(
            status=Delivery.Status.IN_DOUBT,
            reason=reason or "no-reply",
            reply=reply,
            changed_at=Now(),
        )
    elif fate is Fate.NOT_ACCEPTED:
        # Only what nobody else has judged meanwhile may go out again.
        rows.filter(status=Delivery.Status.SENDING).update(
            status=Delivery.Status.PENDING, reply=reply, changed_at=Now()
        )
    else:
        _defer(list(rows.filter(status=Delivery.Status.SENDING)), reason, reply)


def _fail(ids: Iterable[int], reason: str, reply: str) -> None:
    Delivery.objects.filter(pk__in=list(ids), status__in=UNSETTLED).update(
        status=Delivery.Status.FAILED,
        reason=reason,
        reply=reply,
        due_at=None,
        changed_at=Now(),
    )


def _defer(rows: list[Delivery], reason: str, reply: str) -> None:
    """Take *rows* out of their batch until their next attempt, or fail what waited a day."""
    now = timezone.now()
    over = [r.pk for r in rows if r.first_attempt_at and now - r.first_attempt_at > GIVE_UP_AFTER]
    _fail(over, "deferred-too-long", reply)
    for row in rows:
        if row.pk in over:
            continue
        wait = min(FIRST_RETRY * 2 ** min(row.attempt - 1, 8), LAST_RETRY)
        Delivery.objects.filter(
            pk=row.pk, attempt=row.attempt, status=Delivery.Status.SENDING
        ).update(
            status=Delivery.Status.PENDING,
            batch=None,
            due_at=now + wait,
            reason=reason or "deferred",
            reply=reply,
            changed_at=Now(),
        )
