"""The wire form of a mail: encoded once, joined with a reader's own values per copy.

Each slot stands alone between soft line breaks of the quoted-printable body
(RFC 2045, 6.7), and tokens use only characters that need no encoding, so a
copy is one join: nothing is encoded, wrapped or dot-stuffed per reader. What
merge fields say is encoded by itself, and brings the end of its line along.
"""

import binascii
import email.quoprimime
import email.utils
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

CRLF = b"\r\n"
# Header values that differ per reader; the slots of the body have names of their own.
TO, DATE, MESSAGE_ID, LIST_UNSUBSCRIBE = "to", "date", "message-id", "list-unsubscribe"
SUBJECT = "subject"  # only where it has merge fields

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
_SPECIAL = re.compile(r'[][\\()<>@,:;".]')  # needs quotes within a phrase (RFC 5322, 3.2.3)
# So many octets make an encoded word of 64 characters, which fits a line (RFC 2047, 2).
_ONE_WORD = 39
# What begins an encoded word may not stand for itself (RFC 2047, 5).
_BEGINS_WORD = "=?"
_LINE = 76
_ROOM = 73  # of quoted-printable: a leading dot grows by two octets, a soft break follows
# Each octet in quoted-printable (RFC 2045, 6.7).
_OCTETS = [
    bytes([octet]) if 32 <= octet < 127 and octet != 61 else b"=%02X" % octet
    for octet in range(256)
]
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")


