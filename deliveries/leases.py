"""Leases on batches and the slices taken under them.

Every write names the owner and the epoch of the lease, so a worker that was
stopped, replaced and woken up again changes nothing of its successor's.
Times are the database's: a host whose clock is off steals no lease.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from deliveries import lanes, owners
from deliveries.ledger import durable
from deliveries.models import Batch, Delivery, Edition
from deliveries.owners import Owner
from subscribers.models import Subscription, Suppression

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=settings.LEASE_SECONDS)
# The longest a slice may take: the ten minutes of a final dot (RFC 5321), twice.
HANGS_AFTER = 20 * 60
# Counts on while a process is stopped or its machine sleeps; macOS has no such clock.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass
class Lease:
    """The right to send what is pending in one batch."""

    batch_id: int
    edition_id: int
    lane: str
    owner: Owner
    epoch: int
    claims: int  # how often the batch was taken without any letter being judged
    ends_at: float = field(default=0.0)  # by CLOCK, a little before the database's end
    slice_at: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.was_renewed()

    def was_renewed(self) -> None:
        """Note that the lease holds for its whole length from now on."""
        self.ends_at = time.clock_gettime(CLOCK) + LEASE.total_seconds() * 0.9

    def holds(self) -> bool:
        """Tell whether a body may go out: false once a successor may have taken over."""
        return time.clock_gettime(CLOCK) < self.ends_at

    def rows(self) -> "Q":
        """Return the condition under which this lease still holds."""
        return Q(pk=self.batch_id, owner=self.owner.id, epoch=self.epoch)


def claim(lane: str, owner: Owner) -> Lease | None:
    """Take the next due batch of *lane*; return None when none is free or enough are taken.

    A loser of the race looks again: on PostgreSQL it would otherwise find
    nothing and leave while batches wait.
    """
    taken = Batch.objects.filter(lane=lane, owner__isnull=False, done_at__isnull=True)
    while taken.count() < lanes.concurrency(lane):
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
            return Lease(
                waiting.pk, waiting.edition_id, lane, owner, waiting.epoch + 1, waiting.claims
            )
    return None


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
        lease.was_renewed()
        lease.slice_at = time.monotonic()
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
        .select_for_update(of=("self",))
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


def close_or_give_back(lease: Lease, rest: dt.timedelta = dt.timedelta(0)) -> bool:
    """End *lease*: the batch is done if nothing in it is pending or sending, else it is free.

    With a *rest* the batch is not taken again before that, so that others get
    their turn. Where rows are still sending, because their outcomes could not
    be written, nothing is given back: the owner ends its life instead, its
    journal speaks for them, and this returns False.
    """
    rows = Delivery.objects.filter(batch=OuterRef("pk"))
    pending = rows.filter(status=Delivery.Status.PENDING)
    in_hand = rows.filter(status=Delivery.Status.SENDING)
    mine = Batch.objects.filter(lease.rows())
    ended = False
    try:
        with durable():
            free = mine.filter(~Exists(in_hand))
            ended = bool(
                free.filter(~Exists(pending)).update(done_at=Now(), owner=None, lease_until=None)
                or free.update(owner=None, lease_until=None, not_before=_later(rest))
                or not mine.exists()
            )
    finally:
        if not ended:
            owners.retire(lease.owner)
    return ended


def _later(rest: dt.timedelta) -> Any:
    """Return when a batch may be taken again; as before without a *rest*."""
    return Now() + rest if rest else F("not_before")


def made_progress(lease: Lease) -> None:
    """Note that letters of this batch were judged, whatever the verdict."""
    if lease.claims:
        Batch.objects.filter(lease.rows()).update(claims=0)
        lease.claims = 0


@contextmanager
def renewed(lease: Lease) -> Iterator[None]:
    """Renew *lease* by a timer, at a third of its length, while the body runs.

    A server may take ten minutes over its final reply (RFC 5321, 4.5.3.2.6);
    one that hangs for longer than any of them is not waited for.
    """
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(LEASE.total_seconds() / 3):
            if lease.slice_at and time.monotonic() - lease.slice_at > HANGS_AFTER:
                break
            try:
                with transaction.atomic():
                    if Batch.objects.filter(lease.rows()).update(lease_until=Now() + LEASE):
                        lease.was_renewed()
            except Error:
                log.warning("The lease on batch %s could not be renewed just now.", lease.batch_id)
                connection.close()
        connection.close()  # this thread's own

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
