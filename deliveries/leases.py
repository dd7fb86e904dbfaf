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
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Now

from deliveries import clocks, guard, lanes, owners
from deliveries.ledger import GIVE_UP_AFTER, Fate, Outcome, durable
from deliveries.models import Batch, Delivery, Edition
from deliveries.owners import Owner

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=settings.LEASE_SECONDS)
# The longest a slice may take: the ten minutes of a final dot (RFC 5321), twice.
HANGS_AFTER = 20 * 60
# Seconds after which a batch in work says that it is; most are through sooner.
NOTED_EVERY = 5.0
# A batch that was taken so often in vain goes letter by letter, and sets aside which fails.
IN_VAIN = 5
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
    noted_at: float = field(default_factory=time.monotonic)
    has_more: bool = field(default=True)  # pending readers behind the last slice
    puts_off: bool = field(default=True)  # readers whose domain rests
    judged: int = field(default=0)  # letters of the last slice that the provider took on
    bad: int = field(default=0)  # of those, refused for good
    _sent: int = field(default=0)  # counted, and not written to the batch yet
    _refused: int = field(default=0)
    _taken: tuple[int, int] = field(default=(0, 0))
    wants_attributes: bool = field(default=False)  # the mail has merge fields beyond the name

    def __post_init__(self) -> None:
        self.was_renewed()

    def was_renewed(self) -> None:
        """Note that the lease holds for its whole length from now on."""
        self.ends_at = time.clock_gettime(CLOCK) + LEASE.total_seconds() * 0.9

    def holds(self) -> bool:
        """Tell whether a body may go out: false once a successor may have taken over."""
        return time.clock_gettime(CLOCK) < self.ends_at

    def count(self, outcomes: list[Outcome]) -> None:
        """Count what became of a slice."""
        fates = [outcome.fate for outcome in outcomes]
        sent = fates.count(Fate.SENT)
        self.judged, self.bad = sent, 0
        if sent < len(fates):
            self.judged = len(fates) - fates.count(Fate.NOT_ACCEPTED)
            self.bad = sum(
                outcome.fate is Fate.FAILED and outcome.reason == "refused" for outcome in outcomes
            )
        self._sent += sent
        self._refused += self.bad

    def take_counts(self) -> dict[str, Any]:
        """Return what an UPDATE of the batch is to add to its counters, once.

        So counting costs no statement of its own; a crash costs a slice's counts.
        """
        self._taken = sent, refused = self._sent, self._refused
        self._sent = self._refused = 0
        if not sent + refused:
            return {}
        return {"sent": F("sent") + sent, "refused": F("refused") + refused}

    def put_back_counts(self) -> None:
        """Have what was taken last written by a later UPDATE: that one was rolled back."""
        self._sent += self._taken[0]
        self._refused += self._taken[1]
        self._taken = 0, 0

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
    at_work, due = _statements(lane)
    while len(_rows(at_work)) < lanes.concurrency(lane):
        found = _rows(due)
        if not found:
            return None
        pk, epoch, claims, edition_id, publication_id, is_planned, is_young = found[0]
        if is_planned and clocks.note_missed(pk, lane):
            continue
        with durable():
            won = Batch.objects.filter(
                pk=pk,
                owner__isnull=True,
                epoch=epoch,
                done_at__isnull=True,
                missed_at__isnull=True,
            ).update(
                owner=owner.id,
                epoch=F("epoch") + 1,
                claims=F("claims") + 1,
                lease_until=Now() + LEASE,
            )
        if won:
            return Lease(
                batch_id=pk,
                edition_id=edition_id,
                publication_id=publication_id,
                lane=lane,
                owner=owner,
                epoch=epoch + 1,
                claims=claims,
                # After a day every reader gets a try of its own, so that each comes to an end.
                puts_off=bool(is_young),
            )
    return None


_Statement = tuple[str, tuple[Any, ...]]


@lru_cache(maxsize=32)
def _statements(lane: str) -> tuple[_Statement, _Statement]:
    """Return, as SQL with its values, who is at work on *lane* and which batch is due next.

    Kept, since compiling the two anew took longer than the database did over them.
    """
    batches = Batch.objects.filter(lane=lane, done_at__isnull=True)
    at_work = batches.filter(owner__isnull=False).order_by().values_list("pk")
    due = (
        batches.filter(
            owner__isnull=True,
            not_before__lte=Now(),
            missed_at__isnull=True,
            edition__status__in=Edition.MOVING,
            edition__frozen_at__isnull=False,
        )
        .order_by("not_before", "edition_id", "number")
        .annotate(
            is_planned=ExpressionWrapper(Q(planned_at__isnull=False), BooleanField()),
            is_young=ExpressionWrapper(
                Q(edition__started_at__gt=Now() - GIVE_UP_AFTER), BooleanField()
            ),
        )
        .values_list(
            *("pk", "epoch", "claims", "edition_id", "edition__publication_id"),
            *("is_planned", "is_young"),
        )[:1]
    )
    return at_work.query.sql_with_params(), due.query.sql_with_params()


def _rows(statement: _Statement) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        rows: list[Any] = cursor.fetchall()
    return rows


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
            gone = {"owner": None, "lease_until": None, **lease.take_counts()}
            ended = bool(
                free.filter(~Exists(pending)).update(done_at=Now(), **gone)
                or free.update(not_before=_later(rest), **gone)
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
    if lives_on and following is None:
        # Two that end at once see each other at work still, and would both leave:
        # whoever is the later to commit sees, afterwards, that nobody is left.
        following = claim(lease.lane, lease.owner)
    return not lives_on or following is not None, following


def _later(rest: dt.timedelta) -> Any:
    """Return when a batch may be taken again; as before without a *rest*."""
    return Now() + rest if rest else F("not_before")


def made_progress(lease: Lease) -> None:
    """Note that letters of this batch were judged, whatever the verdict.

    A batch that takes long tells so now and then: what waits behind it queues,
    and has not missed its time (clocks.mark_missed).
    """
    takes_long = time.monotonic() - lease.noted_at > NOTED_EVERY
    if lease.claims or takes_long:
        Batch.objects.filter(lease.rows()).update(claims=0, worked_at=Now(), **lease.take_counts())
        lease.claims = 0
        lease.noted_at = time.monotonic()


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
