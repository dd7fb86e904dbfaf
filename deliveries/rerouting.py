"""Rerouting: which waiting batches change lane, or do not go out at all.

Only a batch that nobody holds moves, by one UPDATE that says so, and with it
only readers who are pending: certainly not accepted by anybody. Who is in
doubt stays in doubt. Batches leave a lane that is broken, or whose ramp is
spent for today; none comes back by itself, so nothing flaps.
"""

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from briefs.models import Publication
from deliveries import brakes, lanes, ramps, slices
from deliveries.models import Batch, Delivery, Edition
from subscribers import notices

log = logging.getLogger(__name__)


def sweep() -> None:
    """Move what waits on a broken or spent lane; safe anywhere, any time."""
    broken = lanes.broken()
    for lane in lanes.names():
        if lane in broken and lanes.is_held(lane):
            _leave_broken(lane, broken)
        if ramps.room(lane) == 0:
            _leave_spent(lane, broken)


def take_in(lane: str) -> int:
    """Move what waits on *lane*, which nobody configures any more; return how many batches."""
    return _move(lane, lanes.preferred(), "it is not configured any more")


# --- a lane that is broken ----------------------------------------------------


def _leave_broken(lane: str, broken: set[str]) -> None:
    is_log_in, words = lanes.last_trouble(lane)
    target = _another(lane, besides=broken)
    if target is None:
        if is_log_in and all(lanes.last_trouble(other)[0] for other in lanes.names()):
            _pause_all(lane, words)
        else:
            _try_another(lane)
        return
    publications = _publications(lane)
    if _move(lane, target, words) and lanes.is_news(lane):
        for publication in publications:
            notices.tell_editors(
                publication,
                f"Lane “{lane}” does not get on; mail goes by “{target}”",
                f"“{lane}” has failed {lanes.BREAKS_AFTER} times in a row: {words}\n\n"
                f"What waits there goes by “{target}”. The first letters of the next edition try "
                f"“{lane}” again, and it gets the editions after that once it takes them.",
            )


def _try_another(lane: str) -> None:
    """With every lane down, see by one batch whether another is well again."""
    for other in lanes.names():
        if other == lane or lanes.is_held(other) or ramps.room(other) == 0:
            continue
        if not Batch.objects.filter(lane=other, done_at=None, edition__in=_moving()).exists():
            _move(lane, other, "every lane is down", most=1)
        return


def _pause_all(lane: str, words: str) -> None:
    """Pause what waits on *lane*: no lane takes our log-in, and only a person can mend that."""
    for edition_id in set(_waiting(lane).values_list("edition_id", flat=True)):
        brakes.pause(edition_id, f"{words} Correct the password, key or token, then resume.")
    # A person is to look now: what they resume gets as many tries again.
    lanes.forget_trouble(lane)


# --- a lane whose ramp is spent -------------------------------------------------


def _leave_spent(lane: str, broken: set[str]) -> None:
    """Move what is over the ramp of *lane*; where no lane has room, skip it.

    Nobody gets yesterday's brief tomorrow. As long as a worker holds a batch
    of the lane, it may give back some of its reservation.
    """
    if Batch.objects.filter(lane=lane, owner__isnull=False, done_at__isnull=True).exists():
        return
    target = _another(lane, besides=broken) or _another(lane, besides=set())
    if target:
        _move(lane, target, "its ramp allows no more today")
        return
    for batch_id in list(_waiting(lane).order_by("pk").values_list("pk", flat=True)):
        _skip_over_ramp(lane, batch_id)


def _skip_over_ramp(lane: str, batch_id: int) -> None:
    """End a batch that nobody holds and skip whom it still has, both or neither."""
    with transaction.atomic():
        ended = _waiting(lane).filter(pk=batch_id).update(done_at=Now())
        if ended:
            slices.skip(Q(batch_id=batch_id), "ramp")


# --- both ---------------------------------------------------------------------


def _another(lane: str, besides: set[str]) -> str | None:
    """Return the first lane other than *lane* that has room today and is not among *besides*."""
    for other in lanes.names():
        if other != lane and other not in besides and ramps.room(other) != 0:
            return other
    return None


def _move(lane: str, target: str, why: str, most: int | None = None) -> int:
    """Move what waits on *lane* to *target*, *most* batches at most; return how many."""
    waiting = _waiting(lane)
    if most is not None:
        first = waiting.order_by("not_before", "pk").values_list("pk", flat=True)[:most]
        waiting = _waiting(lane).filter(pk__in=list(first))
    # On its new lane nothing has been tried in vain.
    moved = waiting.update(lane=target, claims=0)
    if moved:
        log.warning("%s batches move from lane %s to %s: %s", moved, lane, target, why)
    return moved


def _waiting(lane: str) -> QuerySet[Batch]:
    """Return the batches of *lane* that are due, or soon will be after trouble; nobody has them.

    Each condition stands on the row itself: an UPDATE that waited for another
    looks at it again, which PostgreSQL does not do through a join.
    """
    in_hand = Delivery.objects.filter(batch=OuterRef("pk"), status=Delivery.Status.SENDING)
    return Batch.objects.filter(
        ~Exists(in_hand),
        lane=lane,
        owner__isnull=True,
        done_at__isnull=True,
        missed_at__isnull=True,
        not_before__lte=Now() + dt.timedelta(seconds=lanes.HOLD_SECONDS),
        edition__in=_moving(),
    )


def _moving() -> QuerySet[Edition]:
    return Edition.objects.filter(status__in=Edition.MOVING, frozen_at__isnull=False)


def _publications(lane: str) -> list[Publication]:
    editions = _waiting(lane).values("edition")
    return list(Publication.objects.filter(editions__in=editions).distinct())
