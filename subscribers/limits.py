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
import time
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

WINDOW_SECONDS = 3600
# A Redis that hangs costs one visitor this long; then nobody asks it for a while.
PATIENCE_SECONDS = 0.5
REST_SECONDS = 5.0

# KEYS: counters, in order of precedence. ARGV: the window in ms, then the most of each.
# Counts only what no limit refuses: who hammers at a closed door closes none of the others.
# Returns the number of the first that is full and the ms until it is empty, or 0, 0.
_COUNT = """
for number, key in ipairs(KEYS) do
  if (tonumber(redis.call('GET', key)) or 0) >= tonumber(ARGV[number + 1]) then
    return {number, redis.call('PTTL', key)}
  end
end
for number, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
end
return {0, 0}
"""


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


def count(
    *, ip: str | None, address: str, publications: list[int], site: str = "", proven: bool = False
) -> Verdict:
    """Count one sign-up, unless a limit is reached; tell which.

    *site* is the origin of the page that shows our form, if not ours. *proven*:
    a proof of work was brought, so the publication's own limit is waived.
    """
    counters = [*_by_origin(ip, site), (Limit.ADDRESS, digest(_mailbox(address)))]
    if not proven:
        counters += [(Limit.PUBLICATION, str(number)) for number in publications]
    counters = [(limit, name) for limit, name in counters if most(limit)]
    if not counters:
        return Verdict()
    keys = [f"intelbrief:sign-ups:{limit.value}:{name}" for limit, name in counters]
    answer = ask(
        lambda redis: redis.eval(
            _COUNT, len(keys), *keys, WINDOW_SECONDS * 1000, *(most(limit) for limit, _ in counters)
        )
    )
    if not answer or not answer[0]:
        return Verdict()
    number, milliseconds = answer
    return Verdict(counters[number - 1][0], max(1, -(-milliseconds // 60_000)))


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
            (Limit.IP, f"{kind}{ip_network((parsed, one), strict=False)}"),
            (Limit.NETWORK, f"{kind}{ip_network((parsed, many), strict=False)}"),
        ]
    if site:
        found.append((Limit.SITE, digest(site)))
    return found


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
    """The connection of this thread to Redis, and until when it is not asked."""

    redis: Any = None
    rests_until = 0.0


_link = _Link()


def ask(question: Any) -> Any:
    """Return *question*(redis), or None where Redis is away."""
    if time.monotonic() < _link.rests_until:
        return None
    try:
        if _link.redis is None:
            _link.redis = Redis.from_url(
                settings.CACHES["default"]["LOCATION"],
                single_connection_client=True,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
                # Its own would wait for seconds before each of three more tries.
                retry=Retry(NoBackoff(), 1),
            )
        return question(_link.redis)
    except RedisError as error:
        log.warning("Redis is away: %s. Sign-ups are taken in uncounted.", type(error).__name__)
        _link.rests_until = time.monotonic() + REST_SECONDS
        return None