@dataclass(frozen=True)
class Wire:
    """A message cut at its slots: bytes, slot name, bytes, …"""

    pieces: tuple[bytes | str, ...]

    @cached_property
    def _cut(self) -> tuple[list[bytes], list[tuple[int, str]]]:
        """The pieces with nothing in the slots, and where each slot is."""
        empty = [piece if isinstance(piece, bytes) else b"" for piece in self.pieces]
        slots = [(i, piece) for i, piece in enumerate(self.pieces) if isinstance(piece, str)]
        return empty, slots

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the message with *values* in its slots; no line of it begins with a dot."""
        empty, slots = self._cut
        pieces = empty.copy()
        for index, name in slots:
            pieces[index] = values[name]
        return b"".join(pieces)


def encode(
    *,
    headers: list[tuple[str, str]],
    text: str,
    html: str,
    slots: list[str],
    merged: Sequence[str] = (),
    own_subject: bool = False,
) -> Wire:
    """Return the message as a Wire.

    *headers* are static ones, already encoded (see unstructured() and
    mailbox()); the reader's own come from the slots TO, DATE, MESSAGE_ID and
    LIST_UNSUBSCRIBE, and with *own_subject* from SUBJECT. *slots* are the names
    that stand in *text* and *html* for tokens. *merged* are those for merge
    fields: they are filled in by their names in_text() and in_html(), with
    what soft_line() returns.
    """
    # "=_" cannot occur in quoted-printable text, so no part can hold the boundary.
    boundary = f"=_{secrets.token_hex(12)}"
    pieces: list[bytes | str] = [b"To: ", TO, b"\r\nDate: ", DATE, b"\r\nMessage-ID: <"]
    pieces += [MESSAGE_ID, b">\r\nList-Unsubscribe: <", LIST_UNSUBSCRIBE, b">\r\n"]
    if own_subject:
        pieces += [b"Subject: ", SUBJECT, CRLF]
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    lines += [
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n',
    ]
    pieces.append("".join(lines).encode("ascii"))
    # Text first: the last part is the one a client prefers (RFC 2046, 5.1.4).
    for subtype, body, named in (("plain", text, in_text), ("html", html, in_html)):
        head = (
            f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        own = {**dict.fromkeys(slots, ""), **{name: named(name) for name in merged}}
        pieces += [head.encode(), *_quoted_printable(body, own), CRLF]
    pieces.append(f"--{boundary}--\r\n".encode())
    return Wire(_merged(pieces))


def in_text(name: str) -> str:
    """Return what the slot of the merge field *name* is called in the text part."""
    return f"text:{name}"


def in_html(name: str) -> str:
    """Return what the slot of the merge field *name* is called in the HTML part."""
    return f"html:{name}"


def soft_line(value: str) -> bytes:
    """Return *value*, one line of text, in quoted-printable lines that end in soft breaks."""
    if not value:
        return b""
    # Most are a name: letters and spaces, which stand for themselves. A dot at the
    # start would have to be doubled (RFC 5321, 4.5.2), a space at the end be encoded.
    if value[0] != "." and value[-1] not in " \t" and len(value) < _ROOM:
        if value.isascii() and value.isprintable() and "=" not in value:
            return value.encode() + b"=\r\n"
        line = b"".join([_OCTETS[octet] for octet in value.encode("utf-8", "replace")])
        if len(line) < _ROOM:
            return line + b"=\r\n"
    return _encoded(value) + b"=\r\n"


def _quoted_printable(body: str, slots: dict[str, str]) -> list[bytes | str]:
    """Encode *body*, with each of *slots* alone between two soft line breaks.

    Where a slot has another name in the wire, its value ends in a soft break.
    """
    body = body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if not slots:
        return [_encoded(body)]
    found = re.split(f"({'|'.join(map(re.escape, slots))})", body)
    pieces: list[bytes | str] = []
    for index, part in enumerate(found):
        if index % 2:
            other = slots[part]
            pieces += [b"=\r\n", other] if other else [b"=\r\n", part, b"=\r\n"]
        else:
            pieces.append(_encoded(part))
    return pieces


def _encoded(text: str) -> bytes:
    octets = text.encode("utf-8", "replace").decode("latin-1")
    encoded = email.quoprimime.body_encode(octets, maxlinelen=_ROOM, eol="\r\n")
    # Dots at the start of a line would have to be doubled (RFC 5321, 4.5.2).
    return re.sub(r"(?m)^\.", "=2E", encoded).encode("ascii")


def _merged(pieces: list[bytes | str]) -> tuple[bytes | str, ...]:
    """Join neighbours that are the same for every reader."""
    merged: list[bytes | str] = []
    for piece in pieces:
        if isinstance(piece, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return tuple(merged)


def unstructured(name: str, value: str) -> str:
    """Return *value* as the header *name* carries it: RFC 2047 words, folded at 76."""
    if not value.isprintable():
        value = _CONTROL.sub(" ", value)
    value = value.strip()
    if _BEGINS_WORD in value or not value.isascii():
        return _encoded_words(value)
    room = _LINE - len(name) - 2
    return value if len(value) <= room else _folded(value, room)


def _folded(value: str, room: int) -> str:
    """Fold ASCII words at spaces: *room* in the first line (RFC 5322, 2.2.3)."""
    lines, line = [], ""
    for index, word in enumerate(value.split(" ")):
        longer = f"{line} {word}" if index else word
        # A line of nothing but white space would end the header for some (RFC 5322, 3.2.2).
        if len(longer) > room and word and line.strip():
            lines.append(line)
            line, room = f" {word}", _LINE
        else:
            line = longer
    return "\r\n".join([*lines, line])


def _encoded_words(value: str) -> str:
    """Return *value* in encoded words, split between characters (RFC 2047, 5)."""
    # By hand: email.header.Header takes a hundred times as long, and it is done per reader.
    octets = value.encode("utf-8", "replace")
    words, begin = [], 0
    while begin < len(octets):
        end = begin + _ONE_WORD
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        word = binascii.b2a_base64(octets[begin:end], newline=False).decode()
        words.append(f"=?utf-8?b?{word}?=")
        begin = end
    return "\r\n ".join(words)


def plain_mailbox(name: str, address: str) -> str:
    """Return `name <address>` with nothing encoded, as an ESP's interface takes it.

    Given an encoded word, some ESPs show it as it is.
    """
    name = _CONTROL.sub(" ", name).strip()
    if not name:
        return address
    phrase = f'"{email.utils.quote(name)}"' if _SPECIAL.search(name) else name
    return f"{phrase} <{address}>"


def mailbox(header: str, name: str, address: str) -> str:
    """Return `name <address>` as the header *header* carries it (RFC 5322, 3.4)."""
    if not name.isprintable():
        name = _CONTROL.sub(" ", name)
    name = name.strip()
    if not name:
        return address
    if _BEGINS_WORD in name or not name.isascii():
        phrase = _encoded_words(name)
    elif _PLAIN_PHRASE.fullmatch(name):
        phrase = name
    else:
        phrase = f'"{email.utils.quote(name)}"'
    last = phrase.rpartition("\r\n")[2]
    room = 76 - len(last) - (len(header) + 2 if last == phrase else 0)
    return f"{phrase}{' ' if len(address) + 3 <= room else CRLF.decode() + ' '}<{address}>"
