"""Find the mail that a report returns, whole or by its headers."""

from email.message import Message

from deliveries.returned import reading


def of(message: Message) -> Message | None:
    """Return the mail that *message* returns, whole or its headers only; None without it."""
    for part in reading.parts(message):
        kind = reading.content_type(part)
        payload = part.get_payload()
        if part is message and not (kind == "message/rfc822" and isinstance(payload, list)):
            continue
        if kind in ("message/rfc822", "message/global", "message/rfc822-headers"):
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                return payload[0]
            return reading.read(reading.raw_text(part).encode("utf-8", "replace"))
        if kind in ("text/rfc822-headers", "text/rfc822", "message/global-headers"):
            return reading.read(reading.raw_text(part).encode("utf-8", "replace"))
    return None
