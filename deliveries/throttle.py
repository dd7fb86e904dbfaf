"""How fast a lane may send: seconds are smoothed in Redis, hours and days are quotas in the ledger.

The bucket is empty at start, so a restart is no burst. It runs on Redis's own
clock: hosts whose clocks differ share one rate. Quotas are reserved before a
slice is taken and what was not used is given back, so any number of workers
together stay within them, whatever happens to Redis.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from redis.exceptions import RedisError

from deliveries import lanes, ramps
from deliveries.models import Batch, Quota
from subscribers import redis_link

log = logging.getLogger(__name__)

# A slice is at most this many seconds of the lane's rate, so that several workers take turns.
SHARE = 0.25

# KEYS: bucket. ARGV: letters per second, letters wanted.
# Returns the letters granted and the milliseconds until the next one.
_BUCKET = """
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local rate = tonumber(ARGV[1]) / 1000
local state = redis.call('HMGET', KEYS[1], 'letters', 'at')
local letters = tonumber(state[1]) or 0
local before = tonumber(state[2]) or at
local most = math.max(1, rate * 1000)
letters = math.min(most, letters + math.max(0, at - before) * rate)
local granted = math.min(math.floor(letters), tonumber(ARGV[2]))
letters = letters - granted
redis.call('HSET', KEYS[1], 'letters', tostring(letters), 'at', tostring(at))
redis.call('PEXPIRE', KEYS[1], 60000)
local wait = 0
if granted == 0 then wait = math.ceil((1 - letters) / rate) end
return {granted, wait}
"""


# What was granted and not used goes back, so that ends of batches cost no rate.
_REFUND = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('HINCRBYFLOAT', KEYS[1], 'letters', ARGV[1])
end
"""


@dataclass
class Grant:
    """Leave to send *letters*; the windows of its quotas, to give back what is not used."""

    letters: int
    windows: tuple[tuple[str, dt.datetime], ...] = ()
    is_smoothed: bool = False  # it came out of the bucket


def ask(lane: str, wanted: int, until: float) -> Grant:
    """Return leave to send up to *wanted* letters on *lane*, waiting for the rate where needed.

    *until* is the time.monotonic() after which none are granted. A spent
    quota grants none at all: the lane's brief waits for the next window.
    """
    options = lanes.options(lane)
    rate = float(options.get("rate", 0))
    if rate:
        wanted = _smoothed(lane, rate, wanted, until)
    if not wanted:
        return Grant(0)
    return _reserved(lane, options, wanted, is_smoothed=bool(rate))


def give_back(lane: str, grant: Grant, unused: int) -> None:
    """Return what was reserved of the quotas and not sent."""
    if unused <= 0:
        return
    if grant.is_smoothed:
        with suppress(RedisError):
            redis_link.client().eval(_REFUND, 1, f"intelbrief:rate:{lane}", unused)
    for kind, begins in grant.windows:
        Quota.objects.filter(lane=lane, kind=kind, begins_at=begins).update(
            used=Greatest(F("used") - unused, 0)
        )


def give_back_lost(lane: str, taken_at: dt.datetime, unused: int) -> None:
    """Return what a worker that died had reserved at *taken_at* and certainly not sent."""
    with suppress(lanes.LaneTrouble):  # nobody configures the lane any more
        limits = _limits(lane, lanes.options(lane), taken_at)
        windows = tuple((limit.kind, limit.begins) for limit in limits)
        give_back(lane, Grant(0, windows), unused)


def _smoothed(lane: str, rate: float, wanted: int, until: float) -> int:
    wanted = max(1, min(wanted, int(rate * SHARE)))
    while time.monotonic() < until:
        granted, wait = _draw(lane, rate, wanted)
        if granted:
            return granted
        time.sleep(min(max(wait, 0.001), 1.0, max(0.0, until - time.monotonic())))
    return 0


def _draw(lane: str, rate: float, wanted: int) -> tuple[int, float]:
    """Draw from the bucket; return (letters granted, seconds until the next)."""
    try:
        granted, wait = redis_link.client().eval(
            _BUCKET, 1, f"intelbrief:rate:{lane}", rate, wanted
        )
    except RedisError:
        # Without Redis each worker takes its share by itself.
        workers = Batch.objects.filter(lane=lane, owner__isnull=False, done_at=None).count()
        log.warning("Redis is away: lane %s goes at a %s. of its rate.", lane, max(1, workers))
        time.sleep(wanted * max(1, workers) / rate)
        return wanted, 0.0
    return int(granted), int(wait) / 1000


class _Limit(NamedTuple):
    """One quota of a lane: its window, how many letters, and what to say when they are spent."""

    kind: str
    begins: dt.datetime
    letters: int
    when_spent: str


def _reserved(lane: str, options: dict[str, Any], wanted: int, *, is_smoothed: bool) -> Grant:
    """Reserve *wanted* of the lane's quotas, as many as all of them still hold.

    Raise Spent where one holds none; what was drawn for it goes back.
    """
    windows: list[tuple[str, dt.datetime]] = []
    for limit in _limits(lane, options, timezone.now()):
        granted = _reserve(lane, limit.kind, limit.begins, limit.letters, wanted)
        give_back(lane, Grant(0, tuple(windows), is_smoothed), wanted - granted)
        if not granted:
            raise lanes.Spent(limit.when_spent)
        wanted = granted
        windows.append((limit.kind, limit.begins))
    return Grant(wanted, tuple(windows), is_smoothed)


def _limits(lane: str, options: dict[str, Any], now: dt.datetime) -> Iterator[_Limit]:
    """Yield what *lane* may send in this hour and on this day."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    waits = "on lane “{}” are spent; it goes on in the next."
    if most := int(options.get("per_hour", 0)):
        yield _Limit(Quota.Kind.HOUR, hour, most, f"The {most:,} of this hour {waits.format(lane)}")
    most, capped = int(options.get("per_day", 0)), ramps.cap(lane, now)
    if capped is not None and (not most or capped < most):
        words = f"The ramp of lane “{lane}” allows {capped:,} letters today; they are spent."
        yield _Limit(Quota.Kind.DAY, day, capped, words)
    elif most:
        yield _Limit(Quota.Kind.DAY, day, most, f"The {most:,} of this day {waits.format(lane)}")


def _reserve(lane: str, kind: str, begins: dt.datetime, limit: int, wanted: int) -> int:
    """Take up to *wanted* of one window's quota; return how many it had left for us."""
    window = Quota.objects.filter(lane=lane, kind=kind, begins_at=begins)
    while True:
        used = window.values_list("used", flat=True).first()
        if used is None:
            with suppress(IntegrityError), transaction.atomic():
                Quota.objects.create(lane=lane, kind=kind, begins_at=begins)
            continue
        granted = min(wanted, limit - used)
        if granted <= 0:
            return 0
        if window.filter(used=used).update(used=F("used") + granted):
            return granted
