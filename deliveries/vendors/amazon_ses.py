"""The words of Amazon SES.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors import meanings
from deliveries.vendors.meanings import (
    ANSWERED,
    BOUNCED_BEFORE,
    BY_WORDS,
    EXPIRED,
    FULL,
    GONE,
    HARD,
    LATER,
    LEFT_THERE,
    SOFT,
    SPAM,
    SPAM_BUTTON,
    TOO_LARGE,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    "Permanent/General": HARD,
    "Permanent/NoEmail": GONE,
    "Permanent/Suppressed": BOUNCED_BEFORE,
    "Permanent/OnAccountSuppressionList": BOUNCED_BEFORE,
    "Permanent/UnsubscribedRecipient": LEFT_THERE,
    "Permanent": HARD,
    "Transient/General": SOFT,
    "Transient/MailboxFull": FULL,
    "Transient/MessageTooLarge": TOO_LARGE,
    "Transient/CustomTimeoutExceeded": EXPIRED,
    "Transient/ContentRejected": SPAM,
    "Transient/AttachmentRejected": SPAM,
    "Transient": SOFT,
    "Undetermined": BY_WORDS,
    # No reader pressed a button: the address stands on the account's list.
    "complaint/OnAccountSuppressionList": LEFT_THERE,
    "complaint": SPAM_BUTTON,
    "DeliveryDelay": LATER,
    "not-spam": ANSWERED,  # a reader took it out of the spam folder again
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    if event.get("eventType") == "DeliveryDelay":
        late = meanings.first(inner(event, "deliveryDelay"), "delayedRecipients")
        return Said("DeliveryDelay", text(late, "status"), text(late, "diagnosticCode"))
    bounce, complaint = inner(event, "bounce"), inner(event, "complaint")
    if complaint:
        if text(complaint, "complaintFeedbackType") == "not-spam":
            return Said("not-spam")
        finer = f"complaint/{text(complaint, 'complaintSubType')}"
        return Said(finer if finer in WORDS else "complaint")
    word = text(bounce, "bounceType")
    finer = f"{word}/{text(bounce, 'bounceSubType')}"
    first = meanings.first(bounce, "bouncedRecipients")
    return Said(
        finer if finer in WORDS else word,
        text(first, "status"),
        text(first, "diagnosticCode"),
    )
