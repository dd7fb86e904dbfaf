"""The words of SparkPost.

https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
"""

from collections.abc import Mapping
from typing import Any

from deliveries.told import BOUNCED
from deliveries.vendors.meanings import (
    ANSWERED,
    BLOCKED,
    BY_WORDS,
    EXPIRED,
    FULL,
    GONE,
    HARD,
    LATER,
    LEFT,
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
    "1": BY_WORDS,
    "10": GONE,
    "20": SOFT,
    "21": UNREACHABLE,
    "22": FULL,
    "23": TOO_LARGE,
    "24": EXPIRED,
    "25": NOT_TRIED,  # “recipient address suppressed due to …”: the words tell no more
    "26": NOT_TRIED,
    "30": HARD,
    "40": SOFT,
    "50": BLOCKED,
    "51": BLOCKED,
    "52": SPAM,
    "53": SPAM,
    "54": Meaning(BOUNCED, False, "relay"),
    "60": ANSWERED,
    "70": SOFT,
    "90": LEFT,
    "100": ANSWERED,
    "policy_rejection": NOT_TRIED,
    "generation_failure": NOT_TRIED,
    "generation_rejection": NOT_TRIED,
    "delay": LATER,
    "spam_complaint": SPAM_BUTTON,
    "list_unsubscribe": LEFT,
    "link_unsubscribe": LEFT,
}


def said(event: Mapping[str, Any]) -> Said:
    """Return what *event* says."""
    wrapped = inner(event, "msys")
    data = inner(wrapped, next(iter(wrapped), ""))
    name, number = text(data, "type"), text(data, "bounce_class")
    word = number if name in ("bounce", "out_of_band") else name
    return Said(word, text(data, "error_code"), text(data, "raw_reason"))
