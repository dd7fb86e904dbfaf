"""The words of SendGrid.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
https://www.twilio.com/docs/sendgrid/ui/sending-email/bounces (classification)
"""

from collections.abc import Mapping
from typing import Any

from deliveries.told import BOUNCED
from deliveries.vendors.meanings import (
    BLOCKED,
    BOUNCED_BEFORE,
    BY_WORDS,
    EXPIRED,
    GONE,
    HARD,
    INVALID,
    LATER,
    LEFT_THERE,
    NOT_TRIED,
    SOFT,
    SPAM,
    Meaning,
    Said,
    text,
)

WORDS: dict[str, Meaning] = {
    "bounce": HARD,
    "bounce/Invalid Address": GONE,
    "bounce/Mailbox Unavailable": BY_WORDS,
    "bounce/Technical Failure": BY_WORDS,
    "bounce/Content": SPAM,
    "bounce/Reputation": BLOCKED,
    "bounce/Frequency or Volume Too High": Meaning(BOUNCED, False, "busy"),
    "bounce/Unclassified": BY_WORDS,
    "blocked": SOFT,  # SendGrid puts no such address on its list
    "expired": EXPIRED,
    "dropped/bounced address": BOUNCED_BEFORE,
    "dropped/invalid": INVALID,
    "dropped/unsubscribed address": LEFT_THERE,
    "dropped/spam reporting address": LEFT_THERE,
    "dropped": NOT_TRIED,
    "deferred": LATER,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    name = text(event, "event")
    code, words = text(event, "status"), text(event, "reason") or text(event, "response")
    if name == "dropped":
        word = f"dropped/{(text(event, 'type') or text(event, 'reason')).strip().lower()}"
        return Said(word if word in WORDS else "dropped", code, words)
    if name != "bounce":
        return Said(name, code, words)
    kind = text(event, "type") or "bounce"
    finer = f"{kind}/{text(event, 'bounce_classification')}"
    return Said(finer if finer in WORDS else kind, code, words)
