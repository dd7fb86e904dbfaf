"""The words of Mailtrap.

https://docs.mailtrap.io/email-api-smtp/advanced/webhooks
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    BOUNCED_BEFORE,
    BY_WORDS,
    LATER,
    LEFT,
    LEFT_THERE,
    NOT_TRIED,
    SPAM_BUTTON,
    Meaning,
    Said,
    text,
)

WORDS: dict[str, Meaning] = {
    "bounce": BY_WORDS,
    "soft bounce": LATER,
    "suspension": LATER,
    "spam": SPAM_BUTTON,
    "unsubscribe": LEFT,
    "reject": NOT_TRIED,
    "reject/hard bounce": BOUNCED_BEFORE,
    "reject/hard bounced": BOUNCED_BEFORE,
    "reject/unsubscribed": LEFT_THERE,
    "reject/spam complaint": LEFT_THERE,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    name, reason = text(event, "event"), text(event, "reason").strip().lower()
    finer = f"{name}/{reason}"
    words = " ".join(filter(None, (text(event, "response"), text(event, "bounce_category"))))
    code = text(event, "response_code")
    return Said(finer if finer in WORDS else name, code, words or reason)
