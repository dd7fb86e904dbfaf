"""Leases on batches and the slices taken under them.

Every write names the owner and the epoch of the lease, so a worker that was
stopped, replaced and woken up again changes nothing of its successor's.
Times are the database's: a host whose clock is off steals no lease.
"""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Now

from deliveries import ledger, owners
from deliveries.journal import Slice
from deliveries.ledger import durable
from deliveries.models import Batch, Delivery, Edition
from deliveries.owners import Owner
from subscribers.models import Subscription, Suppression

LEASE = dt.timedelta(seconds=settings.LEASE_SECONDS)


@dataclass(frozen=True)
class Lease:
    """The right to send what is pending in one batch."""

    batch_id: int
    edition_id: int
    lane: str
    owner: Owner
    epoch: int

    def rows(self) -> "Q":
        """Return the condition under which this lease still holds."""
        return Q(pk=self.batch_id, owner=self.owner.id, epoch=self.epoch)


def claim(lane: str, owner: Owner) -> Lease | None:
    """Take the next due batch of *lane*, or return None when none is free.

    A loser of the race looks again: on PostgreSQL it would otherwise find
    nothing and leave while batches wait.
    """
    while True:
        waiting = (
            Batch.objects.filter(
                lane=lane,
                done_at__isnull=True,
                owner__isnull=True,
                not_before__lte=Now(),
                edition__status__in=Edition.MOVING,
                edition__frozen_at__isnull=False,
            )
            .order_by("not_before", "edition_id", "number")
            .first()
        )
        if waiting is None:
            return None
        with durable():
            won = Batch.objects.filter(
                pk=waiting.pk, owner__isnull=True, epoch=waiting.epoch, done_at__isnull=True
            ).update(
                owner=owner.id,
                epoch=F("epoch") + 1,
                claims=F("claims") + 1,
                lease_until=Now() + LEASE,
            )
        if won:
            return Lease(waiting.pk, waiting.edition_id, lane, owner, waiting.epoch + 1)


def take_slice(lease: Lease, size: int) -> list[Delivery] | None:
    """Mark the next *size* readers of the batch as sending and return them.

    Those who left, were suppressed or erased since the freeze are skipped
    here, so at most one slice is older than their wish. Return None once the
    lease is lost or the edition is no longer moving, an empty list when the
    batch has nothing pending.
    """
    with durable():
        held = Batch.objects.filter(lease.rows(), edition__status__in=Edition.MOVING).update(
            lease_until=Now() + LEASE
        )
        if not held:
            return None
        while True:
            rows = _pending(lease, size)
            if not rows:
                return []
            ready = _skip_who_left(rows)
            if ready:
                break
        Delivery.objects.filter(
            pk__in=[row.pk for row in ready], status=Delivery.Status.PENDING
        ).update(
            status=Delivery.Status.SENDING,
            attempt=F("attempt") + 1,
            first_attempt_at=Coalesce("first_attempt_at", Now()),
            due_at=None,
        )
        for row in ready:
            row.attempt += 1
        return ready


def _pending(lease: Lease, size: int) -> list[Delivery]:
    suppressed = Suppression.objects.filter(
        Q(publication__isnull=True) | Q(publication=OuterRef("edition__publication")),
        address_hash=OuterRef("subscriber__address_hash"),
    )
    return list(
        Delivery.objects.filter(batch_id=lease.batch_id, status=Delivery.Status.PENDING)
        .select_related("subscriber", "subscription")
        .annotate(is_suppressed=Exists(suppressed))
        .order_by("pk")[:size]
    )


def _skip_who_left(rows: list[Delivery]) -> list[Delivery]:
    """Settle as skipped who must get no mail; return the others."""
    ready: list[Delivery] = []
    skipped: dict[str, list[int]] = {}
    for row in rows:
        reason = _reason_to_skip(row)
        if reason:
            skipped.setdefault(reason, []).append(row.pk)
        else:
            ready.append(row)
    for reason, ids in skipped.items():
        skip(Q(pk__in=ids), reason)
    return ready


def _reason_to_skip(row: Delivery) -> str:
    if row.subscriber is None or row.subscription is None:
        return "erased"
    if row.is_suppressed:  # type: ignore[attr-defined]  # annotated in _pending()
        return "suppressed"
    if row.subscription.status != Subscription.Status.ACTIVE:
        return str(row.subscription.status)
    return ""


def skip(which: Q, reason: str) -> int:
    """Settle the pending deliveries among *which* as skipped; return how many."""
    return Delivery.objects.filter(which, status=Delivery.Status.PENDING).update(
        status=Delivery.Status.SKIPPED, reason=reason, due_at=None, changed_at=Now()
    )


def close_or_give_back(lease: Lease) -> None:
    """End *lease*: the batch is done if nothing in it is pending or sending, else it is free."""
    unsettled = Delivery.objects.filter(
        batch=OuterRef("pk"), status__in=[Delivery.Status.PENDING, Delivery.Status.SENDING]
    )
    with durable():
        free = {"owner": None, "lease_until": None}
        mine = Batch.objects.filter(lease.rows())
        if not mine.filter(~Exists(unsettled)).update(done_at=Now(), **free):
            mine.update(**free)


def free_lost() -> int:
    """Free the batches whose owner is dead or late; return how many.

    With proof of the death, its journal tells of each letter whether it was
    judged, begun or untouched. Without, all it had in hand is in doubt, never
    pending: a socket cannot be fenced, and a stopped worker that is woken up
    goes on where it was.
    """
    freed = 0
    held = Batch.objects.filter(owner__isnull=False, done_at__isnull=True)
    for pk, owner, epoch in held.values_list("pk", "owner", "epoch"):
        if owner is None:
            continue
        lost = Batch.objects.filter(pk=pk, owner=owner, epoch=epoch)
        last = owners.testament(owner)
        if last is None:
            lost = lost.filter(lease_until__lt=Now())
        with durable():
            if lost.update(owner=None, lease_until=None, epoch=F("epoch") + 1):
                freed += 1
                _settle_what_was_in_hand(pk, last)
    return freed


def _settle_what_was_in_hand(batch: int, last: Slice | None) -> None:
    """Judge the rows that a lost owner left as sending, by its journal where there is one."""
    in_hand = Delivery.objects.filter(batch_id=batch, status=Delivery.Status.SENDING)
    if last is not None:
        ledger.settle(last.outcomes)
    left = list(in_hand.values_list("pk", "attempt"))
    begun = left if last is None else [letter for letter in left if letter in last.begun]
    in_hand.filter(pk__in=[pk for pk, _attempt in begun]).update(
        status=Delivery.Status.IN_DOUBT, reason="worker-lost", changed_at=Now()
    )
    in_hand.update(status=Delivery.Status.PENDING, changed_at=Now())


def hear_last_words() -> None:
    """Settle what the journals of those who are gone prove, once nothing is leased to them.

    So a host that comes back with its disk turns doubt into knowledge.
    """
    for owner, last in owners.last_words():
        if not Batch.objects.filter(owner=owner).exists():
            ledger.settle(last.outcomes)
            owners.lay_to_rest(owner)


@contextmanager
def renewed(lease: Lease) -> Iterator[None]:
    """Renew *lease* by a timer, at a third of its length, while the body runs.

    A server may take ten minutes over its final reply (RFC 5321, 4.5.3.2.6).
    """
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(LEASE.total_seconds() / 3):
                with transaction.atomic():
                    Batch.objects.filter(lease.rows()).update(lease_until=Now() + LEASE)
        finally:
            connection.close()  # this thread's own

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
