"""Requests by a name that is not ours: answered 400, counted, and told once a minute.

Scanners ask every address of the internet by names of their own; Django writes
an error with its traceback for each. But the same is seen where the proxy does
not hand the Host header on, so one line a minute says what to look at.
"""

import logging
import time
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import validate_host
from redis.exceptions import RedisError

from subscribers import redis_link

log = logging.getLogger(__name__)

KEY = "intelbrief:foreign-hosts"
QUIET_SECONDS = 60.0
LONGEST = 100


class _Told:
    """When this process last wrote a line."""

    at = -QUIET_SECONDS


def is_foreign(request: HttpRequest) -> bool:
    """Tell whether *request* names a host that is none of ALLOWED_HOSTS, or none at all."""
    try:
        request.get_host()
    except DisallowedHost:
        return True
    return False


def note(request: HttpRequest) -> None:
    """Count a request by another name, and write a line if none was written lately."""
    with suppress(RedisError):
        redis_link.client().incr(KEY)
    now = time.monotonic()
    if now - _Told.at < QUIET_SECONDS:
        return
    _Told.at = now
    log.warning(
        "Asked for as %a, which is none of ALLOWED_HOSTS: answered 400. Scanners do that; if the "
        "name is yours, look at SITE_URL, ALLOWED_HOSTS and the proxy's Host header. Others of "
        "this minute are only counted (intelbrief_foreign_hosts_total).",
        request.META.get("HTTP_HOST", "")[:LONGEST],
    )


def counted() -> int:
    """Return how many there were since Redis began to count; raise RedisError."""
    return int(redis_link.client().get(KEY) or 0)


def lets_itself_in() -> bool:
    """Tell whether the name of the site is one of ALLOWED_HOSTS."""
    return bool(validate_host(settings.SITE_HOST, settings.ALLOWED_HOSTS))
