"""Lines of the text part: wrapped where a reader expects it, never inside a URL."""

from __future__ import annotations

import re
import unicodedata

WIDTH = 72
# RFC 5322 allows 998 octets; what precedes the piece on its line needs room too.
_LONGEST_PIECE = 800
_SPACES = re.compile(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")
_WIDE = re.compile(r"([\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f"
                   r"\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003fffd])")  # fmt: skip
_AFTER_DASH = re.compile(r"(?<=[^\s—]—)(?=[^\s—])")


def collapse(text: str) -> str:
    """Return *text* with each run of white space as one space; no-break spaces stay."""
    return _SPACES.sub(" ", text).strip(" ")


def wrap(text: str, *, first: str = "", rest: str = "", width: int = WIDTH) -> list[str]:
    """Break *text* into lines that begin with *first*, then with *rest*."""
    lines: list[str] = []
    line, column, empty = first, display_width(first), True
    for space, piece in _pieces(collapse(text)):
        gap = " " if space and not empty else ""
        size = display_width(piece)
        too_wide = column + len(gap) + size > width
        too_long = len((line + gap + piece).encode()) > _LONGEST_PIECE + 150
        if not empty and (too_wide or too_long):
            lines.append(line.rstrip(" "))
            line, column, gap = rest, display_width(rest), ""
        line += gap + piece
        column += len(gap) + size
        empty = False
    if not empty:
        lines.append(line.rstrip(" "))
    return lines


def cut(line: str) -> list[str]:
    """Cut *line* where it would be too long for a mail, and nowhere else."""
    pieces, piece, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LONGEST_PIECE:
            pieces.append(piece)
            piece, size = "", 0
        piece += character
        size += octets
    return [*pieces, piece]


def display_width(text: str) -> int:
    """Return how many columns *text* takes: two for wide letters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _pieces(text: str) -> list[tuple[bool, str]]:
    """Return what may stand at a line's start, each with whether a space goes before it."""
    pieces = []
    for word in text.split(" "):
        parts = [word]
        if "://" not in word and not word.isascii():
            parts = [part for run in _AFTER_DASH.split(word) for part in _WIDE.split(run) if part]
        elif not word:
            continue
        for index, part in enumerate(parts):
            for place, piece in enumerate(cut(part)):
                pieces.append((index == 0 and place == 0, piece))
    return pieces
