"""Sanitised HTML to text that reads well: our own, because no library numbers links as we do."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from django.utils.translation import gettext as _

from .links import Links, is_web
from .tabulation import Table
from .wrapping import WIDTH, collapse, cut, display_width, wrap

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_APART = {"p", "blockquote", "pre", "figure", "dl", "div", *_HEADINGS}
_BLOCKS = _APART | {"dt", "figcaption", "caption"}
_DEEPEST = 8  # levels of lists and quotes that are drawn
_SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPT = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")


@dataclass
class _Margin:
    """What a list item or a quotation puts before its lines."""

    first: str
    rest: str
    begun: bool = False


@dataclass
class _List:
    marker: str  # "• " or a format with the number
    number: int = 0


def to_text(fragment: str, links: Links, *, width: int = WIDTH) -> list[str]:
    """Return the lines of *fragment*, wrapped at *width*."""
    writer = _Writer(links, width)
    writer.feed(fragment)
    writer.close()
    return writer.finished()


def to_line(fragment: str) -> str:
    """Return the words of *fragment* in one line, without marks and links."""
    reader = _Words()
    reader.feed(fragment)
    reader.close()
    return collapse("".join(reader.words))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS or tag in {"br", "li", "td", "th"}:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


class _Writer(HTMLParser):
    def __init__(self, links: Links, width: int) -> None:
        super().__init__(convert_charrefs=True)
        self._links = links
        self._width = width
        self._lines: list[str] = []
        self._inline: list[str] = []
        self._margins: list[_Margin] = []
        self._lists: list[_List] = []
        self._apart = False
        self._heading = ""
        self._pre = False
        self._table: Table | None = None
        self._tables = 0  # nested ones are read as part of the outermost
        self._link: tuple[str, int] | None = None  # href, where its words begin
        self._notes = False
        self._raised: tuple[str, int] | None = None

    def finished(self) -> list[str]:
        """Return all lines."""
        self._flush()
        return self._lines

    # What the parser calls

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"table", "tr", "th", "td"}:
            self._start_of_table(tag, given)
        elif tag in {"ul", "ol", "li", "blockquote", "dd"}:
            self._start_of_margin(tag, given)
        elif tag in _BLOCKS:
            self._start_of_block(tag, given)
        else:
            self._start_of_inline(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"table", "tr", "th", "td"}:
            self._end_of_table(tag)
        elif tag in {"ul", "ol", "li", "blockquote", "dd"}:
            self._end_of_margin(tag)
        elif tag in _BLOCKS:
            self._end_of_block(tag)
        elif tag == "a" and self._link:
            self._end_of_link(*self._link)
        elif tag in {"sup", "sub"} and self._raised:
            self._end_of_raised(*self._raised)
        elif tag in {"del", "s"}:
            self._inline.append("~~")

    def handle_data(self, data: str) -> None:
        self._inline.append(data)

    # Blocks

    def _start_of_block(self, tag: str, given: dict[str, str]) -> None:
        self._flush()
        self._apart = self._apart or tag in _APART
        if given.get("class") == "footnote":
            self._notes = True
            self._emit([_("Notes")])
        self._heading = tag if tag in _HEADINGS else self._heading
        self._pre = self._pre or tag == "pre"

    def _end_of_block(self, tag: str) -> None:
        self._flush()
        self._apart = self._apart or tag in _APART
        if tag in _HEADINGS:
            self._heading = ""
        elif tag == "pre":
            self._pre = False
        elif tag == "div":
            self._notes = False

    def _start_of_margin(self, tag: str, given: dict[str, str]) -> None:
        self._flush()
        if tag in {"ul", "ol"}:
            self._apart = self._apart or not self._lists
            marker = "({}) " if self._notes else "{}. "
            start = int(given.get("start") or 1)
            self._lists.append(_List("• ") if tag == "ul" else _List(marker, start - 1))
        elif tag == "li":
            self._margins.append(self._margin_of_item())
        elif tag == "blockquote":
            self._apart = True
            self._margins.append(_Margin("> ", "> "))
        else:
            self._margins.append(_Margin("    ", "    "))

    def _end_of_margin(self, tag: str) -> None:
        self._flush()
        if tag in {"ul", "ol"}:
            if self._lists:
                self._lists.pop()
            self._apart = self._apart or not self._lists
        elif self._margins:
            self._margins.pop()
            self._apart = self._apart or tag != "li"

    def _margin_of_item(self) -> _Margin:
        if not self._lists:
            return _Margin("• ", "  ")
        current = self._lists[-1]
        current.number += 1
        first = current.marker.format(current.number)
        return _Margin(first, " " * len(first))

    # Tables

    def _start_of_table(self, tag: str, given: dict[str, str]) -> None:
        if tag == "table":
            self._tables += 1
            if self._tables == 1:
                self._flush()
                self._table = Table()
        elif self._table and self._tables == 1:
            if tag == "tr":
                self._table.start_row()
            else:
                self._inline.clear()
                self._table.start_cell(head=tag == "th", align=given.get("align", ""))

    def _end_of_table(self, tag: str) -> None:
        if tag == "table":
            self._tables -= 1
            if self._tables == 0 and self._table:
                table, self._table = self._table, None
                self._inline.clear()
                self._apart = True
                self._emit(table.lines(self._room()))
                self._apart = True
        elif self._table and self._tables == 1 and tag in {"th", "td"}:
            self._table.end_cell(collapse("".join(self._inline)))
            self._inline.clear()

    # Inside a line

    def _start_of_inline(self, tag: str, given: dict[str, str]) -> None:
        if tag == "br":
            self._inline.append("\n" if self._pre else "\v")
        elif tag == "hr":
            self._flush()
            if not self._notes:
                self._apart = True
                self._emit(["* * *"])
                self._apart = True
        elif tag == "img" and given.get("alt"):
            self._inline.append(f"[{_('Image')}: {given['alt']}]")
        elif tag == "a":
            self._link = (given.get("href", ""), len(self._inline))
        elif tag in {"sup", "sub"}:
            self._raised = (tag, len(self._inline))
        elif tag in {"del", "s"}:
            self._inline.append("~~")

    def _end_of_link(self, href: str, begin: int) -> None:
        self._link = None
        words = collapse("".join(self._inline[begin:]))
        if href.startswith("#"):
            # A footnote: its mark in the text is a number, its way back an arrow.
            self._inline[begin:] = [f"({words})"] if words.isdigit() else []
            self._raised = None
        elif is_web(href):
            mailed = self._links.mailed(href)
            if mailed != words:
                self._inline.append(f" [{self._links.number(href)}]")
        elif href.startswith("mailto:"):
            address = href.removeprefix("mailto:").partition("?")[0]
            if address and address not in words:
                self._inline.append(f" <{address}>")

    def _end_of_raised(self, tag: str, begin: int) -> None:
        self._raised = None
        text = "".join(self._inline[begin:])
        digits = _SUPERSCRIPT if tag == "sup" else _SUBSCRIPT
        if text and all(ord(character) in digits for character in text):
            self._inline[begin:] = [text.translate(digits)]

    # Lines

    def _flush(self) -> None:
        if self._table is not None:
            self._inline.append(" ")
            return
        # A note ends in a no-break space before the arrow that leads back.
        text = "".join(self._inline).rstrip("\u00a0 ")
        self._inline.clear()
        if self._pre:
            code = text.strip("\n").expandtabs(4).splitlines()
            self._emit([piece for line in code for piece in cut("    " + line)])
            return
        room = self._room()
        for part in text.split("\v"):
            lines = wrap(part, width=room)
            if lines and self._heading == "h2":
                lines.append("-" * min(room, max(map(display_width, lines))))
            self._emit(lines)

    def _room(self) -> int:
        taken = sum(display_width(margin.rest) for margin in self._margins[:_DEEPEST])
        return max(self._width - taken, 24)

    def _emit(self, lines: list[str]) -> None:
        if not lines:
            return
        if self._apart and self._lines:
            self._lines.append(self._prefix(blank=True))
        self._apart = False
        self._lines += [(self._prefix() + line).rstrip(" ") for line in lines]

    def _prefix(self, *, blank: bool = False) -> str:
        parts = []
        for margin in self._margins[:_DEEPEST]:
            parts.append(margin.rest if margin.begun else "" if blank else margin.first)
            margin.begun = margin.begun or not blank
        prefix = "".join(parts)
        return prefix.rstrip(" ") if blank else prefix
