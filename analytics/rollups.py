"""Readers by the day: counted by a worker, so that a chart reads thirty rows and not a million."""

import datetime as dt
import logging
import math
import time
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, QuerySet, TextField
from django.db.models.functions import Cast, Substr
from django.utils import timezone
from redis.exceptions import RedisError

from analytics.models import ReaderDay
from briefs.models import Publication
from deliveries import zones
from deliveries.models import DeliveryEvent, Readership
from subscribers.models import Subscription

log = logging.getLogger(__name__)

# How far back the first count reaches: 53 weeks.
DAYS = 371
# A sign-up may be confirmed for a week; so far back its day is looked at again.
ASKED_LATELY = 8
LEAST_PAUSE = 60  # seconds
# Counting takes one part in so many of a worker's time.
ONE_PART_IN = 100


def keep() -> int:
    """Bring the days of each publication up to now where it is time; return of how many."""
    counted = 0
    for row in Readership.objects.select_related("publication").order_by("pk"):
        key = f"reader-days:{row.publication_id}"
        try:
            if not cache.add(key, 1, LEAST_PAUSE):
                continue
            begun = time.monotonic()
            roll_up(row.publication, row.active)
            took = time.monotonic() - begun
            cache.touch(key, max(LEAST_PAUSE, math.ceil(ONE_PART_IN * took)))
        except RedisError:
            log.warning("Redis is away; readers are counted by the day once it is back.")
            return counted
        counted += 1
    return counted


def roll_up(publication: Publication, active: int) -> None:
    """Store the days of *publication* since the last one stored; it has *active* readers now."""
    zone = ZoneInfo(zones.known(publication.time_zone, "UTC"))
    with timezone.override(zone):
        today = timezone.localdate()
        days = _days(publication, today)
        joined, left = changes(frozenset({publication.pk}), days)
        lost = losses(publication, days)
        recent = [today - dt.timedelta(days=back) for back in range(ASKED_LATELY)]
        asked = sources(publication, min(*days, *recent))
    rows = []
    for day in days:
        rows.append(
            ReaderDay(
                publication=publication,
                day=day,
                active=max(active, 0),
                joined=joined[day],
                left=left[day],
                bounced=lost["bounced"][day],
                complained=lost["complained"][day],
            )
        )
        active -= joined[day] - left[day]
    with transaction.atomic():
        ReaderDay.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["publication", "day"],
            update_fields=["active", "joined", "left", "bounced", "complained"],
        )
        _note_sources(publication, asked)


def _days(publication: Publication, today: dt.date) -> list[dt.date]:
    """Return the days that are due, today first: from the last one stored, or all of them."""
    last = ReaderDay.objects.filter(publication=publication).order_by("day").last()
    first = last.day if last else today - dt.timedelta(days=DAYS - 1)
    # Today alone where the last day lies ahead: the publication has moved to another zone.
    return [today - dt.timedelta(days=back) for back in range((today - first).days + 1)] or [today]


def losses(publication: Publication, days: list[dt.date]) -> dict[str, Counter[dt.date]]:
    """Return {"bounced", "complained"}: readers of *publication* by the day it was learned.

    A reader bounces for good once, and is not mailed again; those who
    complain have left as well, and are among those too.
    """
    first = timezone.make_aware(dt.datetime.combine(min(days), dt.time()))
    rows = DeliveryEvent.objects.filter(
        delivery__edition__publication=publication, recorded_at__gte=first
    ).order_by()
    types = DeliveryEvent.Type
    return {
        "bounced": _by_day(rows.filter(type=types.BOUNCED, is_permanent=True), "recorded_at"),
        "complained": _by_day(rows.filter(type=types.COMPLAINED), "recorded_at"),
    }


def sources(publication: Publication, first: dt.date) -> dict[dt.date, dict[str, list[int]]]:
    """Return {day: {source: [asked, confirmed]}} of who asked on *first* or later."""
    begin = timezone.make_aware(dt.datetime.combine(first, dt.time()))
    found = (
        Subscription.objects.filter(publication=publication, requested_at__gte=begin)
        .annotate(minute=Substr(Cast("requested_at", TextField()), 1, 16))
        .order_by()
        .values_list("minute", "source")
        .annotate(asked=Count("pk"), confirmed=Count("confirmed_at"))
    )
    days: dict[dt.date, dict[str, list[int]]] = {}
    for minute, source, asked, confirmed in found:
        cell = days.setdefault(_local_day(minute), {}).setdefault(kind_of(source), [0, 0])
        cell[0] += asked
        cell[1] += confirmed
    return days


# What Subscription.source begins with, and what a report calls it.
KINDS = ("form", "embed", "import", "by hand", "api")


def kind_of(source: str) -> str:
    """Return which of KINDS *source* is, or “other”: “import 7” is an import."""
    return next((kind for kind in KINDS if source.startswith(kind)), "other")


def _note_sources(publication: Publication, found: dict[dt.date, dict[str, list[int]]]) -> None:
    """Write who asked on each day; a number never falls.

    Who never confirmed is forgotten after a week, and has asked all the same.
    """
    rows = list(
        ReaderDay.objects.select_for_update()
        .filter(publication=publication, day__in=list(found))
        .order_by("pk")
    )
    changed = []
    for row in rows:
        merged = dict(row.sources)
        for source, numbers in found[row.day].items():
            known = merged.get(source, [0, 0])
            merged[source] = [max(pair) for pair in zip(known, numbers, strict=True)]
        if merged != row.sources:
            row.sources, row.asked = merged, sum(asked for asked, _done in merged.values())
            changed.append(row)
    ReaderDay.objects.bulk_update(changed, ["sources", "asked"], batch_size=200)


def changes(
    publications: frozenset[int], days: list[dt.date]
) -> tuple[Counter[dt.date], Counter[dt.date]]:
    """Return who joined and who left on each of *days*, by the clock in use."""
    # Only who had confirmed was ever counted as a reader.
    rows = Subscription.objects.filter(publication__in=publications, confirmed_at__isnull=False)
    return _per_day(rows, "confirmed_at", days), _per_day(rows, "unsubscribed_at", days)


def _per_day(rows: QuerySet[Subscription], field: str, dates: list[dt.date]) -> Counter[dt.date]:
    """Count *rows* by the local day of *field*, from the earliest of *dates* on."""
    first = timezone.make_aware(dt.datetime.combine(min(dates), dt.time()))
    return _by_day(rows.filter(**{f"{field}__gte": first}), field)


def _by_day(rows: QuerySet[Any], field: str) -> Counter[dt.date]:
    """Count *rows* by the local day of *field*.

    They are grouped by the minute of their text, which both databases write
    alike in UTC: TruncDate is a Python function on SQLite, and a condition for
    each day was asked of each row; a million readers took five seconds.
    """
    found = (
        rows.annotate(minute=Substr(Cast(field, TextField()), 1, 16))
        .order_by()
        .values_list("minute")
        .annotate(count=Count("pk"))
    )
    days: Counter[dt.date] = Counter()
    for text, count in found:
        days[_local_day(text)] += count
    return days


def _local_day(minute: str) -> dt.date:
    return timezone.localdate(dt.datetime.fromisoformat(minute).replace(tzinfo=dt.UTC))
