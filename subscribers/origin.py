"""Where a request came from, as evidence of consent."""

from ipaddress import ip_address
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest


class Origin(TypedDict):
    """The arguments of the verbs of consent that say where a wish came from."""

    ip: str | None
    user_agent: str


def origin_of(request: HttpRequest) -> Origin:
    """Return the visitor's IP address, if it can be told, and browser."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        # The last entry is our own proxy's; what stands before it, anybody can write.
        forwarded = request.headers.get("X-Forwarded-For", "")
        address = forwarded.rpartition(",")[2].strip() or address
    return Origin(ip=_ip(address), user_agent=request.headers.get("User-Agent", ""))


def _ip(text: str) -> str | None:
    """Return the IP address in *text*; some proxies add a port, some systems a zone (RFC 4007)."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return None
