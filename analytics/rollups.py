"""Readers by the day: counted by a worker, so that a chart reads thirty rows and not a million."""

import datetime as dt
import logging
import math
import time
from collections import Counter
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
from deliveries.models import Readership
from subscribers.models import Subscription

log = logging.getLogger(__name__)

# How far back the first count reaches.
DAYS = 90
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
        last = ReaderDay.objects.filter(publication=publication).order_by("day").last()
        first = last.day if last else today - dt.timedelta(days=DAYS - 1)
        days = [today - dt.timedelta(days=back) for back in range((today - first).days + 1)]
        joined, left = changes(frozenset({publication.pk}), days or [today])
    rows = []
    for day in days or [today]:
        rows.append(
            ReaderDay(
                publication=publication,
                day=day,
                active=max(active, 0),
                joined=joined[day],
                left=left[day],
            )
        )
        active -= joined[day] - left[day]
    with transaction.atomic():
        ReaderDay.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["publication", "day"],
            update_fields=["active", "joined", "left"],
        )


def changes(
    publications: frozenset[int], days: list[dt.date]
) -> tuple[Counter[dt.date], Counter[dt.date]]:
    """Return who joined and who left on each of *days*, by the clock in use."""
    # Only who had confirmed was ever counted as a reader.
    rows = Subscription.objects.filter(publication__in=publications, confirmed_at__isnull=False)
    return _per_day(rows, "confirmed_at", days), _per_day(rows, "unsubscribed_at", days)


def _per_day(rows: QuerySet[Subscription], field: str, dates: list[dt.date]) -> Counter[dt.date]:
    """Count *rows* by the local day of *field*, from the earliest of *dates* on.

    They are grouped by the minute of their text, which both databases write
    alike in UTC: TruncDate is a Python function on SQLite, and a condition for
    each day was asked of each row; a million readers took five seconds.
    """
    first = timezone.make_aware(dt.datetime.combine(min(dates), dt.time()))
    minute = Substr(Cast(field, TextField()), 1, 16)
    found = (
        rows.filter(**{f"{field}__gte": first})
        .annotate(minute=minute)
        .order_by()
        .values_list("minute")
        .annotate(count=Count("pk"))
    )
    days: Counter[dt.date] = Counter()
    for text, count in found:
        at = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        days[timezone.localdate(at)] += count
    return days
