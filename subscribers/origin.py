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
    try:
        ip = str(ip_address(address))
    except ValueError:
        ip = None
    return Origin(ip=ip, user_agent=request.headers.get("User-Agent", ""))
