"""Readers' clocks: which moment is whose, and the batches whose moment went by unused."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from deliveries import zones
from deliveries.models import Batch, Edition
from subscribers.notices import tell_editors

log = logging.getLogger(__name__)

# A time that was missed by more than this waits for a person.
GRACE = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Stop:
    """One moment at which some zones get their mail."""

    at: dt.datetime  # UTC
    zones: Mapping[str, int]  # the readers of each

    @property
    def readers(self) -> int:
        """Return how many readers get it at this moment."""
        return sum(self.zones.values())


def stops(counts: Mapping[str, int], local_time: str, home: str) -> list[Stop]:
    """Return when the readers of each zone get what goes at *local_time*, the first first.

    *counts* are readers by the zone that they stated; where that is none, or
    none that is known, *home* is meant. Without readers it is *home* alone.
    Raise zones.NotALocalTime.
    """
    by_moment: dict[dt.datetime, dict[str, int]] = {}
    for stated, readers in (counts or {home: 0}).items():
        zone = zones.known(stated, home)
        there = by_moment.setdefault(zones.moment(local_time, zone), {})
        there[zone] = there.get(zone, 0) + readers
    return [Stop(at, dict(sorted(by_moment[at].items()))) for at in sorted(by_moment)]


def not_before(edition: Edition, stated: str) -> dt.datetime:
    """Return when the readers in the zone *stated* get *edition*; at once where that has passed.

    Never before the edition itself, whose time is the hold, or its first zone.
    """
    zone = zones.known(stated, edition.publication.time_zone)
    return max(zones.moment(edition.local_time, zone), edition.send_at)


def now(edition: Edition) -> dt.datetime:
    """Return the time by the clock of the database, which has *edition*."""
    moment: dt.datetime = Edition.objects.filter(pk=edition.pk).values_list(Now()).get()[0]
    return moment


# --- missed moments ---------------------------------------------------------


def missed(edition: Edition) -> QuerySet[Batch]:
    """Return the batches of *edition* that missed their moment and wait for a person."""
    return Batch.objects.filter(edition=edition, missed_at__isnull=False, done_at__isnull=True)


def mark_missed() -> int:
    """Mark what went by its moment by more than the grace while nothing could send it.

    An outage does that, a lane in trouble, a pause over night. What merely
    queues on a lane that is at work has missed nothing. Return how many
    batches were marked; their editors are told.
    """
    return sum(_mark(lane, _late().filter(lane=lane)) for lane in set(_lanes_of(_late())))


def note_missed(batch_id: int, lane: str) -> bool:
    """Mark a batch if it missed its moment; a worker that has it in sight must not send it then.

    After an outage a worker may come before the sweep.
    """
    late = _late().filter(pk=batch_id)
    return late.exists() and bool(_mark(lane, late))


def _late() -> QuerySet[Batch]:
    return Batch.objects.filter(
        planned_at__lt=Now() - GRACE,
        done_at__isnull=True,
        missed_at__isnull=True,
        owner__isnull=True,
        edition__status__in=[*Edition.MOVING, Edition.Status.PAUSED],
        edition__frozen_at__isnull=False,
    ).order_by()


def _lanes_of(late: QuerySet[Batch]) -> QuerySet[Batch, str]:
    return late.values_list("lane", flat=True).distinct()


def _mark(lane: str, late: QuerySet[Batch]) -> int:
    """Mark those of *late* that nothing could send; return how many."""
    if _is_at_work(lane):
        late = late.filter(edition__status=Edition.Status.PAUSED)
    found: dict[int, list[int]] = {}
    for pk, edition_id in late.values_list("pk", "edition_id"):
        found.setdefault(edition_id, []).append(pk)
    return sum(_mark_of(edition_id, ids) for edition_id, ids in found.items())


def _mark_of(edition_id: int, ids: list[int]) -> int:
    # Plain columns of the row itself: PostgreSQL looks at them again after waiting for a claim.
    marked = Batch.objects.filter(
        pk__in=ids, owner__isnull=True, done_at__isnull=True, missed_at__isnull=True
    ).update(missed_at=Now())
    if marked:
        edition = Edition.objects.select_related("brief", "publication").get(pk=edition_id)
        log.warning("Edition %s: %s batches missed their time.", edition_id, marked)
        tell_editors(
            edition.publication,
            f"“{edition.brief}” missed the time of some readers",
            f"Nothing could send edition {edition_id} when it was {edition.local_time[11:]} where "
            "some of its readers live. They wait for you: open the edition and choose whether "
            "they get it now, or not at all.",
        )
    return marked


def _is_at_work(lane: str) -> bool:
    """Tell whether *lane* has judged a letter within the grace."""
    lately = Now() - GRACE
    recent = Edition.objects.filter(Q(finished_at__isnull=True) | Q(finished_at__gt=lately))
    # What a person has skipped is done, and no lane was at work on it.
    is_done = Q(done_at__gt=lately, missed_at__isnull=True)
    return Batch.objects.filter(
        is_done | Q(worked_at__gt=lately), lane=lane, edition__in=recent
    ).exists()
