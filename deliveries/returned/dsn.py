"""Read delivery status notifications (RFC 3464), wherever in a mail they hide.

Servers put them into message/delivery-status, into its kin for other charsets (RFC 6533),
into text/plain, base64 or attachments: fields with these names are looked for in all parts.
"""

import re
from dataclasses import dataclass
from email.message import Message

from deliveries.returned import addresses, freewords, reading, replies, rules

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{2,40})[ \t]*:[ \t]*(.*)$")
# Some relays put their own before it: “X-Original-…”.
_RECIPIENT = re.compile(
    r"^[ \t>]*(?:final|original|x-actual)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_VERDICT = re.compile(
    r"^[ \t>]*(?:action|status|diagnostic-code)[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_DISPOSITION = re.compile(r"^disposition[ \t]*:", re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(r"^\s*[A-Za-z0-9. -]{1,40};\s*")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ACTION = re.compile(r"[a-z]+")

DELIVERED = frozenset({"delivered", "relayed", "expanded", "deliverable"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says of one recipient."""

    address: str
    action: str  # failed, delayed, delivered, relayed, expanded; empty where it is not said
    status: str  # like 5.1.1
    words: str  # of the server that refused
    final: str = ""  # where a forward went, if elsewhere
    envelope: str = ""  # Original-Envelope-Id

    @property
    def rank(self) -> int:
        """Tell how much this says: a failure before a delay before a success."""
        if self.action in DELIVERED or self.status.startswith("2"):
            return 2
        return 1 if self.action == "delayed" or self.status.startswith("4") else 0


def find(message: Message) -> list[Failure] | None:
    """Return what a report in *message* says of each recipient; None where no report is."""
    for part in reading.parts(message):
        kind = reading.content_type(part)
        if kind.startswith(("image/", "audio/", "video/", "multipart/")) or kind in _RETURNED:
            continue
        text = reading.raw_text(part)
        if not _RECIPIENT.search(text) or not _VERDICT.search(text) or _DISPOSITION.search(text):
            continue
        if kind == "text/plain" and _is_talked_of(message):
            continue
        if found := read(text):
            return found
    return None


def _is_talked_of(message: Message) -> bool:
    """Tell whether a person or a list quotes the fields of a report in *message*."""
    if freewords.SENDER.search(reading.header(message, "From")):
        return False
    return "List-Id" in message or replies.is_answer(message) or replies.is_forward(message)


_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/feedback-report")


def read(text: str) -> list[Failure]:
    """Return what the fields in *text* say of each recipient, those that failed first."""
    blocks = _blocks(text)
    envelope = next((b["original-envelope-id"] for b in blocks if "original-envelope-id" in b), "")
    found = [failure for block in blocks if (failure := _failure(block, envelope))]
    return sorted(found, key=lambda failure: failure.rank)


def _blocks(text: str) -> list[dict[str, str]]:
    """Return the groups of fields in *text*, names in lower case, unfolded."""
    blocks: list[dict[str, str]] = [{}]
    last = ""
    for line in text.splitlines():
        bare = line.strip().lstrip("> ")
        found = _FIELD.match(bare)
        if not bare:
            last = ""
            if blocks[-1]:
                blocks.append({})
        elif found and not (line[0] in " \t" and last == "diagnostic-code" and _folded(found[1])):
            last = found[1].lower()
            if last in ("final-recipient", "original-recipient") and last in blocks[-1]:
                blocks.append({})  # a server that leaves the empty line out
            # The first of each name: what is doubled was added by somebody else.
            blocks[-1].setdefault(last, found[2].strip())
        elif last and len(blocks[-1][last]) < rules.MOST_WORDS:
            blocks[-1][last] += " " + bare
    return _joined([block for block in blocks if block])


def _folded(name: str) -> bool:
    """Tell whether *name*, indented, is a word of the diagnosis rather than a field."""
    return name.lower() not in (
        "action", "status", "final-recipient", "original-recipient", "remote-mta",
        "last-attempt-date", "will-retry-until", "final-log-id",
    )  # fmt: skip


def _joined(blocks: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return *blocks* with those that an empty line tore apart put together again."""
    whole: list[dict[str, str]] = []
    for block in blocks:
        names_one = "final-recipient" in block or "original-recipient" in block
        says = "action" in block or "status" in block
        if (
            whole
            and not names_one
            and says
            and not ("action" in whole[-1] or "status" in whole[-1])
        ):
            whole[-1] = {**whole[-1], **block}
        elif whole and not names_one and not says and "diagnostic-code" in block:
            whole[-1] = {**block, **whole[-1]}
        else:
            whole.append(block)
    return whole


def _failure(block: dict[str, str], envelope: str) -> Failure | None:
    final = _address(block.get("final-recipient", ""))
    original = _address(block.get("original-recipient", "")) or _address(
        block.get("x-actual-recipient", "")
    )
    if not ("final-recipient" in block or "original-recipient" in block):
        return None
    if not ("action" in block or "status" in block or "diagnostic-code" in block):
        return None
    words = _TYPE.sub("", block.get("diagnostic-code", "")) or block.get("x-supplementary-info", "")
    action = _ACTION.search(block.get("action", "").lower())
    return Failure(
        address=original or final,
        final=final,
        action=action[0] if action else "",
        status=_best(block.get("status", ""), words, block.get("action", "")),
        words=words,
        envelope=_TYPE.sub("", envelope).strip("<> "),
    )


def _address(value: str) -> str:
    # “rfc822; user” of old systems names nobody for us.
    return addresses.address_in(reading.decoded_header(_TYPE.sub("", value)))


def _best(status: str, words: str, action: str) -> str:
    """Return the code that says most: of the server itself where the report's is general."""
    found = _STATUS.search(status)
    said = found[0] if found else ""
    own = rules.status_in(words) or ""
    if not said or (said.endswith(".0.0") and own):
        return own or said
    # “5.2.0” with “552 5.2.2” behind it: the same class, and more.
    if said.endswith(".0") and own[:1] == said[:1] and not own.endswith(".0"):
        return own
    if said[0] == "2" and action.lower().startswith("fail"):
        return own or "5.0.0"
    return said
