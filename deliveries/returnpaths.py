"""Return paths: an address of its own for the bounces of each delivery (VERP).

`b+<token>@bounces.example.org`: the token carries the delivery's number and a
MAC, so a report is matched without reading what the server wrote, and nobody
can make one up. It is written in hexadecimal, since some servers lower the
case of what stands before the @, and has 40 characters at most of the 64 that
a server must take (RFC 5321, 4.5.3.1.1).
"""

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings

from subscribers import tokens

bounce = tokens.Purpose("bounce", size=1)  # delivery

_LOCAL = re.compile(r"b\+([0-9a-f]{22,62})", re.IGNORECASE)
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?=.{{4,190}}$){_LABEL}(\.{_LABEL})+", re.IGNORECASE)


def is_domain(domain: str) -> bool:
    """Tell whether *domain* can stand in a return path: a name in ASCII with a dot in it."""
    return _DOMAIN.fullmatch(domain) is not None


def return_path(delivery: int, domain: str) -> str:
    """Return the address at *domain* that bounces of *delivery* go to."""
    token = _maker(tuple(settings.TOKEN_KEYS))(delivery)
    octets = base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4))
    return f"b+{octets.hex()}@{domain}"


def delivery_of(address: str) -> int | None:
    """Return the delivery whose bounces go to *address*, or None if we never gave it out.

    Only what stands before the @ counts: reports come in for every domain
    that ever was a bounce domain. The delivery may be gone by now.
    """
    found = _LOCAL.fullmatch(address.strip().strip("<>").rpartition("@")[0])
    if found is None or len(found[1]) % 2:
        return None
    token = base64.urlsafe_b64encode(binascii.unhexlify(found[1])).rstrip(b"=").decode()
    try:
        (delivery,) = bounce.load(token)
    except tokens.BadToken:
        return None
    return delivery


@lru_cache(maxsize=2)
def _maker(_keys: tuple[str, ...]) -> Callable[..., bytes]:
    """Return the maker of tokens under today's keys: it is asked for each letter."""
    return bounce.maker()
