"""What stands in a text: the links, images and words of each of its parts, as readers get them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from .images import is_own
from .limits import Unrenderable
from .markdown import render_inline, render_markdown
from .merging import Merging
from .parts import Text

_IMAGE_WRITTEN = re.compile(r"(?<!\\)!\[[^\]\n]{0,300}\]\(\s*<?([^)\s>]{1,2000})")
_IMAGE_TAG = re.compile(r"<img\b[^<>]{0,500}?\ssrc\s*=\s*[\"']?([^\"'\s<>]{1,2000})", re.IGNORECASE)
# Bounded: fifty thousand backticks in a row must not take seconds.
_CODE = re.compile(
    r"^(```|~~~).*?^\1|(?<!`)`{1,3}(?!`)[^`\n]{1,1000}`{1,3}", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Anchor:
    """A link: where it leads, empty for nowhere, and the words that are clicked."""

    href: str
    words: str


@dataclass(frozen=True)
class Picture:
    """An image as it is mailed."""

    src: str
    alt: str


@dataclass(frozen=True)
class Part:
    """One part of a text; *where* is as the preflight names it: "body", "key point 2", …"""

    where: str
    words: str = ""  # without what stands in code
    anchors: tuple[Anchor, ...] = ()
    pictures: tuple[Picture, ...] = ()
    lost: tuple[str, ...] = ()  # addresses of images that are not mailed


def inspect(text: Text, language: str = "en", footer: str = "") -> tuple[Part, ...]:
    """Return the parts of *text* that are Markdown; what cannot be rendered is left out.

    *footer* is the foot of every mail, which the publication owns.
    """
    try:
        merging = Merging(text)
    except Unrenderable:
        return ()
    written = merging.text
    parts = [
        *(
            _part(f"key point {number}", point, merging, _inline(language))
            for number, point in enumerate(written.key_points, start=1)
        ),
        _part("body", written.body, merging, _blocks(language)),
        _part("contact_block", written.contact_block, merging, _blocks(language, breaks=True)),
        _part("publication", footer, merging, _blocks(language)),
    ]
    return tuple(part for part in parts if part)


def _inline(language: str) -> Callable[[str], str]:
    return lambda source: render_inline(source, language=language)


def _blocks(language: str, *, breaks: bool = False) -> Callable[[str], str]:
    return lambda source: render_markdown(source, language=language, keep_breaks=breaks)


def _part(where: str, source: str, merging: Merging, render: Callable[[str], str]) -> Part | None:
    try:
        fragment = merging.settle(render(source))
    except Unrenderable:
        return None
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    return Part(
        where=where,
        words="".join(reader.words),
        anchors=tuple(reader.anchors),
        pictures=tuple(reader.pictures),
        lost=tuple(_lost(source, reader.pictures)),
    )


def _lost(source: str, shown: list[Picture]) -> Iterator[str]:
    """Yield the addresses of images that are written in *source* and not *shown*."""
    bare = _CODE.sub("", source)
    there = {html.unescape(image.src) for image in shown}
    for src in [*_IMAGE_WRITTEN.findall(bare), *_IMAGE_TAG.findall(bare)]:
        # One that is mailed may be written in another way: with “&amp;”, with a space at its end.
        if not is_own(src) and (not there or not src.startswith("https://")):
            yield src


class _Reader(HTMLParser):
    """Reads a sanitised fragment."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.anchors: list[Anchor] = []
        self.pictures: list[Picture] = []
        self._code = 0
        self._open: str | None = None
        self._clicked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"code", "pre"}:
            self._code += 1
        elif tag == "a":
            self._open, self._clicked = given.get("href", ""), []
        elif tag == "img":
            self.pictures.append(Picture(given.get("src", ""), given.get("alt", "")))
            self._clicked.append(given.get("alt", "") or " ")
        elif tag not in _IN_A_LINE:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"code", "pre"}:
            self._code -= 1
        elif tag == "a" and self._open is not None:
            self.anchors.append(Anchor(self._open, "".join(self._clicked).strip()))
            self._open = None

    def handle_data(self, data: str) -> None:
        self._clicked.append(data)
        if not self._code:
            self.words.append(data)


_IN_A_LINE = {
    "abbr", "b", "cite", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "strong",
    "sub", "sup", "u",
}  # fmt: skip
