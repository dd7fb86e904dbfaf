"""How often anybody may sign up: counted in Redis over an hour, by whom and for what.

Nothing here looks at what an address is to us. Over a limit of an IP address, a
network or another site, a visitor is told to wait; over that of an address, a
visitor is thanked and nothing is kept; over that of a publication, a visitor
brings a proof of work. Without Redis the door stands open, and the limits in
the database (subscribers.waiting) still hold: no mailbox gets more than one
confirmation an hour.
"""

import hashlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings
from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from subscribers import redis_link

log = logging.getLogger(__name__)

WINDOW_SECONDS = 3600

# KEYS: the counters of several sign-ups, one after the other, each one's in order of precedence.
# ARGV: the window in ms, then for each sign-up how many counters it has and the most of each.
# Counts only what no limit refuses: who hammers at a closed door closes none of the others.
# Returns for each the number of the first that is full and the ms until it is empty, or 0, 0.
_COUNT = """
local answer, key, at = {}, 1, 2
while at <= #ARGV do
  local many, full, left = tonumber(ARGV[at]), 0, 0
  for number = 1, many do
    local found = redis.call('GET', KEYS[key + number - 1])
    if (tonumber(found) or 0) >= tonumber(ARGV[at + number]) then
      full, left = number, redis.call('PTTL', KEYS[key + number - 1])
      break
    end
  end
  if full == 0 then
    for number = key, key + many - 1 do
      if redis.call('INCR', KEYS[number]) == 1 then
        redis.call('PEXPIRE', KEYS[number], ARGV[1])
      end
    end
  end
  answer[#answer + 1], answer[#answer + 2] = full, left
  key, at = key + many, at + many + 1
end
return answer
"""
_COUNT_SHA = hashlib.sha1(_COUNT.encode(), usedforsecurity=False).hexdigest()


class Limit(StrEnum):
    """What a count is kept by."""

    IP = "ip"
    NETWORK = "network"
    SITE = "site"  # another site that shows our form
    ADDRESS = "address"
    PUBLICATION = "publication"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which limit is reached, if any, and for how many minutes."""

    limit: Limit | None = None
    minutes: int = 0

    @property
    def must_wait(self) -> bool:
        """True where the visitor is told so: it is about where they come from, not about whom."""
        return self.limit in (Limit.IP, Limit.NETWORK, Limit.SITE)


def most(limit: Limit) -> int:
    """Return how many sign-ups an hour *limit* lets through; 0 is any number."""
    return int(settings.SIGN_UPS_PER_HOUR[limit.value])


# What one sign-up is counted by, in order of precedence: the limit, the name of the counter,
# and how many are let through.
Counters = Sequence[tuple[Limit, str, int]]
OPEN = Verdict()


def counters(
    *, ip: str | None, address: str, publications: list[int], site: str = "", proven: bool = False
) -> Counters:
    """Return what one sign-up is counted by.

    *site* is the origin of the page that shows our form, if not ours. *proven*:
    a proof of work was brought, so the publication's own limit is waived.
    """
    found = [*_by_origin(ip, site), (Limit.ADDRESS, digest(_mailbox(address)))]
    if not proven:
        found += [(Limit.PUBLICATION, str(number)) for number in publications]
    return [(limit, name, many) for limit, name in found if (many := most(limit))]


def count(sign_ups: Sequence[Counters]) -> list[Verdict]:
    """Count each of *sign_ups* unless a limit of its own is reached; tell which, for each.

    One question to Redis for all of them, which counts them one after the other.
    """
    keys: list[str] = []
    arguments = [WINDOW_SECONDS * 1000]
    for one in sign_ups:
        keys += [f"intelbrief:sign-ups:{limit.value}:{name}" for limit, name, _most in one]
        arguments += [len(one), *(many for _limit, _name, many in one)]
    answer = ask(lambda redis: _count(redis, keys, arguments)) if keys else None
    if not answer:
        return [OPEN] * len(sign_ups)
    return [
        Verdict(one[number - 1][0], max(1, -(-milliseconds // 60_000))) if number else OPEN
        for one, number, milliseconds in zip(sign_ups, answer[::2], answer[1::2], strict=True)
    ]


def _count(redis: Any, keys: list[str], arguments: list[int]) -> list[int]:
    """Have Redis count; it keeps the script until it is started anew."""
    try:
        answer = redis.evalsha(_COUNT_SHA, len(keys), *keys, *arguments)
    except NoScriptError:
        answer = redis.eval(_COUNT, len(keys), *keys, *arguments)
    return list(answer)


def _by_origin(ip: str | None, site: str) -> list[tuple[Limit, str]]:
    """Return the counters of where a visitor comes from.

    One household or office has a /64 of IPv6 to itself and can take a new
    address for each request, so a /64 counts as one address, a /48 as its network.
    """
    found: list[tuple[Limit, str]] = []
    # The form on other pages has counters of its own: a flood there closes no form here.
    kind = "embed:" if site else ""
    if ip:
        parsed = ip_address(ip)
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    # This machine is its owner, or a proxy that does not tell for whom it asks.
    if ip and not parsed.is_loopback:
        one, many = (32, 24) if parsed.version == 4 else (64, 48)
        found += [
            (Limit.IP, f"{kind}{_network(parsed, one)}"),
            (Limit.NETWORK, f"{kind}{_network(parsed, many)}"),
        ]
    if site:
        found.append((Limit.SITE, digest(site)))
    return found


def _network(address: IPv4Address | IPv6Address, prefix: int) -> str:
    """Return the network of *address*; ip_network(), which checks what is known, takes 15 µs."""
    bits = address.max_prefixlen - prefix
    return f"{type(address)(int(address) >> bits << bits)}/{prefix}"


def _mailbox(address: str) -> str:
    """Return *address* without what its mailbox ignores: a +tag (RFC 5233), Gmail's dots.

    Who signs up ada+1@, ada+2@ and so on fills one mailbox.
    """
    local, _at, domain = address.casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def digest(text: str) -> str:
    """Return a short name for *text*; what Redis writes to its disk shall not be an address."""
    return hashlib.blake2b(
        text.casefold().encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=12
    ).hexdigest()


# --- Redis ------------------------------------------------------------------


class _Link(threading.local):
    """The connection of this thread to Redis."""

    redis: Any = None


_link = _Link()


def ask(question: Any) -> Any:
    """Return *question*(redis), or None where Redis is away."""
    try:
        if _link.redis is None:
            pool = redis_link.Pool.from_url(settings.CACHES["default"]["LOCATION"])
            _link.redis = Redis(connection_pool=pool, single_connection_client=True)
        return question(_link.redis)
    except redis_link.Resting:
        return None
    except RedisError as error:
        log.warning("Redis is away: %s. Sign-ups are taken in uncounted.", type(error).__name__)
        return None
