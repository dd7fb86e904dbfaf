"""Bytes to characters, or a reason why not."""

from __future__ import annotations

import codecs
import re

MOST_OCTETS = 200_000

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FORMATS = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a Word document or another ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"{\\rtf", "a rich-text (RTF) file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
)
_SAVE_AS = "Save it as plain text in UTF-8 and import that."
# What no text editor writes. The others of C0 are breaks that cleaning knows.
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1b]")
_HTML = re.compile(r"\s*<(!doctype html|html[\s>])", re.IGNORECASE)


class UnreadableBrief(Exception):
    """The input is no plain-text brief; the message says what it is and what to do."""


def decode(raw: bytes | str) -> str:
    """Return the characters of *raw*; raises UnreadableBrief with what to do about it."""
    if len(raw) > MOST_OCTETS:
        raise UnreadableBrief(
            f"This is {len(raw) / 1000:,.0f} kB; a brief has at most "
            f"{MOST_OCTETS // 1000} kB of text. Import one brief at a time."
        )
    text = raw if isinstance(raw, str) else _decode_bytes(raw)
    binary = _BINARY.search(text)
    if binary:
        line = text.count("\n", 0, binary.start()) + 1
        name = "a NUL" if binary[0] == "\x00" else f"the control character {ord(binary[0]):#04x}"
        raise UnreadableBrief(f"This is not plain text: line {line} has {name}. {_SAVE_AS}")
    if _HTML.match(text):
        raise UnreadableBrief("This is a web page (HTML), not plain text. Copy its text instead.")
    return text


def _decode_bytes(raw: bytes) -> str:
    for start, name in _FORMATS:
        if raw.startswith(start):
            raise UnreadableBrief(f"This is {name}, not plain text. {_SAVE_AS}")
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "")
    if encoding:
        return _decode_as(raw, encoding)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _decode_as(raw, "cp1252")


def _decode_as(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        known = "UTF-8 or Windows-1252" if encoding == "cp1252" else encoding.upper()
        raise UnreadableBrief(
            f"This is not text in {known}: octet {error.start + 1} cannot be read. {_SAVE_AS}"
        ) from error
