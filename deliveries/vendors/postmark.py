"""The words of Postmark.

https://postmarkapp.com/developer/api/bounce-api#bounce-types
https://postmarkapp.com/developer/webhooks/subscription-change-webhook
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    ANSWERED,
    BLOCKED,
    BY_WORDS,
    HARD,
    INVALID,
    LATER,
    LEFT,
    NOT_TRIED,
    OURS,
    SOFT,
    SPAM,
    SPAM_BUTTON,
    Meaning,
    Said,
    text,
)

WORDS: dict[str, Meaning] = {
    "HardBounce": HARD,
    "SoftBounce": SOFT,
    "Transient": LATER,
    "DnsError": LATER,
    "Blocked": BLOCKED,
    "SpamNotification": SPAM,  # a filter's verdict, no reader's
    "VirusNotification": SPAM,
    "DMARCPolicy": OURS,
    "BadEmailAddress": INVALID,
    "ManuallyDeactivated": NOT_TRIED,
    "Unconfirmed": NOT_TRIED,
    "SMTPApiError": NOT_TRIED,
    "TemplateRenderingFailed": NOT_TRIED,
    "OpenRelayTest": LATER,
    "Unknown": BY_WORDS,
    "SpamComplaint": SPAM_BUTTON,
    "Unsubscribe": LEFT,
    "AutoResponder": ANSWERED,
    "AddressChange": ANSWERED,
    "ChallengeVerification": ANSWERED,
    # SubscriptionChange: who put the address on the list stands behind the reason.
    "ManualSuppression/Recipient": LEFT,
    "ManualSuppression/Customer": NOT_TRIED,
    "ManualSuppression/Admin": NOT_TRIED,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    word = text(event, "Type") or text(event, "SuppressionReason")
    if word == "ManualSuppression":
        word = f"{word}/{text(event, 'Origin')}"
    return Said(word, words=text(event, "Details") or text(event, "Description"))
