"""The words of Postal.

https://docs.postalserver.io/developer/webhooks
"""

from collections.abc import Mapping
from typing import Any

from deliveries.vendors.meanings import (
    BY_WORDS,
    LATER,
    NOT_TRIED,
    TAKEN,
    Meaning,
    Said,
    inner,
    text,
)

WORDS: dict[str, Meaning] = {
    "HardFail": BY_WORDS,
    "SoftFail": LATER,
    "Held": NOT_TRIED,
    "Sent": TAKEN,
    "bounce": BY_WORDS,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    payload = inner(event, "payload")
    word = text(payload, "status") or ("bounce" if "bounce" in payload else "")
    words = " ".join(filter(None, (text(payload, "output"), text(payload, "details"))))
    return Said(word, words=words)
