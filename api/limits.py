"""How often a key may ask: counted in Redis over a minute, and not at all where Redis is away."""

import hashlib
import math
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.exceptions import NoScriptError

from api.problems import Problem
from subscribers import limits

WINDOW_SECONDS = 60
# KEYS: the counter. ARGV: the window in ms. Returns how many there were, and the ms that are left.
_COUNT = """
local found = redis.call('INCR', KEYS[1])
if found == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {found, redis.call('PTTL', KEYS[1])}
"""
_COUNT_SHA = hashlib.sha1(_COUNT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Allowance:
    """What is left in this minute: requests, and seconds until there are more."""

    quota: int
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """Return it as draft-ietf-httpapi-ratelimit-headers writes it."""
        return {
            "RateLimit-Policy": f'"key";q={self.quota};w={WINDOW_SECONDS}',
            "RateLimit": f'"key";r={self.left};t={self.seconds}',
        }


def count(name: str) -> Allowance | None:
    """Count one request of *name* and return what is left; None where nobody counts.

    Raise Problem where there is nothing left.
    """
    quota: int = settings.API_REQUESTS_PER_MINUTE
    if not quota:
        return None
    answer = limits.ask(lambda redis: _count(redis, f"intelbrief:api:{name}"))
    if not answer:
        return None
    found, milliseconds = answer
    left = Allowance(quota, max(quota - found, 0), max(math.ceil(milliseconds / 1000), 1))
    if found > quota:
        raise Problem(
            "too-many",
            f"A key may ask {quota} times a minute. Wait {left.seconds} s.",
            headers={"Retry-After": str(left.seconds), **left.headers()},
        )
    return left


def _count(redis: Any, name: str) -> list[int]:
    """Have Redis count; it keeps the script until it is started anew."""
    try:
        return list(redis.evalsha(_COUNT_SHA, 1, name, WINDOW_SECONDS * 1000))
    except NoScriptError:
        return list(redis.eval(_COUNT, 1, name, WINDOW_SECONDS * 1000))
