"""Read bounces that have no form: what servers write for people, in many languages."""

import logging
import re
from dataclasses import dataclass
from email.message import Message
from functools import cached_property

from flufl.bounce import all_failures

from deliveries.returned import addresses, original, reading, replies, rules
from deliveries.returned.freewords import BODY, CUT, DELAY, FORM, SENDER, SUBJECT

# It logs a traceback for each detector that gives up.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

MOST_SUBJECT = 300
_NOBODY = re.compile(r"(?:^|[\s\"])<\s*>")
_TO = re.compile(r"^[ \t>]*To:[ \t]*(.{1,500})$", re.IGNORECASE | re.MULTILINE)
_NULL = re.compile(r"\s*<\s*>\s*")
_DAEMON_PATH = re.compile(r"mailer-?daemon|postmaster", re.IGNORECASE)
_QMAIL = re.compile(r"^<([^>\s]+@[^>\s]+)>:?[ \t]*\n?((?:.*\S.*\n?){0,12})", re.MULTILINE)
_RCPT = re.compile(r"RCPT TO:\s*<?([^\s>]+@[^\s>]+)", re.IGNORECASE)
_REPLY_LINE = re.compile(
    r"^.{0,200}?(?:\b[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3})?|"
    r"#[45]\.\d{1,3}\.\d{1,3}|\b[45]\.\d{1,3}\.\d{1,3}\b).*$",
    re.MULTILINE,
)
_STRONG = re.compile(
    r"(?<![\d.:/])(?:5[05]\d|4[25]\d)[ \-](?:#?[45]\.\d{1,3}\.\d{1,3}|"
    r"[A-Za-z<'\"(].{5,})|#[45]\.\d\.\d|"
    r"<<< [45]\d\d|\(#[45]\.\d\.\d\)",
)
# As a server quotes it; people write of codes within a sentence.
_QUOTED = re.compile(
    r"(?:^|said:|respon[sd]\w*:|reason:|error:|fehler:|<<<|>:|smtp;|\()[ \t]*[\"'#]?"
    r"(?:[45][0-5]\d[ -]|#?[45]\.\d\.\d)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report without a form says."""

    address: str
    status: str
    words: str
    is_delay: bool


class Sight:
    """A mail as it is looked at for signs of a bounce; each is looked for once."""

    def __init__(self, message: Message, text: str, short: Message) -> None:
        self.message = message
        self.subject = reading.header(message, "Subject")[:MOST_SUBJECT]
        self.head, self.tail = cut(text)  # what the server says; the mail that it returns
        self._short = short  # for flufl.bounce, which tries fifty expressions on every line

    @cached_property
    def failed(self) -> list[str]:
        """Whom Exim and Gmail name in a header of their own."""
        values = reading.headers(self.message, "X-Failed-Recipients")
        return [address for value in values for address in addresses.addresses_in(value)]

    @cached_property
    def by_daemon(self) -> bool:
        """True if the mail calls itself a mail server's."""
        sender = f"{reading.header(self.message, 'From')} {reading.header(self.message, 'Sender')}"
        path = reading.header(self.message, "Return-Path")
        return bool(
            SENDER.search(sender)
            or _NOBODY.search(reading.header(self.message, "From"))
            or _DAEMON_PATH.search(path)
        )

    @cached_property
    def has_null_sender(self) -> bool:
        """True if it came with the sender that is never answered (RFC 5321, 4.5.5)."""
        return _NULL.fullmatch(reading.header(self.message, "Return-Path")) is not None

    @property
    def is_a_servers(self) -> bool:
        """True if no person wrote it."""
        return bool(self.failed) or self.by_daemon or self.has_null_sender

    @cached_property
    def by_subject(self) -> bool:
        """True if the subject is one of bounces."""
        return SUBJECT.search(self.subject) is not None

    @cached_property
    def by_words(self) -> bool:
        """True if the text says that something was not delivered."""
        return BODY.search(self.head) is not None

    @cached_property
    def by_code(self) -> bool:
        """True if the text quotes a refusal of SMTP."""
        return _STRONG.search(self.head) is not None

    @cached_property
    def has_form(self) -> bool:
        """True if it has sentences that only servers write, or returns a mail."""
        return FORM.search(self.head) is not None or original.of(self.message) is not None

    @cached_property
    def known(self) -> tuple[list[str], list[str]]:
        """The addresses that flufl.bounce takes for failing now, and for good."""
        return _flufl(self._short)

    def is_plainly(self) -> bool:
        """Tell whether this is a server's, though its subject, often ours, is like an answer's."""
        if self.failed:
            return True
        if not (self.by_subject and self.by_words) or replies.is_auto(self.message):
            return False
        return self.by_daemon or self.by_code or any(self.known)

    def is_bounce(self) -> bool:
        """Tell whether sender, subject and words together say that this is a bounce.

        An answer by a person is none, whatever it quotes; a null sender alone is
        an answering program's too.
        """
        if self.failed:
            return True
        if self.by_daemon:
            return (
                self.by_words
                or self.by_code
                or any(self.known)
                or (self.by_subject and len(self.head.split()) < 60)
            )
        if self.has_null_sender:
            return any(self.known) or (self.by_words and (self.by_subject or self.by_code))
        return self.by_subject and self.by_words and self._is_unanswered()

    def _is_unanswered(self) -> bool:
        message = self.message
        if any(self.known):
            return True
        if replies.is_answer(message) or replies.is_forward(message):
            return False
        return self.has_form or _QUOTED.search(self.head) is not None


def find(sight: Sight) -> Bounce | None:
    """Return the bounce that a mail is, or None where too little says so."""
    if not sight.is_bounce():
        return None
    temporary, permanent = sight.known
    signs = f"{sight.subject}\n{sight.head[:3000]}"
    address, words = _refusal(sight, [*sight.failed, *permanent, *temporary])
    is_delay = DELAY.search(signs) is not None
    if temporary and not permanent and not is_delay:
        is_delay = not rules.judge("", words).is_permanent
    return Bounce(address, rules.status_in(words) or "", words, is_delay)


def cut(text: str) -> tuple[str, str]:
    """Return what the server says in *text*, and the mail that it returns below that."""
    found = CUT.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


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
    nothing: tuple[frozenset[bytes], frozenset[bytes]] = (frozenset(), frozenset())
    temporary, permanent = reading.asked(lambda: all_failures(plain), nothing)
    return _texts(temporary), _texts(permanent)


def _texts(found: frozenset[bytes]) -> list[str]:
    texts = sorted(a.decode("utf-8", "replace") if isinstance(a, bytes) else str(a) for a in found)
    return [clean for a in texts if (clean := addresses.address_in(a))]


def _refusal(sight: Sight, known: list[str]) -> tuple[str, str]:
    """Return whose mail failed and the words about that one."""
    head, words = sight.head, ""
    address = known[0] if known else ""
    if found := _QMAIL.search(head):
        named = addresses.clean(found[1])
        if not known or named.lower() in [one.lower() for one in known]:
            address, words = named, found[2]
    address = address or _named_in(sight)
    lines = "\n".join(_REPLY_LINE.findall(head)[:6])
    for said in (words, f"{_about(head, address)}\n{lines}", lines):
        if rules.judge("", said).reason != "unknown" or rules.status_in(said):
            return address, said.strip()
    return address, head.strip()[: rules.MOST_WORDS]


def _named_in(sight: Sight) -> str:
    """Return the first address in the text that is no server's and not our own."""
    if rcpt := _RCPT.search(sight.head):
        return addresses.clean(rcpt[1])
    own = {
        address.lower()
        for name in ("To", "From", "Delivered-To")
        for value in reading.headers(sight.message, name)
        for address in addresses.addresses_in(value)
    }
    for address in addresses.addresses_in(sight.head):
        if not addresses.is_daemon(address) and address.lower() not in own:
            return address
    return _returned_to(sight)


def _about(head: str, address: str) -> str:
    """Return what stands behind *address* and in the lines below it, up to an empty one."""
    found = head.lower().rfind(address.lower()) if address else -1
    if found < 0:
        return ""
    behind = head[found + len(address) :].lstrip(">:;, \t\r\n\"')")
    return re.split(r"\n[ \t]*\n", behind, maxsplit=1)[0][:1500]


def _returned_to(sight: Sight) -> str:
    """Return who the mail that is returned was for."""
    inner = original.of(sight.message)
    if inner is not None and (found := addresses.address_in(reading.header(inner, "To"))):
        return found
    written = _TO.search(sight.tail)
    return addresses.address_in(written[1]) if written else ""
