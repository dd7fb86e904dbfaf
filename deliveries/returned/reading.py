"""Read mail of any shape: bytes that nobody vouches for become text, and nothing raises."""

import codecs
import email
import email.header
import email.policy
import html
import quopri
import re
from collections.abc import Callable, Iterator
from email.message import Message
from functools import partial
from typing import TypeVar

T = TypeVar("T")

# What a report says stands at its head, the mail that it returns behind; so much is read.
MOST_BYTES = 2_000_000
MOST_TEXT = 200_000  # characters of one part
MOST_HTML = 100_000
MOST_PARTS = 200
MOST_HEADER = 5_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?td|/?li|/?h\d|hr)\b[^<>]*>", re.IGNORECASE)
# An address in brackets is no element: <a@example.org>.
_ELEMENT = re.compile(
    r"<[/!]?[a-z][^<>@\"']*(?:(?:\"[^\"<>]*\"|'[^'<>]*')[^<>@\"']*)*>", re.IGNORECASE
)
_UNSEEN = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"), ("<head>", "</head"))
_SPACES = re.compile(r"[ \t\xa0]{3,}")
_EMPTY_LINES = re.compile(r"(?:[ \t]*\n){4,}")
_CHARSETS = {"unknown-8bit": "latin-1", "x-unknown": "latin-1", "cp-850": "cp850", "x-gbk": "gbk",
             "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
             "iso-8859-1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8",
             "iso-8859-8-i": "iso-8859-8", "x-sjis": "cp932", "shift_jis": "cp932",
             "iso-2022-jp": "iso2022_jp_ext"}  # fmt: skip


def asked(ask: Callable[[], T], otherwise: T) -> T:
    """Return what *ask* returns, or *otherwise* where the mail is too broken for it.

    What parses mail for us raises whatever it ran into, KeyError, AttributeError,
    AssertionError or RecursionError, and has no list of it. A broken mail is
    what this package is for: it is sorted by what can be read of it.
    """
    try:
        return ask()
    except Exception:  # noqa: BLE001  # the one place: see above
        return otherwise


def read(data: bytes) -> Message:
    """Return the message in *data*; one without headers and parts where it holds none."""
    data = _unwrapped(data[:MOST_BYTES])
    message = asked(lambda: _parsed(data), None)
    if message is None:  # thousands of parts within parts end the parser
        head, _, body = data.partition(b"\n\n")
        return _plain(head, body)
    return message


def _parsed(data: bytes) -> Message:
    return email.message_from_bytes(data, policy=email.policy.compat32)


def _plain(head: bytes, body: bytes) -> Message:
    """Return *head* with *body* as one plain text, whatever its headers say of parts."""
    message = asked(lambda: _parsed(head + b"\n\n"), Message())
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        del message[name]
    message.set_payload(body.decode("utf-8", "surrogateescape"))
    return message


def _unwrapped(data: bytes) -> bytes:
    """Return *data* as RFC 5322 writes it: no byte order mark, LF at the ends of lines."""
    for bom, charset in _BOMS:
        if data.startswith(bom):
            data = data.decode(charset, "replace").encode("utf-8", "replace")
    if data.count(b"\0") * 4 > len(data):  # UTF-16 without its mark
        order = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        data = data.decode(order, "replace").encode("utf-8", "replace")
    data = data.replace(b"\0", b"")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.lstrip(b"\n\t ")
    while data.startswith((b"From ", b">From ")):  # mbox, and Unix to Unix copies of it
        data = data.partition(b"\n")[2]
    return data


def header(message: Message, name: str) -> str:
    """Return the decoded value of the first header *name* in one line; empty without it."""
    return next(iter(headers(message, name)), "")


def headers(message: Message, name: str) -> list[str]:
    """Return the decoded values of all headers *name*."""
    wanted = name.lower()
    # Message.get would put question marks in the place of bytes beyond ASCII.
    found = [value for own, value in message.raw_items() if own.lower() == wanted]
    return [_decoded(value, _charset(message)) for value in found]


def _decoded(value: object, charset: str = "") -> str:
    raw = " ".join(str(value)[:MOST_HEADER].split())
    if not raw.isascii():
        raw = _repaired(raw, charset)
    if "=?" not in raw:
        return raw
    whole: list[tuple[str | bytes, str | None]] = [(raw, None)]
    pieces = asked(lambda: email.header.decode_header(raw), whole)
    return "".join(
        decoded(piece, charset or "") if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )


def _repaired(raw: str, charset: str) -> str:
    """Return *raw* with its undecodable bytes as what they most likely were.

    That is UTF-8, which other text hardly ever is by chance, else the body's *charset*.
    """
    try:
        octets = raw.encode("utf-8", "surrogateescape")
        return octets.decode()
    except UnicodeEncodeError:
        return raw.encode("utf-8", "replace").decode()
    except UnicodeDecodeError:
        return decoded(octets, charset)


