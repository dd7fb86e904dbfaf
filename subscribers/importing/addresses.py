"""A fast pass over addresses: the verdict of briefs.addresses for those that are plain ASCII.

email-validator takes 50 microseconds for an address, most of it Unicode's
rules. What these patterns take, it takes too and in the same form (a property
test holds them to it); everything else is left to it.
"""

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from briefs.addresses import Address, normalise

_ATOM = r"[a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~]"
_LABEL = r"(?!..--)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_PLAIN = re.compile(
    rf"({_ATOM}+(?:\.{_ATOM}+)*)@((?:{_LABEL}\.)+(?!..--)[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z])?)\Z"
)
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_MOST = 254
_MOST_LOCAL = 64


def plain(text: str) -> Address | None:
    """Return *text* as an Address where a pattern can tell; None where somebody must look."""
    found = _PLAIN.match(text)
    if found is None or len(text) > _MOST:
        return None
    local = found[1]
    if len(local) > _MOST_LOCAL:
        return None
    domain = found[2].lower()
    if domain.rpartition(".")[2] in _SPECIAL:
        return None
    return Address(f"{local}@{domain}", f"{local.lower()}@{domain}")


def read(raw: str) -> Address:
    """Return *raw* as an Address; raise InvalidAddress as briefs.addresses does."""
    return plain(raw.strip()) or normalise(raw)
