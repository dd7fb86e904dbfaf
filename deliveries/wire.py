"""The wire form of a mail: encoded once, joined with a reader's own values per copy.

Each slot stands alone between soft line breaks of the quoted-printable body
(RFC 2045, 6.7), and tokens use only characters that need no encoding, so a
copy is one join: nothing is encoded, wrapped or dot-stuffed per reader.
"""

import binascii
import email.quoprimime
import email.utils
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from functools import cached_property

CRLF = b"\r\n"
# Header values that differ per reader; the slots of the body have names of their own.
TO, DATE, MESSAGE_ID, LIST_UNSUBSCRIBE = "to", "date", "message-id", "list-unsubscribe"

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
# So many octets make an encoded word of 64 characters, which fits a line (RFC 2047, 2).
_ONE_WORD = 39
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
) -> Wire:
    """Return the message as a Wire.

    *headers* are static ones, already encoded (see unstructured() and
    mailbox()); the reader's own come from the slots TO, DATE, MESSAGE_ID and
    LIST_UNSUBSCRIBE. *slots* are the names that stand in *text* and *html*.
    """
    # "=_" cannot occur in quoted-printable text, so no part can hold the boundary.
    boundary = f"=_{secrets.token_hex(12)}"
    pieces: list[bytes | str] = [b"To: ", TO, b"\r\nDate: ", DATE, b"\r\nMessage-ID: <"]
    pieces += [MESSAGE_ID, b">\r\nList-Unsubscribe: <", LIST_UNSUBSCRIBE, b">\r\n"]
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    lines += [
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n',
    ]
    pieces.append("".join(lines).encode("ascii"))
    # Text first: the last part is the one a client prefers (RFC 2046, 5.1.4).
    for subtype, body in (("plain", text), ("html", html)):
        head = (
            f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        pieces += [head.encode(), *_quoted_printable(body, slots), CRLF]
    pieces.append(f"--{boundary}--\r\n".encode())
    return Wire(_merged(pieces))


def _quoted_printable(body: str, slots: list[str]) -> list[bytes | str]:
    """Encode *body*, with each of *slots* alone between two soft line breaks."""
    body = body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if not slots:
        return [_encoded(body)]
    found = re.split(f"({'|'.join(map(re.escape, slots))})", body)
    pieces: list[bytes | str] = []
    for index, part in enumerate(found):
        if index % 2:
            pieces += [b"=\r\n", part, b"=\r\n"]
        else:
            pieces.append(_encoded(part))
    return pieces


def _encoded(text: str) -> bytes:
    # 74, not 76: a leading dot grows by two octets.
    octets = text.encode("utf-8", "replace").decode("latin-1")
    encoded = email.quoprimime.body_encode(octets, maxlinelen=74, eol="\r\n")
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
    value = _CONTROL.sub(" ", value).strip()
    charset = "us-ascii" if value.isascii() else "utf-8"
    return Header(value, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")


def mailbox(header: str, name: str, address: str) -> str:
    """Return `name <address>` as the header *header* carries it (RFC 5322, 3.4)."""
    if not name.isprintable():
        name = _CONTROL.sub(" ", name)
    name = name.strip()
    if not name:
        return address
    if _PLAIN_PHRASE.fullmatch(name):
        phrase = name
    elif name.isascii():
        phrase = f'"{email.utils.quote(name)}"'
    elif len(octets := name.encode("utf-8", "replace")) <= _ONE_WORD:
        # What Header would write, in a hundredth of its time: it is done for each reader.
        phrase = f"=?utf-8?b?{binascii.b2a_base64(octets, newline=False).decode()}?="
    else:
        phrase = Header(name, "utf-8", header_name=header, maxlinelen=75).encode(linesep="\r\n")
    last = phrase.rpartition("\r\n")[2]
    room = 76 - len(last) - (len(header) + 2 if last == phrase else 0)
    return f"{phrase}{' ' if len(address) + 3 <= room else CRLF.decode() + ' '}<{address}>"
