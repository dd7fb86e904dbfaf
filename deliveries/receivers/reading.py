"""Reading: what Anymail makes of an ESP's post, in the one form that is applied."""

import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from django.utils import timezone

from deliveries import bounces, told
from deliveries.told import Told

LARGEST = 2**63 - 1
LARGEST_ATTEMPT = 32_767
# What an ESP has a tag for and no metadata (see providers.esp.by_anymail).
_TAG = re.compile(r"delivery-(\d{1,19})-(\d{1,5})")
_OLDEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

# Anymail's words where no table has the ESP's own; what is not here is nobody's business.
_OTHERWISE = {
    "delivered": told.DELIVERED,
    "deferred": told.DEFERRED,
    "bounced": told.BOUNCED,
    "rejected": told.REFUSED,
    "failed": told.REFUSED,
    "complained": told.COMPLAINED,
    "unsubscribed": told.UNSUBSCRIBED,
    "autoresponded": told.REPLIED,
}


def tolds(esp: str, event: Any) -> list[Told]:
    """Return what Anymail's *event* tells; nothing for opens, clicks and the like."""
    raw = event.esp_event
    raw = raw.dict() if hasattr(raw, "dict") else raw  # a form of Mailgun's old webhooks
    otherwise = _OTHERWISE.get(event.event_type, "")
    heard = _text(event.mta_response) or _text(event.description)
    verdict = bounces.judge(esp, raw if isinstance(raw, Mapping) else {}, otherwise, heard)
    if not verdict.type:
        return []
    delivery, attempt = _of_ours(event)
    at = _moment(event.timestamp)
    message_id = _text(event.message_id)
    address = parseaddr(_text(event.recipient))[1]
    types = [verdict.type]
    if verdict.is_readers_wish:
        types.append(told.UNSUBSCRIBED)
    # Not by the ESP's number of the event: some make a new one for each repetition.
    moment = at.isoformat() if at else ""
    named = (esp, delivery, attempt, message_id, address.lower(), moment)
    return [
        Told(
            type_,
            at or timezone.now(),
            delivery=delivery,
            attempt=attempt,
            message_id=message_id,
            address=address,
            is_permanent=verdict.is_permanent if type_ != told.UNSUBSCRIBED else None,
            is_senders_fault=verdict.is_senders_fault,
            code=verdict.code,
            reason=verdict.reason,
            words=verdict.words,
            diagnosis=verdict.diagnosis,
            key=told.digest(*named, type_, verdict.diagnosis, verdict.code),
        )
        for type_ in types
    ]


def _of_ours(event: Any) -> tuple[int, int]:
    """Return the delivery and the attempt that travelled with the letter; 0 where they did not."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    # Some ESPs lower the names, some make text of numbers.
    mine = {str(name).lower(): value for name, value in metadata.items()}
    delivery = _number(mine.get("delivery"), LARGEST)
    if delivery:
        return delivery, _number(mine.get("attempt"), LARGEST_ATTEMPT)
    for tag in event.tags if isinstance(event.tags, list) else []:
        if found := _TAG.fullmatch(str(tag)):
            return _number(found[1], LARGEST), _number(found[2], LARGEST_ATTEMPT)
    return 0, 0


def _number(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return 0
    digits = str(value).strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        return 0
    return int(digits) if int(digits) <= most else 0


def _moment(stamp: object) -> dt.datetime | None:
    """Return *stamp* in UTC, None for what is no moment of this century."""
    if not isinstance(stamp, dt.datetime):
        return None
    try:
        at = stamp.astimezone(dt.UTC) if stamp.tzinfo else stamp.replace(tzinfo=dt.UTC)
    except (OverflowError, ValueError):
        return None
    return at if at > _OLDEST else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
