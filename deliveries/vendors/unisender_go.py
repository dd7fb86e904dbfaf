"""The words of Unisender Go.

https://godocs.unisender.ru/web-api-ref#callback-format (delivery_status)
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    BLOCKED,
    BOUNCED_BEFORE,
    BY_WORDS,
    DISABLED,
    FULL,
    GONE,
    HARD,
    LATER,
    LEFT,
    LEFT_THERE,
    NO_DOMAIN,
    NOT_TRIED,
    SOFT,
    SPAM,
    SPAM_BUTTON,
    TOO_LARGE,
    UNREACHABLE,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    "err_user_unknown": GONE,
    "err_user_inactive": DISABLED,
    "err_mailbox_discarded": DISABLED,
    "err_domain_inactive": NO_DOMAIN,
    "err_mailbox_full": FULL,
    "err_will_retry": LATER,
    "err_spam_rejected": SPAM,
    "err_spam_folder": SPAM,
    "err_blacklisted": BLOCKED,
    "err_too_large": TOO_LARGE,
    "err_unsubscribed": LEFT_THERE,
    "err_spam_skipped": LEFT_THERE,
    "err_unreachable": BOUNCED_BEFORE,
    "err_skip_letter": NOT_TRIED,
    "err_destination_misconfigured": UNREACHABLE,
    "err_delivery_failed": BY_WORDS,
    "err_lost": SOFT,
    "hard_bounced": HARD,
    "soft_bounced": LATER,
    "spam": SPAM_BUTTON,
    "unsubscribed": LEFT,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    info = inner(event, "delivery_info")
    finer, status = text(info, "delivery_status"), text(event, "status")
    words = text(info, "destination_response")
    return Said(finer if finer in WORDS else status, words=words)
