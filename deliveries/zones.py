"""Zones: which moment a time on the wall is, also on the days when clocks change."""

import datetime as dt
import re
from contextlib import suppress
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
# What is shown in a zone a day before the first or after the last year is no date at all.
YEARS = range(1900, 2200)


class NotALocalTime(ValueError):
    """A text is no date and time of a clock on a wall."""


def parse(local_time: str) -> dt.datetime:
    """Return "2026-11-24T06:00" as a datetime without a zone; raise NotALocalTime for others."""
    wall = None
    if _SHAPE.fullmatch(local_time):
        with suppress(ValueError):
            wall = dt.datetime.fromisoformat(local_time)
    if wall is None or wall.year not in YEARS:
        raise NotALocalTime(
            f"“{local_time}” is no time on a wall. Write it like 2026-11-24T06:00, without a zone."
        )
    return wall


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def exists(name: str) -> bool:
    """Tell whether there is a zone *name*."""
    return name in _names()


def known(name: str, instead: str) -> str:
    """Return the zone *name*, or *instead* where there is no such zone, or UTC at the last."""
    return next((zone for zone in (name, instead) if exists(zone)), "UTC")


@lru_cache(maxsize=4096)
def moment(local_time: str, zone: str) -> dt.datetime:
    """Return when a clock in *zone* first shows *local_time* or, where it skips that, a later one.

    In a gap that is the first moment after it; of a time that comes twice, the
    first. The answer is in UTC.
    """
    wall = parse(local_time)
    info = ZoneInfo(zone)
    late = _utc(wall, info, fold=0)
    if _shown(late, info) == wall:
        return late
    # In a gap the two folds lie on its two sides (PEP 495): the clocks change between them.
    early = _utc(wall, info, fold=1)
    while late - early > dt.timedelta(seconds=1):
        middle = early + dt.timedelta(seconds=(late - early) // dt.timedelta(seconds=2))
        if _shown(middle, info) >= wall:
            late = middle
        else:
            early = middle
    return late


def _utc(wall: dt.datetime, info: ZoneInfo, *, fold: int) -> dt.datetime:
    return wall.replace(tzinfo=info, fold=fold).astimezone(dt.UTC)


def _shown(at: dt.datetime, info: ZoneInfo) -> dt.datetime:
    """Return what a clock on the wall shows *at* that moment."""
    return at.astimezone(info).replace(tzinfo=None, fold=0)
