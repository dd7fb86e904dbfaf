"""Domains that say “later”: their readers are left in peace for a while.

A server that puts off one reader after the other is asked less and less
often, not once for each of its ten thousand readers. Which domains rest on
which lane stands in Redis, for all workers and by its clock; what a flush
forgets, three replies teach again.
"""

import datetime as dt
import logging
import time
from contextlib import suppress
from typing import Protocol, TypeVar

from django.conf import settings
from django.db.models.functions import Now
from redis.exceptions import RedisError

from deliveries.ledger import Fate, Outcome
from deliveries.models import Delivery
from subscribers import redis_link

log = logging.getLogger(__name__)

# So many readers of a domain put off in a row, as one worker sees them, and it rests.
RESTS_AFTER = 3
FIRST_REST = settings.DOMAIN_REST_SECONDS
LONGEST_REST = 3600.0
# What one worker remembers of domains that rest, and of those on their way there.
FRESH_SECONDS = 1.0
MOST_COUNTED = 10_000

# KEYS: a hash of "rests in a row, end in ms" by domain. ARGV: domain, first, longest (ms).
# Returns for how many ms the domain rests from now on.
_REST = """
local now = redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
local state = redis.call('HGET', KEYS[1], ARGV[1]) or '0 0'
local rests, ends = string.match(state, '^(%d+) (%d+)$')
if tonumber(ends) > at then return tonumber(ends) - at end
local wait = math.min(tonumber(ARGV[2]) * 2 ^ math.min(tonumber(rests), 20), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %d', tonumber(rests) + 1, at + wait))
redis.call('PEXPIRE', KEYS[1], 86400000)
return wait
"""

# Returns domain, milliseconds left (0: it may be tried), … of all that rested and took nothing yet.
_LOOK = """
local now = redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('HGETALL', KEYS[1])
for i = 2, #found, 2 do
    local ends = tonumber(string.match(found[i], ' (%d+)$'))
    found[i] = math.max(0, ends - at)
end
return found
"""


class Addressed(Protocol):
    """A letter, or a reader whose turn it is."""

    @property
    def address(self) -> str:
        """Who gets it."""

    @property
    def delivery(self) -> int:
        """The row of the ledger."""


Turn = TypeVar("Turn", bound=Addressed)


class Domains:
    """What one worker knows of the domains on one lane."""

    def __init__(self, lane: str) -> None:
        self._key = f"intelbrief:domains:{lane}"
        self._ends: dict[str, float] = {}  # by time.monotonic()
        self._in_a_row: dict[str, int] = {}
        self._looked_at = -FRESH_SECONDS

    def look(self) -> dict[str, float]:
        """Return {domain: seconds} of those that rest; asks Redis once a second at most."""
        now = time.monotonic()
        if now - self._looked_at >= FRESH_SECONDS:
            self._looked_at = now
            with suppress(RedisError):
                found = redis_link.client().eval(_LOOK, 1, self._key)
                self._ends = {
                    domain.decode(): now + left / 1000
                    for domain, left in zip(found[::2], found[1::2], strict=True)
                }
        return {domain: end - now for domain, end in self._ends.items() if end > now}

    def rests(self, letter: Addressed) -> bool:
        """Tell whether the domain of *letter* rests; costs nothing while none does."""
        return bool(self._ends) and self._ends.get(of(letter), 0.0) > time.monotonic()

    def hear(self, letter: Addressed, outcome: Outcome) -> None:
        """Take note of what became of *letter*."""
        if outcome.fate is Fate.SENT:
            if self._in_a_row or self._ends:
                self._taken(of(letter))
        elif outcome.fate is Fate.DEFERRED and outcome.reason != "policy":
            self._put_off(of(letter), outcome.reply)

    def _put_off(self, domain: str, words: str) -> None:
        if len(self._in_a_row) >= MOST_COUNTED:
            self._in_a_row.clear()
        count = self._in_a_row.get(domain, 0) + 1
        self._in_a_row[domain] = count
        if count < RESTS_AFTER:
            return
        del self._in_a_row[domain]
        with suppress(RedisError):
            wait = redis_link.client().eval(
                _REST, 1, self._key, domain, int(FIRST_REST * 1000), int(LONGEST_REST * 1000)
            )
            self._ends[domain] = time.monotonic() + wait / 1000
            log.warning("%s rests for %.0f s: %s", domain, wait / 1000, words)

    def _taken(self, domain: str) -> None:
        self._in_a_row.pop(domain, None)
        if self._ends.pop(domain, None) is not None:
            with suppress(RedisError):
                redis_link.client().hdel(self._key, domain)


def of(letter: Addressed) -> str:
    """Return the domain of *letter*, as addresses are normalised."""
    return letter.address.rpartition("@")[2]


_known: dict[str, Domains] = {}


def on(lane: str) -> Domains:
    """Return what this worker knows of the domains on *lane*."""
    return _known.setdefault(lane, Domains(lane))


def forget() -> None:
    """Forget what this worker knows; the next look asks Redis anew."""
    _known.clear()


def put_off(turns: list[Turn], resting: dict[str, float]) -> list[Turn]:
    """Put off those of *turns* whose domain rests until its rest ends; return the others.

    *resting* is what look() returned. No connection is made and no attempt is
    counted. Nor does the day begin after which a reader fails: that takes a
    reply of the reader's own.
    """
    waiting: dict[str, list[int]] = {}
    ready = []
    for turn in turns:
        domain = of(turn)
        if domain in resting:
            waiting.setdefault(domain, []).append(turn.delivery)
        else:
            ready.append(turn)
    for domain, ids in waiting.items():
        Delivery.objects.filter(pk__in=ids, status=Delivery.Status.PENDING).update(
            batch=None,
            due_at=Now() + dt.timedelta(seconds=resting[domain]),
            reason="domain-rests",
            reply=f"{domain} said “later” to one reader after the other.",
            changed_at=Now(),
        )
    return ready
