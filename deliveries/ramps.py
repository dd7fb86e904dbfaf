"""Ramps: how many letters a new sender may send on its first day, its second, and so on.

Servers distrust whoever sends a hundred thousand letters out of nowhere. The
days that count are those, in UTC, on which the lane has sent: day 1 is the
first, and a lane that rests over the weekend goes on where it was.
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from deliveries import lanes
from deliveries.models import Quota

FACTOR = 2


def cap(lane: str, now: dt.datetime | None = None) -> int | None:
    """Return how many letters *lane* may send today by its ramp; None once that is over."""
    ramp = lanes.options(lane).get("ramp")
    if not ramp:
        return None
    return planned(ramp, _day(lane, _begin(now or timezone.now())))


def planned(ramp: Any, day: int) -> int | None:
    """Return how many letters *ramp* allows on *day*, which counts from 1; None without limit.

    *ramp* is [50, 100, 200], and after its last day the ramp is over; or
    {"start": 50, "factor": 2, "until": 100000}, and it is over once *until*
    is reached.
    """
    if isinstance(ramp, dict):
        letters = float(ramp["start"])
        for _day in range(1, day):
            if letters >= ramp["until"]:
                break
            letters *= ramp.get("factor", FACTOR)
        return int(letters) if letters < ramp["until"] else None
    return int(ramp[day - 1]) if day <= len(ramp) else None


def room(lane: str) -> int | None:
    """Return how many letters the ramp of *lane* still allows today; None without limit."""
    now = timezone.now()
    limit = cap(lane, now)
    if limit is None:
        return None
    today = Quota.objects.filter(lane=lane, kind=Quota.Kind.DAY, begins_at=_begin(now))
    return max(0, limit - (today.values_list("used", flat=True).first() or 0))


def _day(lane: str, today: dt.datetime) -> int:
    """Return which of the days on which *lane* sends *today* is."""
    days = Quota.objects.filter(lane=lane, kind=Quota.Kind.DAY, used__gt=0)
    return days.filter(begins_at__lt=today).count() + 1


def _begin(now: dt.datetime) -> dt.datetime:
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
