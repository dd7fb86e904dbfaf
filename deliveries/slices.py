"""Slices: the readers whose turn it is, taken from a batch under a lease."""

import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Exists, F, FilteredRelation, OuterRef, Q
from django.db.models.functions import Now

from deliveries import domains, guard, leases, statements
from deliveries.leases import Lease
from deliveries.ledger import among, durable, is_run
from deliveries.models import Delivery
from deliveries.statements import Blank, Statement
from subscribers.models import Subscription, Suppression

TRIES = 5


class _Overtaken(Exception):
    """Somebody changed a row between its reading and its taking: look again.

    Counting costs nothing, where a lock on each of 500 rows is a write to each.
    """


class Turn(NamedTuple):
    """One reader whose turn it is: what a letter to them needs, and no more."""

    delivery: int
    attempt: int
    subscription: int
    address: str
    name: str
    attributes: dict[str, Any] | None = None  # only where the lease wants them


def take_slice(lease: Lease, size: int) -> list[Turn] | None:
    """Mark the next *size* readers of the batch as sending and return them.

    Those who left, were suppressed or erased since the freeze are skipped
    here, so at most one slice is older than their wish. Return None once the
    lease is lost, the edition is no longer moving or the installation is held,
    an empty list when the batch has nothing pending.
    """
    if not guard.may_send():
        lease.has_more = False
        return None
    # Asked before the transaction: no lock is held while Redis answers.
    resting = domains.on(lease.lane).look() if lease.puts_off else {}
    for _try in range(TRIES - 1):
        with suppress(_Overtaken):
            return _take(lease, size, resting)
    return _take(lease, size, resting)


def _take(lease: Lease, size: int, resting: dict[str, float]) -> list[Turn] | None:
    """Take the slice in one transaction; raise _Overtaken if a row of it changed meanwhile."""
    lease.has_more = False
    with durable():
        if not leases.still_mine(lease):
            lease.put_back_counts()
            return None
        lease.was_renewed()
        lease.slice_at = time.monotonic()
        ready: list[Turn] = []
        while not ready:
            rows = _pending(lease, size + 1)
            lease.has_more = len(rows) > size
            if not rows:
                return []
            ready = _skip_who_left(rows[:size])
            if resting:
                ready = domains.put_off(ready, resting)
        if _mark_as_sending(lease.batch_id, [turn.delivery for turn in ready]) != len(ready):
            lease.put_back_counts()
            raise _Overtaken
        return _with_attributes(ready) if lease.wants_attributes else ready


def _mark_as_sending(batch: int, ids: list[int]) -> int:
    """Mark those of *ids* that still wait in *batch* as in hand; return how many."""
    if is_run(ids):
        return _take_run().run(batch=batch, first=ids[0], last=ids[-1])
    return Delivery.objects.filter(
        among(ids), batch_id=batch, status=Delivery.Status.PENDING
    ).update(**_IN_HAND)


_IN_HAND: dict[str, Any] = {
    "status": Delivery.Status.SENDING,
    "attempt": F("attempt") + 1,
    "due_at": None,
}


@lru_cache(maxsize=1)
def _take_run() -> Statement:
    ends = Blank("first", BigIntegerField()), Blank("last", BigIntegerField())
    rows = Delivery.objects.filter(
        pk__range=ends,
        batch_id=Blank("batch", BigIntegerField()),
        status=Delivery.Status.PENDING,
    )
    return statements.update(rows, **_IN_HAND)


def _with_attributes(turns: list[Turn]) -> list[Turn]:
    """Add the readers' attributes: by a query of its own, which most editions never need."""
    found = dict(
        Delivery.objects.filter(pk__in=[turn.delivery for turn in turns]).values_list(
            "pk", "subscriber__attributes"
        )
    )
    return [turn._replace(attributes=found.get(turn.delivery)) for turn in turns]


# delivery, attempt, subscription, its status, address, name, suppressed
_Row = tuple[int, int, int | None, str | None, str | None, str | None, bool]


def _pending(lease: Lease, size: int) -> list[_Row]:
    return _waiting().rows(batch=lease.batch_id, publication=lease.publication_id, most=size)


@lru_cache(maxsize=1)
def _waiting() -> Statement:
    """Return the statement that reads the next of a batch, with what decides who is skipped."""
    publication = Blank("publication", BigIntegerField())
    suppressed = Suppression.objects.filter(
        Q(publication__isnull=True) | Q(publication=publication),
        address_hash=OuterRef("subscriber__address_hash"),
    )
    # A list that is made once for the slice, from the few rows that name a domain: asked
    # for each reader, SQLite reads all suppressions each time.
    whole_domains = Suppression.objects.filter(
        Q(publication__isnull=True) | Q(publication=publication), domain__gt=""
    ).values("domain")
    link = FilteredRelation(
        "subscriber__subscriptions",
        condition=Q(subscriber__subscriptions__publication=publication),
    )
    # Plain tuples: making models of them took a quarter of the send.
    rows = (
        Delivery.objects.filter(
            batch_id=Blank("batch", BigIntegerField()), status=Delivery.Status.PENDING
        )
        .annotate(
            link=link, is_suppressed=Exists(suppressed) | Q(subscriber__domain__in=whole_domains)
        )
        .order_by("pk")
        .values_list(
            "pk",
            "attempt",
            "link__pk",
            "link__status",
            "subscriber__address",
            "subscriber__name",
            "is_suppressed",
        )
    )
    return statements.select(rows, limit=Blank("most", BigIntegerField()))


def _skip_who_left(rows: list[_Row]) -> list[Turn]:
    """Settle as skipped who must get no mail; return the others, whose attempt this is."""
    ready: list[Turn] = []
    skipped: dict[str, list[int]] = {}
    for pk, attempt, subscription, status, address, name, is_suppressed in rows:
        if subscription is None or address is None or name is None:
            skipped.setdefault("erased", []).append(pk)
        elif is_suppressed:
            skipped.setdefault("suppressed", []).append(pk)
        elif status != Subscription.Status.ACTIVE:
            skipped.setdefault(str(status), []).append(pk)
        else:
            ready.append(Turn(pk, attempt + 1, subscription, address, name))
    for reason, ids in skipped.items():
        skip(Q(pk__in=ids), reason)
    return ready


def skip(which: Q, reason: str) -> int:
    """Settle the pending deliveries among *which* as skipped; return how many."""
    return Delivery.objects.filter(which, status=Delivery.Status.PENDING).update(
        status=Delivery.Status.SKIPPED, reason=reason, due_at=None, changed_at=Now()
    )
