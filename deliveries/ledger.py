"""Writing to the ledger: what became of each delivery, durably and never backwards."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

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
        reply = "" if outcome.fate is Fate.SENT else _clean(outcome.reply)
        groups[outcome.attempt, outcome.fate, outcome.reason, reply].append(outcome.delivery)
    if not groups:
        return
    with durable():
        for (attempt, fate, reason, reply), ids in groups.items():
            _settle_alike(sorted(set(ids)), attempt, fate, reason, reply)


def _settle_alike(ids: list[int], attempt: int, fate: Fate, reason: str, reply: str) -> None:
    rows = Delivery.objects.filter(_among(ids), attempt=attempt, status__in=UNSETTLED)
    if fate is Fate.SENT:
        _end(rows, Delivery.Status.SENT, "", "")
    elif fate is Fate.FAILED:
        _end(rows, Delivery.Status.FAILED, reason or "refused", reply)
    elif fate is Fate.IN_DOUBT:
        _end(rows, Delivery.Status.IN_DOUBT, reason or "no-reply", reply)
    elif fate is Fate.NOT_ACCEPTED:
        # Only what nobody else has judged meanwhile may go out again.
        rows.filter(status=Delivery.Status.SENDING).update(
            status=Delivery.Status.PENDING, reply=reply, changed_at=Now()
        )
    else:
        _defer(rows.filter(status=Delivery.Status.SENDING), attempt, reason, reply)


def _among(ids: list[int]) -> Q:
    """Return the condition that a row's id is one of *ids*, which are sorted and differ.

    Most slices are one run of ids: two numbers say in the statement what took
    five hundred, and both ends are spared writing and reading them.
    """
    first, last = ids[0], ids[-1]
    if last - first == len(ids) - 1:
        return Q(pk__range=(first, last))
    return Q(pk__in=ids)


def _end(rows: QuerySet[Delivery], status: Delivery.Status, reason: str, reply: str) -> None:
    rows.update(status=status, reason=reason, reply=reply, due_at=None, changed_at=Now())


def _defer(rows: QuerySet[Delivery], attempt: int, reason: str, reply: str) -> None:
    """Take *rows* out of their batch until their next attempt, or fail what waited a day."""
    _end(
        rows.filter(deferred_since__lt=Now() - GIVE_UP_AFTER),
        Delivery.Status.FAILED,
        "deferred-too-long",
        reply,
    )
    wait = min(FIRST_RETRY * 2 ** min(max(attempt - 1, 0), 8), LAST_RETRY)
    rows.update(
        status=Delivery.Status.PENDING,
        batch=None,
        due_at=Now() + wait,
        deferred_since=Coalesce("deferred_since", Now()),
        reason=reason or "deferred",
        reply=reply,
        changed_at=Now(),
    )


def _clean(reply: str) -> str:
    """Return *reply* as a database can hold it: no NUL (PostgreSQL), no lone surrogate."""
    return reply.replace("\0", "").encode("utf-8", "replace").decode()[:1000]
