"""Where a request came from, as evidence of consent."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, TypedDict

from django.conf import settings
from django.http import HttpRequest


class Origin(TypedDict):
    """The arguments of the verbs of consent that say where a wish came from."""

    ip: str | None
    user_agent: str


def origin_of(request: HttpRequest) -> Origin:
    """Return the visitor's IP address, if it can be told, and browser."""
    return Origin(ip=ip_of(request.META), user_agent=request.headers.get("User-Agent", ""))


def ip_of(environ: Mapping[str, Any]) -> str | None:
    """Return the IP address that a request comes from by its WSGI *environ*, if it can be told."""
    address: str = environ.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        # The last entry is our own proxy's; what stands before it, anybody can write.
        forwarded: str = environ.get("HTTP_X_FORWARDED_FOR", "")
        address = forwarded.rpartition(",")[2].strip() or address
    return _ip(address)


def likely_ip_of(environ: Mapping[str, Any]) -> str | None:
    """Return the IP address that a request may well come from, which is no evidence of anything.

    A proxy in this very house that is not named as one (BEHIND_PROXY) would else make all
    visitors one: what it says is better than nothing, though anybody may have written it.
    """
    address = ip_of(environ)
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    is_told = bool(settings.SECURE_PROXY_SSL_HEADER)
    if not forwarded or is_told or not _is_inside(address or ""):
        return address
    return _ip(forwarded.rpartition(",")[2].strip()) or address


@lru_cache(maxsize=64)
def _is_inside(address: str) -> bool:
    """Tell whether *address* is this machine's, or of its local network."""
    return not address or ip_address(address).is_private


def _ip(text: str) -> str | None:
    """Return the IP address in *text*; some proxies add a port, some systems a zone (RFC 4007)."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A server that listens on [::] writes IPv4 as if all of it were one network (RFC 4291).
    return str(getattr(found, "ipv4_mapped", None) or found)
