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

from deliveries import guard, lanes, owners
from deliveries.ledger import durable
from deliveries.models import Batch, Delivery, Edition
from deliveries.owners import Owner

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
    publication_id: int
    lane: str
    owner: Owner
    epoch: int
    claims: int  # how often the batch was taken without any letter being judged
    ends_at: float = field(default=0.0)  # by CLOCK, a little before the database's end
    slice_at: float = field(default=0.0)
    has_more: bool = field(default=True)  # pending readers behind the last slice

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
    if not guard.may_send():
        return None
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
            .select_related("edition")
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
                batch_id=waiting.pk,
                edition_id=waiting.edition_id,
                publication_id=waiting.edition.publication_id,
                lane=lane,
                owner=owner,
                epoch=waiting.epoch + 1,
                claims=waiting.claims,
            )
    return None


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


def move_on(lease: Lease) -> tuple[bool, Lease | None]:
    """End *lease* and take the next batch of its lane; return whether work may be left, and it.

    Both in one transaction: a lane that was seen with one worker less between
    two batches let a further one in each time, and turned an older one out.
    """
    is_written = False
    try:
        with durable():
            lives_on = close_or_give_back(lease)
            following = claim(lease.lane, lease.owner) if lives_on else None
        is_written = True
    finally:
        if not is_written:
            owners.retire(lease.owner)
    return not lives_on or following is not None, following


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
