"""Finds the parts of a brief in its lines: date, title, key points, body, furniture."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from enum import Enum

from .cleaning import clean
from .dates import DoubtfulDate, read_date
from .decoding import UnreadableBrief, decode
from .doubts import doubts_of_contact, doubts_of_points, doubts_of_words, has_address
from .escaping import escape_inline, escape_paragraph

_BULLET = re.compile(r"(?:[•▪◦‣●○■□➢➤·\uf0b7\uf0a7] ?|[-*–—+] )(?=\S)")
_NO_WRAP = 120  # nobody wraps lines by hand wider than this: then a line is a paragraph
_LONGEST_TITLE = 250
_LONGEST_SERIES = 60
_SHORT = 160  # the most that a line of furniture has
_DIVIDED = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")
_LINE_END = re.compile(r"\n")
_SERIES = re.compile(r"(?P<series>[^:]{1,60}):\s+(?P<headline>\S.*)")
_LABEL = re.compile(
    r"(?:key|main)\s+(?:points|takeaways|judge?ments|findings)|bottom line up front|at a glance"
    r"|in brief|highlights|takeaways|summary",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"(?:contact(?: us)?\s*(?::|at\b)|(?:for|to)\b.{1,120}\bcontact\b|please contact\b)",
    re.IGNORECASE,
)
_SUBSCRIBE = re.compile(
    r"(?:to |click here to |not (?:yet )?a subscriber\? )?(?:un)?(?:subscribe|sign up)\b",
    re.IGNORECASE,
)


class _Kind(Enum):
    PARAGRAPH = "paragraph"
    BULLET = "bullet"
    CONTACT = "contact"
    SUBSCRIBE = "subscribe"


@dataclass
class _Piece:
    kind: _Kind
    lines: list[str]

    @property
    def words(self) -> str:
        """Return the piece in one line; a word divided at a hyphen gets no space."""
        return _LINE_END.sub(" ", _DIVIDED.sub("-", "\n".join(self.lines)))


@dataclass(frozen=True)
class ReadBrief:
    """What was recognised in a plain-text brief.

    *headline*, *series* and *paragraphs* are plain text; *key_points*, *body*
    and *contact* are escaped so that rendered as Markdown they show the
    characters that were read.
    """

    date: dt.date | None
    series: str
    headline: str
    key_points: tuple[str, ...]
    paragraphs: tuple[str, ...]
    body: str
    contact: str
    subscribe_line: str
    warnings: tuple[str, ...]


@dataclass
class _Head:
    date: dt.date | None = None
    title: str = ""
    doubts: list[str] = field(default_factory=list)
    rest: list[list[str]] = field(default_factory=list)


def read_brief(raw: bytes | str) -> ReadBrief:
    """Read a brief; raises UnreadableBrief, whose message says what to do."""
    blocks = _blocks(clean(decode(raw)))
    if not blocks:
        raise UnreadableBrief("There is no text in it. Choose the file that holds the brief.")
    head = _read_head(blocks)
    series, headline = _split_title(head.title)
    pieces = [piece for block in head.rest for piece in _pieces(block)]
    points, pieces = _take_points(pieces)
    body, contact, subscribe = _take_furniture(pieces)
    paragraphs, source = _body(body)
    doubts = [*head.doubts]
    if not headline:
        doubts.append("No headline was found. Begin with a line such as “SERIES: headline”.")
    doubts += doubts_of_points(points)
    if not paragraphs:
        doubts.append("No body was found: there is no paragraph after the title.")
    doubts += doubts_of_contact(contact)
    doubts += doubts_of_words([head.title, *points, *paragraphs, *filter(None, [contact])])
    return ReadBrief(
        date=head.date,
        series=series,
        headline=headline,
        key_points=tuple(map(escape_inline, points)),
        paragraphs=paragraphs,
        body=source,
        contact="\n".join(escape_paragraph(line) for line in contact.splitlines()),
        subscribe_line=subscribe,
        warnings=tuple(doubts),
    )


def _blocks(text: str) -> list[list[str]]:
    blocks = [block.split("\n") for block in re.split(r"\n[ \n]*\n", text)]
    return [kept for block in blocks if (kept := [line for line in block if line.strip()])]


def _read_head(blocks: list[list[str]]) -> _Head:
    """Take date and title from the first lines; what is left goes on to be read."""
    head = _Head(rest=[list(block) for block in blocks])
    dated = False
    while head.rest and not (dated and head.title):
        block = head.rest[0]
        line = block[0].strip()
        is_date = False
        if not dated:
            try:
                head.date = read_date(line)
                is_date = head.date is not None
            except DoubtfulDate as doubt:
                head.doubts.append(f"The date line {doubt}")
                is_date = True
        if is_date:
            dated = True
            del block[0]
        elif head.title or not _may_be_title(line):
            break
        else:
            head.title = _take_title(head.rest)
        head.rest = [left for left in head.rest if left]
    if not dated:
        head.doubts.append("No date was found. Add a line such as “6 April 2016” at the top.")
    return head


def _may_be_title(line: str) -> bool:
    return len(line) <= _LONGEST_TITLE and not _BULLET.match(line) and not _is_contact(line)


def _take_title(blocks: list[list[str]]) -> str:
    """Take the title from the first block: up to three lines, if it has no more."""
    block = blocks[0]
    lines = [block.pop(0).strip()]
    if lines[0].endswith(":") and len(lines[0]) <= _LONGEST_SERIES:
        following = block or (blocks[1] if len(blocks) > 1 else [])
        if following and _may_be_title(following[0].strip()):
            lines.append(following.pop(0).strip())
    elif len(block) <= 2 and all(_continues_title(line) for line in block):
        lines += [line.strip() for line in block]
        block.clear()
    return " ".join(lines)


def _continues_title(line: str) -> bool:
    words = line.strip()
    try:
        dated = read_date(words) is not None
    except DoubtfulDate:
        dated = True
    return len(words) <= 90 and not dated and not _BULLET.match(words) and words[-1] not in ".:"


def _split_title(title: str) -> tuple[str, str]:
    match = _SERIES.fullmatch(title)
    if match:
        return match["series"].strip(), match["headline"].strip()
    return "", title.strip()


def _pieces(block: list[str]) -> list[_Piece]:
    """Divide a block into paragraphs, bullets and furniture, with wrapped lines together."""
    by_line = any(len(line) > _NO_WRAP for line in block)
    pieces: list[_Piece] = []
    for line in block:
        words = line.strip()
        bullet = _BULLET.match(words)
        if _is_contact(words):
            pieces.append(_Piece(_Kind.CONTACT, [words]))
        elif len(words) <= _SHORT and _SUBSCRIBE.match(words):
            pieces.append(_Piece(_Kind.SUBSCRIBE, [words]))
        elif bullet:
            pieces.append(_Piece(_Kind.BULLET, [words[bullet.end() :]]))
        elif pieces and _belongs(pieces[-1], line, by_line):
            pieces[-1].lines.append(words)
        else:
            pieces.append(_Piece(_Kind.PARAGRAPH, [words]))
    return pieces


def _belongs(piece: _Piece, line: str, by_line: bool) -> bool:
    if piece.kind is _Kind.SUBSCRIBE:
        return False
    if piece.kind is _Kind.CONTACT:
        return len(line) <= _SHORT
    return not by_line or (piece.kind is _Kind.BULLET and line.startswith("  "))


def _is_contact(line: str) -> bool:
    if len(line) > _SHORT or not _CONTACT.match(line):
        return False
    return line.endswith(":") or has_address(line) or "please contact" in line.lower()


def _take_points(pieces: list[_Piece]) -> tuple[tuple[str, ...], list[_Piece]]:
    """Take the first run of bullets, if at most one paragraph and a label precede it."""
    start = next((n for n, piece in enumerate(pieces) if piece.kind is _Kind.BULLET), len(pieces))
    end = start
    while end < len(pieces) and pieces[end].kind is _Kind.BULLET:
        end += 1
    before = pieces[:start]
    if before and _LABEL.fullmatch(before[-1].words.rstrip(": ")):
        before = before[:-1]
    if start == end or len(before) > 1:
        return (), pieces
    return tuple(piece.words for piece in pieces[start:end]), before + pieces[end:]


def _take_furniture(pieces: list[_Piece]) -> tuple[list[_Piece], str, str]:
    """Take the contact lines with what follows them, and the line that asks to subscribe."""
    body: list[_Piece] = []
    contact: list[str] = []
    subscribe = ""
    in_contact = False
    for piece in pieces:
        if piece.kind is _Kind.SUBSCRIBE:
            subscribe = subscribe or piece.words
        elif piece.kind is _Kind.CONTACT:
            contact += piece.lines
            in_contact = True
        elif in_contact and len(piece.words) <= _SHORT:
            contact += piece.lines
        else:
            body.append(piece)
            in_contact = False
    return body, "\n".join(contact), subscribe


def _body(pieces: list[_Piece]) -> tuple[tuple[str, ...], str]:
    """Return the paragraphs as read, and all of the body as Markdown."""
    paragraphs: list[str] = []
    source: list[str] = []
    before: _Kind | None = None
    for piece in pieces:
        if piece.kind is _Kind.BULLET:
            item = "- " + escape_paragraph(piece.words)
            if before is _Kind.BULLET:
                paragraphs[-1] += "\n• " + piece.words
                source[-1] += "\n" + item
            else:
                paragraphs.append("• " + piece.words)
                source.append(item)
        else:
            paragraphs.append(piece.words)
            source.append(escape_paragraph(piece.words))
        before = piece.kind
    return tuple(paragraphs), "\n\n".join(source)
