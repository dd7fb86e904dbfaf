"""Writing to the ledger: what became of each delivery, durably and never backwards."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, Now

from briefs import corrections
from deliveries import statements
from deliveries.models import Delivery, Edition
from deliveries.statements import Blank, Statement

# A provider that says "later" is asked again for this long.
GIVE_UP_AFTER = dt.timedelta(hours=24)
FIRST_RETRY = dt.timedelta(seconds=settings.FIRST_RETRY_SECONDS)
LAST_RETRY = dt.timedelta(hours=4)

# How the reason begins where a person has looked at a delivery in doubt and leaves it so.
LEFT = "left: "

# What an outcome may still change. A webhook that came first is never undone.
UNSETTLED = (Delivery.Status.PENDING, Delivery.Status.SENDING, Delivery.Status.IN_DOUBT)


class Fate(StrEnum):
    """What a provider's answer means for one delivery."""

    SENT = "sent"
    DEFERRED = "deferred"  # asked to come again later
    FAILED = "failed"
    IN_DOUBT = "in-doubt"  # handed over, no answer seen
    NOT_ACCEPTED = "not-accepted"  # certainly not taken; another try is safe


class Outcome(NamedTuple):
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
        # Within another it is a part of that one: a savepoint is two round trips, and
        # whatever fails here ends both.
        with transaction.atomic(savepoint=False):
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
    if fate is Fate.SENT and is_run(ids):
        if _sent().run(first=ids[0], last=ids[-1], attempt=attempt) < len(ids):
            _note_a_further_copy(ids, attempt)
        return
    rows = Delivery.objects.filter(among(ids), attempt=attempt, status__in=UNSETTLED)
    in_hand = rows.filter(status=Delivery.Status.SENDING)
    if fate is Fate.SENT:
        if _end(rows, Delivery.Status.SENT, "", "") < len(ids):
            _note_a_further_copy(ids, attempt)
    elif fate is Fate.FAILED:
        _end(rows, Delivery.Status.FAILED, reason or "refused", reply)
    elif fate is Fate.IN_DOUBT:
        # Who is pending again at this attempt is so because a person has decided it.
        lost = Q(status=Delivery.Status.SENDING) | Q(reason="worker-lost")
        unsure = rows.filter(lost).exclude(status=Delivery.Status.PENDING)
        _end(unsure, Delivery.Status.IN_DOUBT, reason or "no-reply", reply)
    elif fate is Fate.NOT_ACCEPTED:
        # Only what nobody else has judged meanwhile may go out again.
        freed = in_hand.update(status=Delivery.Status.PENDING, reply=reply, changed_at=Now())
        if freed < len(ids):
            _put_back(ids, attempt, reply)
    elif _defer(in_hand, attempt, reason, reply) < len(ids):
        _put_back(ids, attempt, reply)


@lru_cache(maxsize=1)
def _sent() -> Statement:
    """Return the statement that settles a run of letters as sent: nearly all of them."""
    rows = Delivery.objects.filter(
        pk__range=(Blank("first", BigIntegerField()), Blank("last", BigIntegerField())),
        attempt=Blank("attempt", BigIntegerField()),
        status__in=UNSETTLED,
    )
    return statements.update(rows, **_ending(Delivery.Status.SENT, "", ""))


def among(ids: list[int]) -> Q:
    """Return the condition that a row's id is one of *ids*, which are sorted and differ.

    Most slices are one run of ids: two numbers say in the statement what took
    five hundred, and both ends are spared writing and reading them.
    """
    if is_run(ids):
        return Q(pk__range=(ids[0], ids[-1]))
    return Q(pk__in=ids)


def is_run(ids: list[int]) -> bool:
    """Tell whether *ids*, which are sorted and differ, leave no gap."""
    return ids[-1] - ids[0] == len(ids) - 1


def _end(rows: QuerySet[Delivery], status: Delivery.Status, reason: str, reply: str) -> int:
    return rows.update(**_ending(status, reason, reply))


def _ending(status: Delivery.Status, reason: str, reply: str) -> dict[str, Any]:
    return {
        "status": status,
        "reason": reason,
        "reply": reply,
        "due_at": None,
        "changed_at": Now(),
    }


def _note_a_further_copy(ids: list[int], attempt: int) -> None:
    """Write down that *attempt* was taken too, where a person has had another go out since."""
    words = f"Attempt {attempt} was taken too."
    Delivery.objects.filter(among(ids), ~Q(reply__contains=words), attempt__gt=attempt).update(
        reply=Concat(F("reply"), Value(f" {words}")), changed_at=Now()
    )


def _put_back(ids: list[int], attempt: int, reply: str) -> None:
    """Take out of doubt who was certainly not sent *attempt*, as its worker says too late.

    Only the worker that took an attempt can have sent it, and it is through
    with the letter by now: it may go out again. Its batch may be done and its
    edition finished, so it becomes due by itself and the edition is opened
    again. Of what is a day old, or was left by a person, only the answer is
    kept: it failed, and may be retried.
    """
    doubted = Delivery.objects.filter(among(ids), attempt=attempt, status=Delivery.Status.IN_DOUBT)
    for edition in sorted(set(doubted.values_list("edition_id", flat=True))):
        theirs = doubted.filter(edition=edition)
        if _goes_on(edition):
            theirs.exclude(reason__startswith=LEFT).update(
                status=Delivery.Status.PENDING,
                batch=None,
                due_at=Now(),
                reason="",
                reply=reply,
                changed_at=Now(),
            )
        _end(theirs, Delivery.Status.FAILED, "not-accepted", reply)


def _goes_on(edition: int) -> bool:
    """Tell whether *edition* can still send; open it again if it began within a day."""
    # recovery.finish() holds this lock too: it must not overlook what becomes due here.
    held = Edition.objects.select_for_update().get(pk=edition)
    if held.status != Edition.Status.FINISHED:
        return True  # of one that was cancelled, the sweep skips who is pending
    if corrections.is_superseded(held.revision, held.created_at):
        return False  # nobody gets a text now that is known to be wrong
    try:
        with transaction.atomic():
            return bool(
                Edition.objects.filter(
                    pk=edition,
                    status=Edition.Status.FINISHED,
                    frozen_at__gt=Now() - GIVE_UP_AFTER,
                ).update(status=Edition.Status.FINISHING, finished_at=None)
            )
    except IntegrityError:
        return False  # another edition of its brief is open: the constraint keeps it at one


def _defer(rows: QuerySet[Delivery], attempt: int, reason: str, reply: str) -> int:
    """Take *rows* out of their batch until their next attempt, or fail what waited a day.

    Return how many there were.
    """
    failed = _end(
        rows.filter(deferred_since__lt=Now() - GIVE_UP_AFTER),
        Delivery.Status.FAILED,
        "deferred-too-long",
        reply,
    )
    wait = min(FIRST_RETRY * 2 ** min(max(attempt - 1, 0), 8), LAST_RETRY)
    return failed + rows.update(
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
