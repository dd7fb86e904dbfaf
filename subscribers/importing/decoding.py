"""Which encoding the bytes of a table are in."""

import codecs
import re
from pathlib import Path

_PIECE = 1024 * 1024
_BEGINNING = 4096
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PAIR = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")


def encoding_of(path: Path) -> str:
    """Return Python's name of the encoding; the whole file is looked at.

    A single broken byte does not make a UTF-8 file another: its row is
    refused. A file with no letter that UTF-8 would write is Windows' cp1252.
    """
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    for mark, name in _MARKS:
        if beginning.startswith(mark):
            return name
    return _without_mark(beginning) or _utf8_or_windows(path)


def _without_mark(beginning: bytes) -> str:
    """Tell UTF-16 by the zeros between its letters; what is plain text has none."""
    half = len(beginning) // 2
    if half and beginning[1::2].count(0) > half * 0.7:
        return "utf-16-le"
    if half and beginning[0::2].count(0) > half * 0.7:
        return "utf-16-be"
    return ""


def _utf8_or_windows(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
    letters = False
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if not piece.isascii() and not letters:
                letters = _PAIR.search(piece) is not None
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return "utf-8" if letters else "cp1252"
    return "utf-8"
