"""Differences as readers see them: no Markdown, and of a long text the sentences that changed."""

import re
from typing import Any

from briefs.differences.fields import Change, compare
from briefs.differences.wording import Piece, Row

# What a reader has before them; preheader and web address are for machines.
_SHOWN = ("headline", "series", "date", "key_points", "body", "topics", "authors", "contact_block")
_MARKDOWN = ("key_points", "body", "contact_block")

_IMAGE = re.compile(r"!\[([^\[\]]*)\]\(\s*<?([^\s()<>]*)>?[^()]*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^\s()<>]*)>?[^()]*\)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_FOOTNOTE = re.compile(r"(?m)^[ \t]{0,3}\[\^[^\[\]\s]{1,80}\]:[ \t]*|(?<!\\)\[\^[^\[\]\s]{1,80}\]")
_AT_THE_START = re.compile(r"(?m)^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?)+")
_MARKS = re.compile(r"(?<!\\)(?:\*+|~~|==|`+)|(?<!\\)(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)")
_BACKSLASH = re.compile(r"\\([!-/:-@\[-`{-~])")
_SENTENCE_ENDS = re.compile(r"(?:[.!?…。！？][\"'”’»)\]]*\s+|[。！？]|\n)")
_MOST_KEPT = 300  # characters on either side of a change, where no sentence ends


def for_readers(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return what a reader of the snapshot *before* has to know of *after*.

    Rows that stayed are left out, and of those that changed the sentences
    around. Where only the target of a link changed, the targets are shown;
    where only Markdown's marks did, nothing is.
    """
    found: list[Change] = []
    for field in _SHOWN:
        changes = _of(field, before, after, targets=False) or _of(
            field, before, after, targets=True
        )
        found += [
            Change(change.field, change.label, tuple(map(shortened, _changed(change))))
            for change in changes
        ]
    return found


def _changed(change: Change) -> list[Row]:
    return [row for row in change.rows if row.kind != "kept"]


def _of(
    field: str, before: dict[str, Any], after: dict[str, Any], *, targets: bool
) -> list[Change]:
    if before.get(field) == after.get(field):
        return []
    old, new = (_plain_value(field, content.get(field, ""), targets) for content in (before, after))
    return compare({field: old}, {field: new})


def _plain_value(field: str, value: Any, targets: bool) -> Any:
    if field not in _MARKDOWN:
        return value
    if isinstance(value, list):
        return [plain(str(item), targets=targets) for item in value]
    return plain(str(value), targets=targets)


def plain(markdown: str, *, targets: bool = False) -> str:
    """Return *markdown* without its marks, near enough for a diff; with *targets*, of links too."""
    words = r"\1 (\2)" if targets else r"\1"
    text = _FOOTNOTE.sub("", markdown.replace("\r\n", "\n"))
    for pattern in (_IMAGE, _LINK):
        text = pattern.sub(words, text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _MARKS.sub("", _AT_THE_START.sub("", text))
    return _BACKSLASH.sub(r"\1", text)


def shortened(row: Row) -> Row:
    """Return *row* with no more of what stayed than the sentences in which something changed."""
    if row.kind != "changed":
        return row
    last = len(row.pieces) - 1
    pieces = [
        _cut(piece, has_before=number > 0, has_after=number < last)
        for number, piece in enumerate(row.pieces)
    ]
    return Row(row.kind, tuple(piece for piece in pieces if piece.text))


def _cut(piece: Piece, *, has_before: bool, has_after: bool) -> Piece:
    """Cut what was kept: the end of the sentence before, "…", the beginning of the one after."""
    if piece.kind != "kept":
        return piece
    text = piece.text
    ends = [match.end() for match in _SENTENCE_ENDS.finditer(text)]
    head = _head(text, ends) if has_before else ""
    tail = _tail(text, ends) if has_after else ""
    if len(head) + len(tail) >= len(text):
        return piece
    return Piece("kept", f"{head.rstrip()} … {tail.lstrip()}" if head and tail else head or tail)


def _head(text: str, ends: list[int]) -> str:
    """Return *text* to the end of its first sentence, or not for ever."""
    head = text[: ends[0]] if ends else text
    return head if len(head) <= _MOST_KEPT else head[:_MOST_KEPT].rsplit(" ", 1)[0] + " …"


def _tail(text: str, ends: list[int]) -> str:
    """Return *text* from the beginning of its last sentence, or not from for ever."""
    tail = text[ends[-1] :] if ends else text
    return tail if len(tail) <= _MOST_KEPT else "… " + tail[-_MOST_KEPT:].split(" ", 1)[-1]
