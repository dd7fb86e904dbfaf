"""A small tree of foreign HTML, out of which whatever runs or frames has been taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from briefs.rendering.limits import Unrenderable, require_depth

from .items import RefusedItem

MOST = 2_000_000  # characters of HTML for one text
_DEEPEST = 200  # levels; beyond, words only
_VOID = {"br", "hr", "img", "wbr"}
BLOCKS = frozenset(
    """
    address article aside blockquote body dd details div dl dt fieldset figcaption figure footer
    h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead
    tr ul center
    """.split()  # noqa: SIM905  (reads better than fifty quoted words)
)
_INLINE = {
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "img", "ins", "kbd", "mark", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "u", "font",
}  # fmt: skip
_GONE = {
    "applet", "audio", "button", "canvas", "embed", "form", "frame", "frameset", "head", "iframe",
    "math", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "title", "video", "xmp",
}  # fmt: skip
_cleaner = nh3.Cleaner(
    tags=set(BLOCKS | _INLINE),
    clean_content_tags=_GONE,
    attributes={
        "*": {"class", "id", "style", "hidden", "align"},
        "a": {"href"},
        "img": {"src", "alt", "title", "width", "height"},
        "ol": {"start"},
        "td": {"colspan"},
        "th": {"colspan"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)
_EMBED = re.compile(r"<(?:iframe|video|audio|embed|object)\b", re.IGNORECASE)


@dataclass
class Node:
    """An element; its children are elements and texts."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return an attribute; "" where there is none."""
        return self.attributes.get(name, "")

    @property
    def classes(self) -> set[str]:
        """Return the names of its classes, in lower case."""
        return set(self.get("class").lower().split())

    @property
    def style(self) -> str:
        """Return what its style says, without spaces."""
        return self.get("style").lower().replace(" ", "")

    def elements(self) -> list[Node]:
        """Return the children that are elements."""
        return [child for child in self.children if isinstance(child, Node)]

    def walk(self) -> Iterator[Node]:
        """Yield every element below, in order."""
        for child in self.elements():
            yield child
            yield from child.walk()

    def words(self) -> str:
        """Return all text below, in one line."""
        return " ".join(self._text().split())

    def raw(self) -> str:
        """Return all text below as it stands, with the lines of code."""
        return self._text()

    def _text(self) -> str:
        parts = []
        for child in self.children:
            if isinstance(child, str):
                parts.append(child)
            elif child.name == "br":
                parts.append("\n")
            else:
                parts.append(child._text())
        return "".join(parts)


class _Builder(HTMLParser):
    """Builds the tree of what the cleaner, which closes every element, has left."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("body")
        self._open = [self.root]
        self._beyond = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and (self._beyond or len(self._open) > _DEEPEST):
            self._beyond += 1
            return
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._beyond:
            self._beyond -= 1
        elif len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read(source: str) -> tuple[Node, int]:
    """Return the tree of *source*, and how many films, sounds and frames were left out."""
    if len(source) > MOST:
        raise RefusedItem(f"The text has more than {MOST} characters of HTML.")
    try:
        # A parser of HTML takes minutes over a hundred thousand levels.
        require_depth(source, sanitised=False)
    except Unrenderable as error:
        raise RefusedItem(str(error)) from error
    builder = _Builder()
    builder.feed(_cleaner.clean(source))
    builder.close()
    return builder.root, len(_EMBED.findall(source))
