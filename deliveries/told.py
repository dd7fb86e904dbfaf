"""Told: one event about a letter in one form, whoever reported it and however.

Webhooks of providers and reports by mail both end as this, wait as an
InboundEvent, and are applied by deliveries.events. Nothing here asks a
database.
"""

import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

# What comes back of a letter; “delivered” leaves no DeliveryEvent.
DELIVERED = "delivered"
DEFERRED = "deferred"  # the provider goes on trying
BOUNCED = "bounced"
COMPLAINED = "complained"
UNSUBSCRIBED = "unsubscribed"
REFUSED = "refused"  # never tried for this reader, or refused for a fault of the sender
REPLIED = "replied"
TYPES = (DELIVERED, DEFERRED, BOUNCED, COMPLAINED, UNSUBSCRIBED, REFUSED, REPLIED)

MOST_WORDS = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one letter to one reader.

    *key* names the event among all of its source, the same for each repeat;
    made from the rest where it is empty. Of *delivery* (0), *message_id* and
    *address* (empty) whatever is known; *attempt* is 0 where nobody knows.
    """

    type: str
    at: dt.datetime
    delivery: int = 0
    attempt: int = 0
    message_id: str = ""  # without brackets
    address: str = ""
    # Of a bounce; None where it does not apply.
    is_permanent: bool | None = None
    # The sender's doing (no SPF, no DMARC): the edition pauses, and no reader has bounced.
    is_senders_fault: bool = False
    code: str = ""  # RFC 3463, like 5.1.1
    reason: str = ""  # a word of deliveries.bounces
    words: str = ""  # the server's own
    diagnosis: str = ""  # which word or rule decided, like "HardBounce" or "dsn"
    key: str = ""

    def __post_init__(self) -> None:
        """Bring every field into a form that both databases can hold."""
        if self.type not in TYPES:
            raise ValueError(f"“{self.type}” is nothing that comes back; take one of {TYPES}.")
        set_ = object.__setattr__
        set_(self, "at", self.at if self.at.tzinfo else self.at.replace(tzinfo=dt.UTC))
        set_(self, "message_id", clean(self.message_id, 255).strip().strip("<>"))
        set_(self, "address", clean(self.address, 320).strip())
        set_(self, "code", clean(self.code, 10))
        set_(self, "reason", clean(self.reason, 30))
        set_(self, "words", clean(self.words, MOST_WORDS))
        set_(self, "diagnosis", clean(self.diagnosis, 60))
        if not self.key:
            said = (self.type, self.at.isoformat(), self.delivery, self.attempt, self.code)
            set_(self, "key", digest(*said, self.message_id, self.address.lower(), self.diagnosis))

    def payload(self) -> dict[str, Any]:
        """Return this as JSON holds it, without what is empty."""
        held = {
            field.name: value
            for field in dataclasses.fields(self)
            if field.name not in ("at", "key") and (value := getattr(self, field.name))
        }
        if self.is_permanent is not None:
            held["is_permanent"] = self.is_permanent
        return {**held, "at": self.at.isoformat()}

    @classmethod
    def read(cls, payload: dict[str, Any], key: str) -> "Told":
        """Return what payload() was made from."""
        at = dt.datetime.fromisoformat(payload["at"])
        return cls(**{**payload, "at": at, "key": key})


def digest(*parts: object) -> str:
    """Return the 64 hex digits that stand for *parts*, in their order."""
    said = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def clean(text: str, most: int) -> str:
    """Return *text* as a database can hold it: no NUL (PostgreSQL), no lone surrogate."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]
