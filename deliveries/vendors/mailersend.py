"""The words of MailerSend.

https://developers.mailersend.com/api/v1/webhooks.html#available-events
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    HARD,
    LATER,
    LEFT,
    SOFT,
    SPAM_BUTTON,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    "hard_bounced": HARD,
    "soft_bounced": SOFT,
    "deferred": LATER,
    "spam_complaint": SPAM_BUTTON,
    "unsubscribed": LEFT,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    data = inner(event, "data")
    morph = inner(data, "morph")
    words = text(morph, "reason") or text(morph, "readable_reason")
    word = text(data, "type") or text(event, "type").removeprefix("activity.")
    return Said(word, words=words)
