"""What a request tells of its sender: a person's mail client or browser, or a machine."""

from collections.abc import Mapping
from functools import lru_cache

# What kind_of() answers; a kind is lower-case ASCII without commas. "" is a person, as far as
# one request can tell; all others are machines'. deliveries.tracking.verdicts.RULES says more.
PERSON = ""
_NOTHING: Mapping[str, str] = {}
LONGEST = 512  # characters of a user agent that are looked at


def kind_of(user_agent: str, ip: str = "", environ: Mapping[str, str] = _NOTHING) -> str:
    """Return what one request tells of its sender: "" for a person's, or a kind of machine.

    *environ* is the request's WSGI environ, or as much of it as is known: its
    method and headers are looked up under their WSGI names.
    """
    return _by_agent(user_agent[:LONGEST])


@lru_cache(maxsize=4096)
def _by_agent(user_agent: str) -> str:
    return PERSON if user_agent else "no-agent"
