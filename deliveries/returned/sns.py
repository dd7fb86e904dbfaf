"""Read what Amazon SES tells by mail: JSON that its notification service wrote (SNS)."""

import json
from dataclasses import dataclass
from typing import Any

MOST = 200_000


@dataclass(frozen=True, slots=True)
class Notice:
    """What SES says of one reader."""

    kind: str  # bounce, complaint or delivery
    is_permanent: bool
    address: str
    status: str
    words: str


def find(text: str) -> Notice | None:
    """Return the notice in *text*, or None where it holds none."""
    begin = text.find("{")
    if begin < 0 or not ("notificationType" in text or "eventType" in text):
        return None
    # Its lines are broken by an old trick of mail servers: “!”, end of line, space.
    body = text[begin : begin + MOST].replace("!\n ", "").replace("\n", " ")
    try:
        said, _ = json.JSONDecoder(strict=False).raw_decode(body)
    except (ValueError, RecursionError):
        return None
    kind = str(said.get("notificationType") or said.get("eventType") or "").lower()
    if kind not in ("bounce", "complaint", "delivery"):
        return None
    event = said.get(kind)
    event = event if isinstance(event, dict) else {}
    first = _first(event.get("bouncedRecipients") or event.get("complainedRecipients"))
    return Notice(
        kind,
        str(event.get("bounceType", "")).lower() != "transient",
        str(first.get("emailAddress", "")),
        str(first.get("status", "")),
        str(first.get("diagnosticCode", "")),
    )


def _first(recipients: Any) -> dict[str, Any]:
    if isinstance(recipients, list) and recipients and isinstance(recipients[0], dict):
        return recipients[0]
    return {}
