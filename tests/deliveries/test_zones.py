"""A time on the wall as a moment: gaps, folds and every zone of the world."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliveries import zones

ZONES = sorted(available_timezones())
# The days on which clocks changed in 2026, in Europe, America, Chile, Lord Howe, New Zealand, …
DAYS = [
    dt.date(2026, month, day)
    for month, day in [
        (3, 8),
        (3, 28),
        (3, 29),
        (4, 5),
        (9, 6),
        (9, 27),
        (10, 4),
        (10, 25),
        (11, 1),
    ]
]


def shown(at: dt.datetime, zone: str) -> dt.datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def is_the_first_moment(at: dt.datetime, wall: dt.datetime, zone: str) -> bool:
    """Tell whether no clock in *zone* has shown *wall*, or anything later, before *at*."""
    steps = [dt.timedelta(seconds=s) for s in (1, 60, 900, 1800, 3600, 5400, 7200, 86_400)]
    return shown(at, zone) >= wall and all(shown(at - step, zone) < wall for step in steps)


@pytest.mark.sqlite_only
def test_in_every_zone_it_is_the_first_moment_also_when_clocks_change():
    hours = [(0, 0), (0, 30), (1, 30), (2, 0), (2, 30), (3, 0), (6, 0), (23, 59)]
    for zone in ZONES:
        for day in DAYS:
            for hour, minute in hours:
                wall = dt.datetime.combine(day, dt.time(hour, minute))
                at = zones.moment.__wrapped__(f"{wall:%Y-%m-%dT%H:%M}", zone)
                assert shown(at, zone) >= wall, (zone, wall)
                assert shown(at - dt.timedelta(minutes=1), zone) < wall, (zone, wall)


@pytest.mark.sqlite_only
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2100, 1, 1)),  # noqa: DTZ001  (on a wall)
)
def test_it_is_the_first_moment_at_any_time_of_history(zone, wall):
    wall = wall.replace(second=0, microsecond=0)
    at = zones.moment(f"{wall:%Y-%m-%dT%H:%M}", zone)
    assert at.tzinfo is dt.UTC
    assert is_the_first_moment(at, wall, zone)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("local_time", "zone", "utc"),
    [
        ("2026-11-24T06:00", "Asia/Kathmandu", "2026-11-24T00:15"),
        # Skipped: clocks go from 2:00 to 3:00.
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00"),
        # Half an hour is skipped on Lord Howe Island.
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30"),
        # Twice: from 3:00 back to 2:00.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),
        # Samoa went without a whole Friday.
        ("2011-12-30T06:00", "Pacific/Apia", "2011-12-30T10:00"),
        # The day begins at one in the morning.
        ("2026-09-06T00:00", "America/Santiago", "2026-09-06T04:00"),
    ],
)
def test_gaps_give_the_first_moment_after_and_folds_the_first_of_two(local_time, zone, utc):
    assert f"{zones.moment(local_time, zone):%Y-%m-%dT%H:%M}" == utc


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-02-30T06:00", "2026-11-24", "2026-11-24T06:00Z",
     "2026-11-24T06:00+02:00", "2026-11-24T06:00:00", "0001-01-01T00:00",
     "9999-12-31T23:59", "٢٠٢٦-11-24T06:00"],
)  # fmt: skip
def test_what_no_wall_shows_is_refused(text):
    with pytest.raises(zones.NotALocalTime):
        zones.parse(text)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", ["", "Mars/Olympus", "europe/berlin", "../etc/passwd", "a\0b"])
def test_an_unknown_zone_is_the_publications(name):
    assert zones.known(name, "Asia/Tokyo") == "Asia/Tokyo"
    assert zones.known(name, "Nowhere") == "UTC"
    assert zones.known("Europe/Berlin", "Asia/Tokyo") == "Europe/Berlin"
