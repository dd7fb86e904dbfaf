"""Lanes: the configured providers, in order, and which of them is held back just now."""

import logging
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

HOLD_SECONDS = settings.LANE_REST_SECONDS
# A server that asks for more than this is asked again all the same.
LONGEST_REST = 3600.0


class LaneTrouble(Exception):
    """The lane refuses, whoever the reader is; the message holds the server's words.

    An expired relay password must not fail a million readers: nothing is
    counted against them, the lane rests a while and is tried again: after
    *seconds*, where the server said how long (RFC 9110, 10.2.3).
    """

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unanswered(LaneTrouble):
    """Final dots in a row were never answered: each costs a reader in doubt."""


class LogInRefused(LaneTrouble):
    """The password, key or token of the lane is not taken: only a person can change that."""


class SenderRefused(LaneTrouble):
    """The sender's domain is refused, whoever the reader is: more mail would make it worse."""


def names() -> list[str]:
    """Return the names of the lanes, the preferred one first."""
    return list(settings.PROVIDERS)


def options(lane: str) -> dict[str, Any]:
    """Return how *lane* is configured; raise LaneTrouble if nobody configured it."""
    try:
        chosen: dict[str, Any] = settings.PROVIDERS[lane]
    except KeyError as error:
        known = ", ".join(names()) or "none"
        raise LaneTrouble(
            f"There is no lane “{lane}” (there are: {known}). Set EMAIL_PROVIDER or PROVIDERS."
        ) from error
    return chosen


def concurrency(lane: str) -> int:
    """Return how many workers may send on *lane* at a time."""
    return int(options(lane).get("concurrency", 1))


def rest(trouble: LaneTrouble) -> float:
    """Return for how many seconds a lane rests after *trouble*."""
    return HOLD_SECONDS if trouble.seconds is None else min(trouble.seconds, LONGEST_REST)


def hold(lane: str, trouble: LaneTrouble) -> None:
    """Let *lane* rest for a while after *trouble*."""
    seconds = rest(trouble)
    log.warning("Lane %s rests for %.0f s: %s", lane, seconds, trouble)
    try:
        cache.set(f"lane-hold:{lane}", str(trouble), seconds)
    except RedisError:
        # Without Redis nobody rings either: the pause comes by itself.
        log.warning("Redis is away; lane %s is tried again at the next tick.", lane)


def went_unanswered(edition_id: int) -> int:
    """Count a run of *edition_id* that ended unanswered; return how many in a row."""
    try:
        key = f"unanswered:{edition_id}"
        cache.add(key, 0, 86_400)
        return int(cache.incr(key))
    except (RedisError, ValueError):
        return 1


def was_answered(edition_id: int) -> None:
    """Forget what went unanswered: the server has taken a letter of *edition_id*."""
    with suppress(RedisError):
        cache.delete(f"unanswered:{edition_id}")


def is_held(lane: str) -> bool:
    """Tell whether *lane* rests just now."""
    try:
        return cache.get(f"lane-hold:{lane}") is not None
    except RedisError:
        return False
