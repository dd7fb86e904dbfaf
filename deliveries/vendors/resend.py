"""The words of Resend.

https://resend.com/docs/dashboard/webhooks/event-types
https://resend.com/docs/dashboard/emails/email-bounces (it passes on the types of Amazon SES)
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors import amazon_ses
from deliveries.vendors.meanings import (
    BOUNCED_BEFORE,
    BY_WORDS,
    LATER,
    NOT_TRIED,
    SPAM_BUTTON,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    **{
        word: meaning
        for word, meaning in amazon_ses.WORDS.items()
        if "/" in word or word[0].isupper()
    },
    "email.bounced": BY_WORDS,
    "email.suppressed": BOUNCED_BEFORE,
    "email.failed": NOT_TRIED,
    "email.delivery_delayed": LATER,
    "email.complained": SPAM_BUTTON,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    bounce = inner(inner(event, "data"), "bounce")
    word = text(bounce, "type")
    finer = f"{word}/{text(bounce, 'subType')}"
    known = next((one for one in (finer, word) if one in WORDS), text(event, "type"))
    return Said(known, words=text(bounce, "message"))
