"""Read bounces that have no form: what servers write for people, in many languages."""

import logging
import re
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import all_failures

from deliveries.returned import addresses, original, reading, replies, rules
from deliveries.returned.freewords import BODY, CUT, DELAY, FORM, SENDER, SUBJECT

# It logs a traceback for each detector that gives up.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

_QMAIL = re.compile(r"^<([^>\s]+@[^>\s]+)>:?[ \t]*\n?((?:.*\S.*\n?){0,12})", re.MULTILINE)
_RCPT = re.compile(r"RCPT TO:\s*<?([^\s>]+@[^\s>]+)", re.IGNORECASE)
_REPLY_LINE = re.compile(
    r"^.{0,200}?(?:\b[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3})?|#[45]\.\d{1,3}\.\d{1,3}|\b[45]\.\d{1,3}\.\d{1,3}\b).*$",
    re.MULTILINE,
)
_STRONG = re.compile(
    r"(?<![\d.:/])(?:5[05]\d|4[25]\d)[ \-](?:#?[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<'\"(].{5,})|#[45]\.\d\.\d|"
    r"<<< [45]\d\d|\(#[45]\.\d\.\d\)",
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report without a form says."""

    address: str
    status: str
    words: str
    is_delay: bool
    rule: str


def find(message: Message, text: str) -> Bounce | None:
    """Return the bounce that *message* with its *text* is, or None where too little says so."""
    head, _ = cut(text)
    failed = [a for value in reading.headers(message, "X-Failed-Recipients") for a in addresses.addresses_in(value)]
    temporary, permanent = _flufl(message)
    if not failed and not _is_bounce(message, head, bool(temporary or permanent)):
        return None
    subject = reading.header(message, "Subject")
    is_delay = bool(DELAY.search(f"{subject}\n{head[:3000]}")) or bool(temporary and not permanent)
    address, words = _refusal(message, head, [*failed, *permanent, *temporary])
    return Bounce(address, rules.status_in(words) or "", words, is_delay, "words")


def is_plainly(message: Message, text: str) -> bool:
    """Tell whether *message* is a server's, though its subject, often ours, sounds like an answer's."""
    if "X-Failed-Recipients" in message:
        return True
    head, _ = cut(text)
    subject = reading.header(message, "Subject")
    has_words = BODY.search(head) is not None
    if SUBJECT.search(subject) and has_words and not replies.is_auto(message):
        return is_from_daemon(message) or _STRONG.search(head) is not None or any(_flufl(message))
    return False


def _is_bounce(message: Message, head: str, is_known: bool) -> bool:
    """Tell whether sender, subject and words together say that *message* is a bounce.

    *is_known* is whether flufl.bounce knows its form. An answer by a person
    is none, whatever it quotes; a null sender alone is an answering program's too.
    """
    subject = reading.header(message, "Subject")
    by_daemon, by_words = is_from_daemon(message), BODY.search(head) is not None
    by_subject = SUBJECT.search(subject) is not None
    by_code = _STRONG.search(head) is not None
    if by_daemon:
        return by_words or by_code or is_known or (by_subject and len(head.split()) < 60)
    if has_null_sender(message):
        return is_known or (by_words and (by_subject or by_code))
    if ("In-Reply-To" in message or "References" in message) and not is_known:
        return False
    has_form = FORM.search(head) is not None or original.of(message) is not None
    if replies.is_answer(message) or replies.is_forward(message):
        return by_subject and by_words and is_known
    return by_subject and by_words and (is_known or by_code or has_form)


def cut(text: str) -> tuple[str, str]:
    """Return what the server says in *text*, and the mail that it returns below that."""
    found = CUT.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def is_from_daemon(message: Message) -> bool:
    """Tell whether *message* calls itself a mail server's."""
    sender = f"{reading.header(message, 'From')} {reading.header(message, 'Sender')}"
    if SENDER.search(sender) or re.search(r"(^|[\s\"])<\s*>", reading.header(message, "From")):
        return True
    return re.search(r"mailer-?daemon|postmaster", reading.header(message, "Return-Path"), re.I) is not None


def has_null_sender(message: Message) -> bool:
    """Tell whether *message* came with the sender that is never answered (RFC 5321, 4.5.5)."""
    return re.fullmatch(r"<\s*>", reading.header(message, "Return-Path").strip()) is not None


def _flufl(message: Message) -> tuple[list[str], list[str]]:
    """Return the addresses that flufl.bounce takes for failing now and for good."""
    # Its detectors expect headers in ASCII and somebody in From.
    plain = Message()
    for name in dict.fromkeys(message.keys()):
        for value in reading.headers(message, name):
            plain[name] = value
    if not addresses.address_in(plain.get("From", "")):
        del plain["From"]
        plain["From"] = "unknown@unknown.invalid"
    plain.set_payload(message.get_payload())
    try:
        temporary, permanent = all_failures(plain)
    except Exception:  # noqa: BLE001
        return [], []
    return _texts(temporary), _texts(permanent)


def _texts(found: frozenset[bytes]) -> list[str]:
    texts = sorted(a.decode("utf-8", "replace") if isinstance(a, bytes) else str(a) for a in found)
    return [clean for a in texts if (clean := addresses.address_in(a))]


def _refusal(message: Message, head: str, known: list[str]) -> tuple[str, str]:
    """Return whose mail failed and the words about that one."""
    own = {a.lower() for name in ("To", "From", "Delivered-To") for v in reading.headers(message, name)
           for a in addresses.addresses_in(v)}  # fmt: skip
    address, words = "", ""
    if found := _QMAIL.search(head):
        address, words = addresses.clean(found[1]), found[2]
    if known and (not address or address.lower() not in [k.lower() for k in known]):
        address, words = known[0], ""
    if not address and (rcpt := _RCPT.search(head)):
        address = addresses.clean(rcpt[1])
    if not address:
        candidates = [a for a in addresses.addresses_in(head) if not addresses.is_daemon(a)]
        address = next((a for a in candidates if a.lower() not in own), "")
    if not address:
        address = _returned_to(message)
    lines = "\n".join(_REPLY_LINE.findall(head)[:6])
    if not rules.status_in(words):
        words = f"{words}\n{lines}\n{head[: rules.MOST_WORDS]}"
    return address, words.strip() or head.strip()[: rules.MOST_WORDS]


def _returned_to(message: Message) -> str:
    """Return who the mail that *message* returns was for."""
    inner = original.of(message)
    return addresses.address_in(reading.header(inner, "To")) if inner is not None else ""
