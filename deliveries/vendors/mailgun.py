"""The words of Mailgun.

https://documentation.mailgun.com/docs/mailgun/user-manual/events/events
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    BLOCKED,
    BOUNCED_BEFORE,
    BY_WORDS,
    EXPIRED,
    LATER,
    LEFT_THERE,
    NOT_TRIED,
    SOFT,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    "permanent/bounce": BY_WORDS,
    "permanent/generic": BY_WORDS,
    "permanent/old": EXPIRED,
    "permanent/espblock": BLOCKED,
    "permanent/greylisted": SOFT,
    "permanent/suppress-bounce": BOUNCED_BEFORE,
    "permanent/suppress-complaint": LEFT_THERE,
    "permanent/suppress-unsubscribe": LEFT_THERE,
    "permanent": BY_WORDS,
    "temporary": LATER,
    "rejected": NOT_TRIED,
    # Of the old form, before 2018.
    "bounced": BY_WORDS,
    "dropped": NOT_TRIED,
    "dropped/hardfail": BOUNCED_BEFORE,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    data = inner(event, "event-data") or event
    status = inner(data, "delivery-status")
    code = text(status, "enhanced-code") or text(status, "code") or text(data, "code")
    words = " ".join(
        filter(None, (text(status, "message"), text(status, "description"), text(data, "error")))
    )
    severity, reason = text(data, "severity"), text(data, "reason")
    name = text(data, "event")
    word = severity or name
    finer = f"{word}/{reason}"
    return Said(finer if finer in WORDS else word, code, words)
