"""What is wrong with the merge fields of a text: looked for before it goes out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from .limits import Unrenderable
from .markdown import render_inline, render_markdown
from .merging import Field, Merging
from .parts import Text

# “[[1]]” and “[[^1]]” are ways to write a note.
_BEGUN = re.compile(r"\[\[(?![\d^])[^<>\[\]\n]{0,30}")
_ESCAPED = re.compile(r"\\\[\\?\[")
_CODE = re.compile(r"<(code|pre)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class MergeTrouble(NamedTuple):
    """The merge fields of one part of a text: which there are, and which cannot be."""

    where: str  # as preflight names it: "headline", "key point 2", "body", …
    fields: tuple[Field, ...]
    in_links: tuple[str, ...]
    broken: tuple[str, ...]


def merge_troubles(text: Text) -> list[MergeTrouble]:
    """Return what there is to say of each part of *text* that has “[[” in it.

    What cannot be rendered has other troubles, and is passed over.
    """
    return [trouble for where, part in _parts(text) if (trouble := _look_at(where, part))]


def _parts(text: Text) -> Iterator[tuple[str, Text]]:
    """Return each part of *text* that has “[[” as a text of its own."""
    empty = Text("", text.date)
    for name in ("series", "headline", "preheader", "body", "contact_block"):
        if "[[" in (words := getattr(text, name)):
            yield name, replace(empty, **{name: words})
    for number, point in enumerate(text.key_points, start=1):
        if "[[" in point:
            yield f"key point {number}", replace(empty, key_points=(point,))


def _look_at(where: str, part: Text) -> MergeTrouble | None:
    try:
        merging = Merging(part)
        rendered = [merging.settle(fragment) for fragment in _rendered(merging.text)]
    except Unrenderable:
        return None
    lines = [merging.text.series, merging.text.headline, merging.text.preheader]
    broken = [
        merging.fill_text(found, _written).strip()
        for words in (*lines, *map(_words, rendered))
        for found in _BEGUN.findall(words)
    ]
    return MergeTrouble(where, merging.fields, tuple(merging.in_links), tuple(broken))


def _rendered(text: Text) -> Iterator[str]:
    # Who puts a backslash before a bracket means the bracket.
    for point in text.key_points:
        yield render_inline(_ESCAPED.sub("", point))
    yield render_markdown(_ESCAPED.sub("", text.body))
    yield render_markdown(_ESCAPED.sub("", text.contact_block), keep_breaks=True)


def _written(field: Field) -> str:
    return f"[[{field.name}|{field.default}]]"


def _words(fragment: str) -> str:
    return html.unescape(_TAG.sub("", _CODE.sub("", fragment)))
