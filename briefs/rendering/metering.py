"""A Markdown parser that counts its steps, and gives up on a text made to keep it busy.

Python-Markdown reads what follows a mark over and over where nothing closes
the mark, and a block once per line where each line begins something new. A
step is a character that is looked at once more; counted, not timed, so that a
text is fit or unfit on every machine and under every load.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions.footnotes import FootnoteInlineProcessor
from markdown.htmlparser import HTMLExtractor
from markdown.inlinepatterns import DelimiterProcessor
from markdown.preprocessors import Preprocessor

from .limits import TooInvolved

# What cannot be counted by itself, in steps.
_BLOCK = _TAG = 200
_MATCH = 100
_FOOTNOTE = 10_000  # each is looked for among those before it, which are 500 at most then
_COPIED_IN_A_STEP = 256  # characters

# What handleMatch of an inline pattern returns: a node, and the span that it replaces.
_Matched = tuple[Any, int | None, int | None]


class Meter:
    """Counts the steps of one conversion."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    def start(self) -> None:
        """Count from nothing."""
        self._taken = 0

    def take(self, steps: int) -> None:
        """Count *steps*; raise TooInvolved if they are too many."""
        self._taken += steps
        if self._taken > self._most:
            raise TooInvolved


def install(parser: Markdown, most: int) -> Meter:
    """Let *parser* count its steps; after *most*, a conversion raises TooInvolved."""
    meter = Meter(most)
    parser.parser.blockprocessors.register(_BlockCounter(parser, meter), "meter", 1000)
    pattern: Any  # only the new style of patterns, which the stubs do not describe
    smarty: Any = parser.treeprocessors["smarty"]
    for pattern in (*parser.inlinePatterns, *smarty.inlinePatterns):
        pattern.handleMatch = _metered(pattern, meter)
    if "html_block" in parser.preprocessors:
        parser.preprocessors.register(_MeteredHtml(parser, meter), "html_block", 20)
    return meter


def _metered(pattern: Any, meter: Meter) -> Callable[[re.Match[str], str], _Matched]:
    handle = pattern.handleMatch
    each = _FOOTNOTE if isinstance(pattern, FootnoteInlineProcessor) else 0
    # It pairs all of its marks in one go, and tells how far it came.
    pairs = isinstance(pattern, DelimiterProcessor)

    def counted(match: re.Match[str], data: str) -> _Matched:
        meter.take(each)
        node, start, end = handle(match, data)
        if start is None or end is None or (node is None and not pairs):
            # What closes it was looked for to the end.
            meter.take(len(data) - match.start())
        else:
            # All of the text is copied around what comes in its place.
            meter.take(_MATCH + end - start + len(data) // _COPIED_IN_A_STEP)
        return node, start, end

    return counted


class _BlockCounter(BlockProcessor):
    """Asked first about each block, each time that one is looked at; takes none."""

    def __init__(self, md: Markdown, meter: Meter) -> None:
        super().__init__(md.parser)
        self._meter = meter

    def test(self, parent: Element, block: str) -> bool:
        """Count the block, its siblings, and its rows and cells, which are looked for again."""
        cells = block.count("\n") + block.count("|")
        self._meter.take(_BLOCK + len(block) + len(parent) // 8 + cells * cells // 64)
        return False


class _MeteredHtml(Preprocessor):
    def __init__(self, md: Markdown, meter: Meter) -> None:
        super().__init__(md)
        self._meter = meter

    def run(self, lines: list[str]) -> list[str]:
        """Take blocks of HTML out, as the original does."""
        extractor = _MeteredExtractor(self.md, self._meter)
        extractor.feed("\n".join(lines))
        extractor.close()
        return "".join(extractor.cleandoc).split("\n")


class _MeteredExtractor(HTMLExtractor):
    def __init__(self, md: Markdown, meter: Meter) -> None:
        super().__init__(md)
        self._meter = meter

    def parse_starttag(self, i: int) -> int:
        """Count a tag that has no end as all that was searched for it."""
        end = super().parse_starttag(i)
        self._meter.take(_TAG + (len(self.rawdata) - i if end <= i + 1 else end - i))
        return end
