"""What one word of an ESP can mean, and how a word is read from an event that may hold anything."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from deliveries.told import BOUNCED, COMPLAINED, DEFERRED, DELIVERED, REFUSED, REPLIED, UNSUBSCRIBED


class Meaning(NamedTuple):
    """What a word of an ESP means; *reason* is one of REASONS, empty for that of the words."""

    type: str
    is_permanent: bool | None = None
    reason: str = ""
    # The reader told the ESP that they want no more of this mail.
    is_readers_wish: bool = False


class Said(NamedTuple):
    """What an ESP's event says, in its own terms."""

    word: str
    code: str = ""
    words: str = ""


GONE = Meaning(BOUNCED, True, "no-mailbox")
HARD = Meaning(BOUNCED, True)
SOFT = Meaning(BOUNCED, False)
BY_WORDS = Meaning(BOUNCED, None)
FULL = Meaning(BOUNCED, False, "full")
SPAM = Meaning(BOUNCED, False, "spam")
BLOCKED = Meaning(BOUNCED, False, "blocked")
POLICY = Meaning(BOUNCED, False, "policy")
TOO_LARGE = Meaning(BOUNCED, False, "too-large")
UNREACHABLE = Meaning(BOUNCED, False, "unreachable")
NO_DOMAIN = Meaning(BOUNCED, True, "no-domain")
DISABLED = Meaning(BOUNCED, True, "disabled")
EXPIRED = Meaning(BOUNCED, False, "expired")
BOUNCED_BEFORE = Meaning(REFUSED, True)
INVALID = Meaning(REFUSED, True, "no-mailbox")
NOT_TRIED = Meaning(REFUSED)
LEFT_THERE = Meaning(REFUSED, is_readers_wish=True)
OURS = Meaning(BOUNCED, False, "auth")
LATER = Meaning(DEFERRED)
SPAM_BUTTON = Meaning(COMPLAINED)
LEFT = Meaning(UNSUBSCRIBED)
ANSWERED = Meaning(REPLIED)
TAKEN = Meaning(DELIVERED)


def text(event: Mapping[str, Any], name: str) -> str:
    """Return the text or number that *event* has at *name*; empty for anything else."""
    found = event.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found)


def inner(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object that *event* has at *name*; empty for anything else."""
    found = event.get(name)
    return found if isinstance(found, Mapping) else {}


def first(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the first object of the list that *event* has at *name*; empty for anything else."""
    found = event.get(name)
    head = found[0] if isinstance(found, list) and found else None
    return head if isinstance(head, Mapping) else {}
