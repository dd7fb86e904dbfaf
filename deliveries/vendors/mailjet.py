"""The words of Mailjet.

https://dev.mailjet.com/email/guides/webhooks/#possible-values-for-errors
"""

from collections.abc import Mapping
from typing import Any

from deliveries.told import BOUNCED, REFUSED
from deliveries.vendors.meanings import (
    BLOCKED,
    BOUNCED_BEFORE,
    DISABLED,
    FULL,
    GONE,
    HARD,
    LATER,
    LEFT_THERE,
    NO_DOMAIN,
    NOT_TRIED,
    POLICY,
    SOFT,
    SPAM,
    UNREACHABLE,
    Meaning,
    Said,
    text,
)

WORDS: dict[str, Meaning] = {
    "user unknown": GONE,
    "mailbox inactive": DISABLED,
    "quota exceeded": FULL,
    "invalid domain": NO_DOMAIN,
    "no mail host": NO_DOMAIN,
    "relay/access denied": Meaning(BOUNCED, False, "relay"),
    "greylisted": LATER,
    "typofix": Meaning(REFUSED, True, "no-domain"),
    "sender blocked": BLOCKED,
    "content blocked": SPAM,
    "policy issue": POLICY,
    "system issue": UNREACHABLE,
    "protocol issue": UNREACHABLE,
    "connection issue": UNREACHABLE,
    "bad or empty template": NOT_TRIED,
    "error in template language": NOT_TRIED,
    "blacklisted": LEFT_THERE,
    "spam reporter": LEFT_THERE,
    "preblocked": BOUNCED_BEFORE,
    "duplicate in campaign": NOT_TRIED,
    "blocked": NOT_TRIED,
    "hard": HARD,
    "soft": SOFT,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    words = text(event, "smtp_reply") or text(event, "comment")
    name, error = text(event, "event"), text(event, "error").strip().lower()
    if name not in ("bounce", "blocked"):
        return Said(f"event {name}")
    is_hard = event.get("hard_bounce") in (True, 1, "1", "true")
    if error in WORDS and not (error == "greylisted" and is_hard):
        return Said(error, words=words)
    if name == "blocked":
        return Said(name, words=words)
    return Said("hard" if is_hard else "soft", words=words)
