"""The words of Mandrill.

https://mailchimp.com/developer/transactional/docs/webhooks/
https://mailchimp.com/developer/transactional/docs/reputation-rejections/
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    BOUNCED_BEFORE,
    FULL,
    GONE,
    HARD,
    INVALID,
    LATER,
    LEFT,
    LEFT_THERE,
    NO_DOMAIN,
    NOT_TRIED,
    SOFT,
    SPAM_BUTTON,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    "hard_bounce": HARD,
    "hard_bounce/bad_mailbox": GONE,
    "hard_bounce/invalid_domain": NO_DOMAIN,
    "soft_bounce": SOFT,
    "soft_bounce/mailbox_full": FULL,
    "deferral": LATER,
    "spam": SPAM_BUTTON,
    "unsub": LEFT,
    "reject": NOT_TRIED,
    "reject/hard-bounce": BOUNCED_BEFORE,
    "reject/soft-bounce": NOT_TRIED,
    "reject/spam": LEFT_THERE,
    "reject/unsub": LEFT_THERE,
    "reject/invalid": INVALID,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    name, letter = text(event, "event"), inner(event, "msg")
    if name == "reject":
        why = inner(letter, "reject") or inner(event, "reject")
        detail = text(why, "reason") or text(letter, "reject_reason") or text(event, "reason")
    else:
        detail = text(letter, "bounce_description")
    finer = f"{name}/{detail}"
    return Said(finer if finer in WORDS else name, words=text(letter, "diag") or detail)