def decoded(octets: bytes, charset: str) -> str:
    """Return *octets* as text, by *charset* if that is known and fits, else by what fits."""
    charset = charset.strip().strip("\"'").lower()
    for name in (_CHARSETS.get(charset, charset), "utf-8"):
        text = asked(partial(_by, name, octets), None)
        if text is not None:
            return text
    if b"\x1b$" in octets:
        return octets.decode("iso2022_jp_ext", "replace")
    return octets.decode("cp1252", "replace")


def decoded_header(value: str) -> str:
    """Return a header's *value*, which stands in a text, without RFC 2047."""
    return _decoded(value)


def text_of(part: Message) -> str:
    """Return the text of *part*: decoded, without HTML, at most MOST_TEXT characters."""
    text = raw_text(part)
    kind = content_type(part)
    if kind == "text/html" or (kind != "text/plain" and text.lstrip()[:6].lower() == "<html>"):
        text = plain(text)
    return text


def raw_text(part: Message) -> str:
    """Return the text of *part* as it is written, its transfer encoding and charset undone."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = "\n\n".join(_as_string(block) for block in payload[:MOST_PARTS])
        octets = blocks[:MOST_TEXT].encode("utf-8", "surrogateescape")
        encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding == "base64":
            octets = _base64(octets)
        elif encoding == "quoted-printable":
            octets = quopri.decodestring(octets)
    else:
        octets = _payload(part)
    return decoded(octets[: 4 * MOST_TEXT], _charset(part))[:MOST_TEXT]


def _by(name: str, octets: bytes) -> str | None:
    """Return *octets* by the charset *name*; None where it is a codec of other things."""
    is_text = bool(name) and codecs.lookup(name)._is_text_encoding
    return octets.decode(name) if is_text else None


def _payload(part: Message) -> bytes:
    found: object = asked(lambda: part.get_payload(decode=True), None)
    if isinstance(found, bytes):
        return found
    return str(part.get_payload()).encode("utf-8", "replace")


def _base64(octets: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
    try:
        return codecs.decode(letters + b"=" * (-len(letters) % 4), "base64")
    except ValueError:
        return octets


def _as_string(part: object) -> str:
    return asked(lambda: _written(part), "")


def _written(part: object) -> str:
    if not isinstance(part, Message):
        return str(part)
    lines = [f"{name}: {value}" for name, value in part.raw_items()]
    body = part.get_payload()
    if isinstance(body, str) and "\ufffd" in body:  # it gives up bytes beyond ASCII
        body = _payload(part).decode("utf-8", "surrogateescape")
    return "\n".join([*lines, "", body if isinstance(body, str) else ""])


def _charset(part: Message) -> str:
    return asked(lambda: str(part.get_content_charset() or ""), "")


def content_type(part: Message) -> str:
    """Return the type of *part* in lower case, like “text/plain”."""
    return asked(part.get_content_type, "text/plain")


def parameter(part: Message, name: str) -> str:
    """Return a parameter of the Content-Type of *part* in lower case, or nothing."""
    value: object = asked(lambda: part.get_param(name), None)
    return str(value[2] if isinstance(value, tuple) else value or "").lower()


def plain(text: str) -> str:
    """Return *text*, which is HTML, as a person would read it."""
    text = text[:MOST_HTML]
    for begin, end in _UNSEEN:
        text = _without(text, begin, end)
    text = _BREAK.sub("\n", text)
    return html.unescape(_ELEMENT.sub("", text))


def _without(text: str, begin: str, end: str) -> str:
    """Return *text* without all from each *begin* to the *end* behind it."""
    kept, at, lower = [], 0, text.lower()
    while (found := lower.find(begin, at)) >= 0:
        kept.append(text[at:found])
        closed = lower.find(end, found)
        if closed < 0:
            return "".join(kept)
        at = closed + len(end)
    return "".join([*kept, text[at:]])


def squeezed(text: str) -> str:
    """Return *text* without long runs of spaces and empty lines."""
    return _EMPTY_LINES.sub("\n\n\n", _SPACES.sub("  ", text))


def parts(message: Message, *, inside: bool = True) -> Iterator[Message]:
    """Yield the leaves of *message* in their order, MOST_PARTS at most.

    A returned mail is a leaf of type message/rfc822; with *inside* its leaves
    follow it.
    """
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        payload = part.get_payload()
        subparts = (
            [sub for sub in payload if isinstance(sub, Message)]
            if isinstance(payload, list)
            else []
        )
        kind = content_type(part)
        if subparts and kind.startswith("multipart/"):
            waiting[:0] = subparts
            continue
        yield part
        if subparts and inside and kind in ("message/rfc822", "message/global"):
            waiting[:0] = subparts
