"""Lanes: the configured providers, in order, and which of them is held back just now.

How a lane fares is kept in Redis, since it is about minutes: what a flush
forgets is learned anew by the next try.
"""

import logging
import math
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

HOLD_SECONDS = settings.LANE_REST_SECONDS
# A server that asks for more than this is asked again all the same.
LONGEST_REST = 3600.0
# After so many rests in a row, and no letter taken between them, a lane is broken.
BREAKS_AFTER = 3
# A broken lane is tried less and less often, where there is another to go on with.
LAST_STRETCH = 8
# How long it is remembered that a lane is broken: from one daily brief to the next, and a weekend.
REMEMBERED = 3 * 86_400


class LaneTrouble(Exception):
    """The lane refuses, whoever the reader is; the message holds the server's words.

    An expired relay password must not fail a million readers: nothing is
    counted against them, the lane rests a while and is tried again: after
    *seconds*, where the server said how long (RFC 9110, 10.2.3).
    """

    # False where another lane would have the same trouble, or this one has done no wrong.
    is_the_lanes = True
    # True where each further try does harm: the edition is paused until a person has looked.
    pauses = False

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unanswered(LaneTrouble):
    """Final dots in a row were never answered: each costs a reader in doubt."""


class LogInRefused(LaneTrouble):
    """The password, key or token of the lane is not taken: only a person can change that."""


class SenderRefused(LaneTrouble):
    """The sender's domain is refused, whoever the reader is: more mail would make it worse."""

    is_the_lanes = False
    pauses = True


class RefusedAlike(LaneTrouble):
    """Readers in a row failed for one and the same reason: each further try would fail more."""

    is_the_lanes = False
    pauses = True


class OurFault(LaneTrouble):
    """A fault of ours: the database, the journal or the program."""

    is_the_lanes = False


class Spent(LaneTrouble):
    """What the lane may send within this hour or day is spent."""

    is_the_lanes = False


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


# --- which lane a new batch goes to -----------------------------------------


def preferred() -> str:
    """Return the first lane that is not broken; where all are, the first."""
    down = broken()
    return next((lane for lane in names() if lane not in down), names()[0])


def to_try() -> str:
    """Return the lane for one batch that may find out whether a broken one is well again.

    That is the first one that is not broken, or has had its rest.
    """
    down = broken()
    return next((lane for lane in names() if lane not in down or not is_held(lane)), preferred())


# --- how a lane fares -------------------------------------------------------


def hold(lane: str, trouble: LaneTrouble) -> None:
    """Let *lane* rest for a while after *trouble*, and count the rests in a row."""
    seconds = HOLD_SECONDS if trouble.seconds is None else min(trouble.seconds, LONGEST_REST)
    key = f"lane-hold:{lane}"
    try:
        # Its workers find one trouble at one time: that is one rest, not several.
        if cache.add(key, str(trouble), math.ceil(seconds)) and trouble.is_the_lanes:
            rests = _count_rest(lane, trouble)
            if rests > BREAKS_AFTER and len(names()) > 1:
                seconds *= min(2 ** (rests - BREAKS_AFTER), LAST_STRETCH)
        cache.set(key, str(trouble), math.ceil(seconds))
    except RedisError:
        # Without Redis nobody rings either: the pause comes by itself.
        log.warning("Redis is away; lane %s is tried again at the next tick.", lane)
    log.warning("Lane %s rests for %.0f s: %s", lane, seconds, trouble)


def _count_rest(lane: str, trouble: LaneTrouble) -> int:
    kind = "log-in" if isinstance(trouble, LogInRefused) else "other"
    cache.set(f"lane-trouble:{lane}", (kind, str(trouble)), REMEMBERED)
    key = f"lane-rests:{lane}"
    cache.add(key, 0, REMEMBERED)
    try:
        rests = int(cache.incr(key))
    except ValueError:  # flushed between the two
        return 1
    cache.touch(key, REMEMBERED)
    return rests


def is_held(lane: str) -> bool:
    """Tell whether *lane* rests just now."""
    try:
        return cache.get(f"lane-hold:{lane}") is not None
    except RedisError:
        return False


def broken() -> set[str]:
    """Return the lanes that rested again and again and have taken no letter since."""
    keys = {f"lane-rests:{lane}": lane for lane in names()}
    try:
        rests = cache.get_many(keys)
    except RedisError:
        return set()
    return {lane for key, lane in keys.items() if int(rests.get(key) or 0) >= BREAKS_AFTER}


def last_trouble(lane: str) -> tuple[bool, str]:
    """Return whether it was the log-in that *lane* refused last, and its words."""
    try:
        kind, words = cache.get(f"lane-trouble:{lane}") or ("", "")
    except RedisError:
        return False, ""
    return kind == "log-in", words


def forget_trouble(lane: str) -> None:
    """Take *lane* as sound: it has taken a letter, or a person is to look at it."""
    with suppress(RedisError):
        cache.delete_many([f"lane-rests:{lane}", f"lane-told:{lane}"])


def is_news(lane: str) -> bool:
    """Tell once while *lane* stays broken: the first who asks is to tell the editors."""
    try:
        return bool(cache.add(f"lane-told:{lane}", 1, REMEMBERED))
    except RedisError:
        return False


# --- what is never answered -------------------------------------------------


def went_unanswered(edition_id: int) -> int:
    """Count a run of *edition_id* that ended unanswered; return how many in a row."""
    try:
        key = f"unanswered:{edition_id}"
        cache.add(key, 0, 86_400)
        return int(cache.incr(key))
    except (RedisError, ValueError):
        return 1


def was_answered(lane: str, edition_id: int) -> None:
    """Forget what went wrong: the server of *lane* has taken a letter of *edition_id*."""
    with suppress(RedisError):
        words = [f"lane-{word}:{lane}" for word in ("rests", "told", "trouble")]
        cache.delete_many([f"unanswered:{edition_id}", *words])
