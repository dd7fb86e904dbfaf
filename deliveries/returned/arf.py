"""Read complaints: feedback reports (RFC 5965) and the mails that came before them."""

import re
from dataclasses import dataclass
from email.message import Message

from deliveries.returned import addresses, original, reading

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{2,40})[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_FEEDBACK = re.compile(r"^feedback-type[ \t]*:[ \t]*([\w-]+)", re.IGNORECASE | re.MULTILINE)
# RFC 5965, 7.3, and RFC 6650: these tell of something else than of a reader who minds.
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "dkim", "dmarc", "unsolicited", "identity"})
_LEAVES = frozenset({"opt-out", "opt-out-list", "unsubscribe"})

# Forms without message/feedback-report, by who sends them.
_SENDERS = re.compile(
    r"(^|[<\s])(scomp@aol\.|staff@hotmail\.|staff@outlook\.|fbl@|feedbackloop@|feedback-loop@|"
    r"fbl-no-?reply@|complaints@|spamreport@|arf@|\d+@reports\.spamcop\.|feedback@arf\.|"
    r"abuse-report@|fbl\S*@\S+)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"complaint about (message|mail|e-?mail)|(spam|abuse|junk|ube|uce) (complaint|report|"
    r"feedback|notification)|"
    r"e-?mail feedback report|feedback[- ]loop|\[spamcop|^fw: complaint|report(ed)? (as|"
    r"of) (spam|abuse)|"
    r"(complaint|report)s? (about|of|for|on|regarding)( \S+){0,3} (spam|abuse|unsolicited|junk)|"
    r"spam (from|received)|marked (your \S+ )?as (spam|junk)|(beschwerde|missbrauch|spam-?meldung|"
    r"spam-?beschwerde)|(plainte|signalement).{0,20}(spam|abus)|(queja|denuncia|"
    r"reporte).{0,20}spam|"
    r"(жалоба|спам.{0,10}жалоб)|(迷惑メール|垃圾邮件).{0,10}(報告|申告|投诉|举报)|segnalazione.{0,20}spam|"
    r"den[uú]ncia.{0,20}spam",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"this is an? (e-?mail )?(abuse|spam|feedback) (report|complaint)|(marked|reported|flagged|"
    r"identified)"
    r"( \S+){0,6} as (spam|junk|unsolicited)|(received|sent)( \S+){0,6} complaint|"
    r"abuse report for an? e-?mail|"
    r"(this|the following|your) (is a |message|e-?mail|mail).{0,60}(complaint|spam report)|"
    r"(click|clicked|press|hit|use)\w*( \S+){0,4} \W?(this is |report )?(spam|junk)|user complain|"
    r"als spam (markiert|gemeldet)|signal[ée] comme (spam|ind[ée]sirable)|marcado como spam|"
    r"отмети\w+.{0,40}спам|segnalat\w+ come spam",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A reader who called our mail spam, or a report of the same form that is none."""

    kind: str  # complaint, unsubscribe or not-a-bounce
    address: str
    words: str
    envelope: str = ""


def find(message: Message) -> Complaint | None:
    """Return the feedback report in *message* (RFC 5965), or None."""
    for part in reading.parts(message, inside=False):
        kind = reading.content_type(part)
        if kind == "message/feedback-report":
            return _read(message, reading.raw_text(part))
        if kind in ("text/plain", "application/octet-stream") and "report" in reading.parameter(
            message, "report-type"
        ):
            text = reading.raw_text(part)
            if _FEEDBACK.search(text) and "user-agent" in text.lower():
                return _read(message, text)
    return None


def find_informal(message: Message, text: str) -> Complaint | None:
    """Return the complaint that has no form but is one by sender, subject and words, or None."""
    sender = f"{reading.header(message, 'From')} {reading.header(message, 'Return-Path')}"
    subject = reading.header(message, "Subject")[:300]
    inner = original.of(message)
    hotmail = inner is not None and inner.get("X-HmXmrOriginalRecipient")
    if hotmail:
        return Complaint("complaint", addresses.address_in(str(hotmail)), "JMRP")
    if _FEEDBACK.search(text) and re.search(
        r"^(user-agent|version)[ \t]*:", text, re.IGNORECASE | re.MULTILINE
    ):
        return _read(message, text)
    if _xarf(message) is False:
        return None
    signs = (
        (_SENDERS.search(sender) is not None)
        + (_SUBJECT.search(subject) is not None)
        + (_BODY.search(text[:5000]) is not None)
    )
    if signs < 2 and _xarf(message) is None:
        return None
    return Complaint("complaint", _recipient(message, {}), " ".join(text.split())[:300])


def _xarf(message: Message) -> bool | None:
    """Tell whether an X-ARF report is of spam; None where it is no such report."""
    if not (message.get("X-ARF") or message.get("X-XARF")):
        return None
    return any(
        re.search(
            r"report-?type[\"']?[ \t]*:[ \t]*[\"']?(spam|abuse)",
            reading.raw_text(part),
            re.IGNORECASE,
        )
        for part in reading.parts(message, inside=False)
    )


def _read(message: Message, text: str) -> Complaint:
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text[:20_000]):
        fields.setdefault(name.lower(), value.strip())
    said = fields.get("feedback-type", "").lower()
    kind = "complaint"
    if said in _LEAVES:
        kind = "unsubscribe"
    elif said in _NO_COMPLAINT:
        kind = "not-a-bounce"
    envelope = fields.get("original-envelope-id", "").strip("<> ")
    return Complaint(kind, _recipient(message, fields), f"Feedback-Type: {said}", envelope)


def _recipient(message: Message, fields: dict[str, str]) -> str:
    """Return who complained: by the report, else by the mail that it returns."""
    for name in ("original-rcpt-to", "removal-recipient", "original-recipient", "reported-rcpt-to"):
        if found := addresses.address_in(fields.get(name, "")):
            return found
    inner = original.of(message)
    if inner is None:
        return ""
    for name in ("X-HmXmrOriginalRecipient", "X-Original-To", "Delivered-To", "To"):
        if found := addresses.address_in(reading.header(inner, name)):
            return found
    return ""
