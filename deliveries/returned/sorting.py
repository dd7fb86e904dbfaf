"""Sort a mail that came back into the kinds of docs/bounces.md: the whole of it, as one value."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from deliveries.returned import (
    accusations,
    addresses,
    arf,
    dsn,
    freeform,
    reading,
    replies,
    rules,
    sns,
    wishes,
)

PERMANENT = "permanent"
TRANSIENT = "transient"
COMPLAINT = "complaint"
UNSUBSCRIBE = "unsubscribe"
NOT_A_BOUNCE = "not-a-bounce"
KINDS = (PERMANENT, TRANSIENT, COMPLAINT, UNSUBSCRIBE, NOT_A_BOUNCE)

MOST_TEXT = 20_000
MOST_SHORT = 20_000  # bytes


@dataclass(frozen=True, slots=True)
class Returned:
    """What a mail says; empty where it does not."""

    kind: str  # one of KINDS
    address: str = ""  # whose mail failed, who complains, or who wants to leave
    status: str = ""  # RFC 3463
    reason: str = ""  # of rules.REASONS for bounces, of replies for answers
    words: str = ""
    rule: str = ""  # what decided: dsn, arf, words, wish, receipt, …
    envelope: str = ""  # Original-Envelope-Id
    is_senders_fault: bool = False
    is_delay: bool = False


def sort(data: bytes) -> Returned:
    """Return what the mail in *data* says; never raises."""
    message = reading.read(data)
    return sort_message(message, shortened(data, message))


def shortened(data: bytes, message: Message) -> Message:
    """Return the *message* that *data* holds, or one of its beginning only where that is long."""
    return message if len(data) <= MOST_SHORT else reading.read(data[:MOST_SHORT])


def sort_message(message: Message, short: Message) -> Returned:
    """Return what *message* says, which begins as *short*; see docs/bounces.md for the order."""
    if complaint := arf.find(message):
        return _of_complaint(complaint, "arf")
    if found := dsn.find(message):
        return _of_report(found, message)
    text, first = body(message), first_text(message)
    if replies.is_receipt(message) and not replies.is_rejection(text):
        return Returned(NOT_A_BOUNCE, reason="receipt", rule="receipt")
    if notice := sns.find(text):
        return _of_notice(notice)
    answer = replies.kind_of(message, text)
    sight = freeform.Sight(message, text, short)
    if not answer and not sight.is_a_servers and accusations.accuses(message, first):
        return _of_accusation(message, text)
    if wishes.wishes_to_leave(message, first) and not answer:
        return Returned(UNSUBSCRIBE, address=_sender(message), rule="wish")
    if (not answer or sight.is_plainly()) and (bounce := freeform.find(sight)):
        return _of_bounce(bounce)
    if not answer and (complaint := arf.find_informal(message, text)):
        return _of_complaint(complaint, "complaint")
    return Returned(NOT_A_BOUNCE, address="", reason=answer, rule="answer" if answer else "nothing")


def body(message: Message) -> str:
    """Return what *message* itself says, without the mail that it returns."""
    texts: list[str] = []
    for kind, text in _texts(message):
        if kind != "text/html" or not texts or not _is_said_by(texts[-1], text):
            texts.append(text)
    return reading.squeezed("\n".join(texts)[: 4 * MOST_TEXT])[:MOST_TEXT]


def first_text(message: Message) -> str:
    """Return what stands first in *message*: what lists and scanners add is below it."""
    return next((text for _kind, text in _texts(message) if text.strip()), "")[:MOST_TEXT]


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    for part in reading.parts(message, inside=False):
        kind = reading.content_type(part)
        if kind in ("message/rfc822", "message/global", "text/rfc822-headers"):
            continue
        if kind.startswith("text/") or part is message:
            yield kind, reading.text_of(part)


def _is_said_by(text: str, other: str) -> bool:
    """Tell whether *text* says most of what *other* says, as the alternative to HTML does."""
    words = set(other[:MOST_TEXT].split())
    return not words or 2 * len(words & set(text[:MOST_TEXT].split())) > len(words)


def _sender(message: Message) -> str:
    for name in ("From", "Reply-To", "Return-Path"):
        if found := addresses.address_in(reading.header(message, name)):
            return found
    return ""


def _of_notice(notice: sns.Notice) -> Returned:
    address = addresses.address_in(notice.address)
    if notice.kind == "complaint":
        return Returned(COMPLAINT, address, rule="ses")
    if notice.kind == "delivery":
        return Returned(NOT_A_BOUNCE, reason="delivered", rule="ses")
    judged = rules.judge(notice.status, notice.words)
    is_permanent = notice.is_permanent and judged.reason != "full"
    status = rules.status_in(notice.status) or rules.status_in(notice.words) or ""
    return Returned(
        PERMANENT if is_permanent else TRANSIENT, address, status, judged.reason,
        notice.words, "ses", "", judged.is_senders_fault,
    )  # fmt: skip


def _of_complaint(complaint: arf.Complaint, rule: str) -> Returned:
    return Returned(
        complaint.kind,
        complaint.address,
        words=complaint.words,
        rule=rule,
        envelope=complaint.envelope,
    )


def _of_accusation(message: Message, text: str) -> Returned:
    """Return the complaint of whoever wrote *message*, or of whom an abuse desk speaks for."""
    informal = arf.find_informal(message, text)
    address = informal.address if informal else ""
    words = " ".join(text.split())[:300]
    return Returned(COMPLAINT, address or _sender(message), words=words, rule="complaint")


def _of_report(found: list[dsn.Failure], message: Message) -> Returned:
    first = found[0]
    if first.rank == 2:
        return Returned(
            NOT_A_BOUNCE,
            first.address,
            first.status,
            "delivered",
            first.words,
            "dsn",
            first.envelope,
        )
    words = first.words
    if not words and (not first.status or first.status.endswith(".0")):
        words = freeform.cut(body(message))[0]
    judged = rules.judge(first.status, words)
    is_delay = first.action == "delayed"
    status = first.status or rules.status_in(words) or ""
    is_permanent = judged.is_permanent and not is_delay
    if not status and judged.reason == "unknown" and first.action == "failed":
        is_permanent = True
    return Returned(
        PERMANENT if is_permanent else TRANSIENT, first.address, status, judged.reason,
        words, "dsn", first.envelope, judged.is_senders_fault, is_delay,
    )  # fmt: skip


def _of_bounce(bounce: freeform.Bounce) -> Returned:
    judged = rules.judge(bounce.status, bounce.words)
    is_permanent = judged.is_permanent and not bounce.is_delay
    if not bounce.status and judged.reason == "unknown" and not bounce.is_delay:
        is_permanent = True
    return Returned(
        PERMANENT if is_permanent else TRANSIENT, bounce.address, bounce.status, judged.reason,
        bounce.words, "words", "", judged.is_senders_fault, bounce.is_delay,
    )  # fmt: skip
