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
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
)
from django.db.models.functions import Now

from deliveries import clocks, guard, lanes, owners, statements
from deliveries.ledger import GIVE_UP_AFTER, Fate, Outcome, durable
from deliveries.models import Batch, Delivery, Edition
from deliveries.owners import Owner
from deliveries.statements import Blank, Statement

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

    def take_counts(self) -> dict[str, int]:
        """Return what an UPDATE of the batch is to add to its counters, once.

        So counting costs no statement of its own; a crash costs a slice's counts.
        """
        self._taken = sent, refused = self._sent, self._refused
        self._sent = self._refused = 0
        return {"sent": sent, "refused": refused}

    def put_back_counts(self) -> None:
        """Have what was taken last written by a later UPDATE: that one was rolled back."""
        self._sent += self._taken[0]
        self._refused += self._taken[1]
        self._taken = 0, 0

    def rows(self) -> "Q":
        """Return the condition under which this lease still holds."""
        return Q(pk=self.batch_id, owner=self.owner.id, epoch=self.epoch)

    def names(self) -> dict[str, Any]:
        """Return rows() as values for a statement over _mine()."""
        return {"batch": self.batch_id, "owner": self.owner.id, "epoch": self.epoch}


def claim(lane: str, owner: Owner) -> Lease | None:
    """Take the next due batch of *lane*; return None when none is free or enough are taken.

    A loser of the race looks again: on PostgreSQL it would otherwise find
    nothing and leave while batches wait.
    """
    if not guard.may_send():
        return None
    at_work, due = _statements(lane)
    while len(at_work.rows()) < lanes.concurrency(lane):
        found = due.rows()
        if not found:
            return None
        pk, epoch, claims, edition_id, publication_id, is_planned, is_young = found[0]
        if is_planned and clocks.note_missed(pk, lane):
            continue
        with durable():
            won = _taken().run(batch=pk, epoch=epoch, owner=owner.id)
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


_BATCH = {"pk": Blank("batch", BigIntegerField()), "epoch": Blank("epoch", BigIntegerField())}
_COUNTED = {name: F(name) + Blank(name, BigIntegerField()) for name in ("sent", "refused")}


def _mine() -> QuerySet[Batch]:
    """Return the batch of a lease as long as it holds, with blanks for what Lease.names() says."""
    return Batch.objects.filter(**_BATCH, owner=Blank("owner", UUIDField()))


@lru_cache(maxsize=1)
def _taken() -> Statement:
    """Return the statement that leases a free batch."""
    free = Batch.objects.filter(
        **_BATCH, owner__isnull=True, done_at__isnull=True, missed_at__isnull=True
    )
    return statements.update(
        free,
        owner=Blank("owner", UUIDField()),
        epoch=F("epoch") + 1,
        claims=F("claims") + 1,
        lease_until=Now() + LEASE,
    )


@lru_cache(maxsize=1)
def _held() -> Statement:
    """Return the statement that asks for a further slice, and counts what became of the last."""
    moving = _mine().filter(edition__status__in=Edition.MOVING)
    return statements.update(moving, lease_until=Now() + LEASE, **_COUNTED)


@lru_cache(maxsize=1)
def _done() -> Statement:
    """Return the statement that ends a batch in which nothing is pending or sending."""
    rows = Delivery.objects.filter(batch=OuterRef("pk"))
    through = _mine().filter(
        ~Exists(rows.filter(status=Delivery.Status.SENDING)),
        ~Exists(rows.filter(status=Delivery.Status.PENDING)),
    )
    return statements.update(through, done_at=Now(), owner=None, lease_until=None, **_COUNTED)


@lru_cache(maxsize=1)
def _counted() -> Statement:
    return statements.update(_mine(), **_COUNTED)


def still_mine(lease: Lease) -> bool:
    """Renew *lease* for a further slice; False once it is lost or its edition does not move."""
    return bool(_held().run(**lease.names(), **lease.take_counts()))


def write_counts(lease: Lease) -> None:
    """Write down now what has been counted, for who reads it at once."""
    _counted().run(**lease.names(), **lease.take_counts())


@lru_cache(maxsize=32)
def _statements(lane: str) -> tuple[Statement, Statement]:
    """Return who is at work on *lane* and which batch is due next."""
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
    return statements.select(at_work), statements.select(due)


def close_or_give_back(lease: Lease, rest: dt.timedelta = dt.timedelta(0)) -> bool:
    """End *lease*: the batch is done if nothing in it is pending or sending, else it is free.

    With a *rest* the batch is not taken again before that, so that others get
    their turn. Where rows are still sending, because their outcomes could not
    be written, nothing is given back: the owner ends its life instead, its
    journal speaks for them, and this returns False.
    """
    in_hand = Delivery.objects.filter(batch=OuterRef("pk"), status=Delivery.Status.SENDING)
    mine = Batch.objects.filter(lease.rows())
    ended = False
    try:
        with durable():
            counts = lease.take_counts()
            ended = bool(
                _done().run(**lease.names(), **counts)
                or mine.filter(~Exists(in_hand)).update(
                    not_before=_later(rest), owner=None, lease_until=None, **_added(counts)
                )
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


def _added(counts: dict[str, int]) -> dict[str, Any]:
    return {name: F(name) + more for name, more in counts.items()}


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
        Batch.objects.filter(lease.rows()).update(
            claims=0, worked_at=Now(), **_added(lease.take_counts())
        )
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
