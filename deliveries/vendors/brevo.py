"""The words of Brevo.

https://developers.brevo.com/docs/transactional-webhooks
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    HARD,
    INVALID,
    LATER,
    LEFT,
    NOT_TRIED,
    SOFT,
    SPAM_BUTTON,
    Meaning,
    Said,
    text,
)

WORDS: dict[str, Meaning] = {
    "hard_bounce": HARD,
    "soft_bounce": SOFT,
    "invalid_email": INVALID,
    "blocked": NOT_TRIED,
    "error": NOT_TRIED,
    "deferred": LATER,
    "spam": SPAM_BUTTON,
    "complaint": SPAM_BUTTON,
    "unsubscribed": LEFT,
    "unsubscribe": LEFT,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    return Said(text(event, "event"), words=text(event, "reason"))
