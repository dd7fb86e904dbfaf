"""The address that a mail program writes to where it does not press the one-click link.

`unsubscribe+<token>@bounces.example.org` is given out only where an inbox is
configured that acts on it (RFC 2369, 3.2): BOUNCE_MAILBOX, or UNSUBSCRIBE_MAILBOX
for whoever pipes mail into `manage.py bounce`. The token is that of the link.
"""

import re
from functools import lru_cache

from django.conf import settings

# What needs no quotes in an address and no encoding in a URL, with room for a token.
_MAILBOX = re.compile(r"[A-Za-z0-9._-]{1,24}@[A-Za-z0-9.-]{4,100}")


def is_mailbox(mailbox: str) -> bool:
    """Tell whether *mailbox* can stand before a token in a header of 200 characters."""
    return _MAILBOX.fullmatch(mailbox) is not None


def header(address: str, token: str) -> str:
    """Return List-Unsubscribe without its outer brackets: *address* first, then the mailto."""
    mailto = mailto_of(token)
    return f"{address}>,\r\n <{mailto}" if mailto else address


def mailto_of(token: str) -> str:
    """Return the mailto that ends the subscription of *token*, or nothing without an inbox."""
    local, domain = _place(settings.UNSUBSCRIBE_MAILBOX)
    return f"mailto:{local}+{token}@{domain}?subject=unsubscribe" if domain else ""


@lru_cache(maxsize=2)
def _place(mailbox: str) -> tuple[str, str]:
    local, _, domain = mailbox.rpartition("@")
    return local, domain
