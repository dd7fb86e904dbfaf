"""An invented brief in the shape of a daily one, and eyes to look at what came of it."""

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from briefs.rendering import Look, Mail, Places, Text, render_email
from briefs.rendering.stylesheet import Stylesheet

BODY = """\
Water in the upper **Sardanis reservoir**—the largest of four—stood at *31 percent* on \
Tuesday, according to [the authority's report](https://example.org/q1?lang=en&page=2).[^1]

Farmers have reduced planting by a third, and two ports at the river’s mouth report silting.

## What the figures say

| Reservoir | April 2015 | April 2016 |
|---|---:|---:|
| Sardanis | 64 % | 31 % |
| Upper Kavo | 58 % | 40 % |

> We plan for the average year, and there has not been one for six years; nobody at the \
ministry believes that there will be one soon.

The government’s answer has two parts:

- emergency wells, of which ~40 are drilled and of which the ministry says that they will \
last until autumn;
- talks with the neighbour, which [broke off](https://example.org/talks).

Whatever comes of them, the valley will depend on one river.

[^1]: Regional Water Authority, *Quarterly Report*.
"""
TEXT = Text(
    series="Meridian DailyBrief",
    headline="A River’s Third Dry Winter",
    date=dt.date(2016, 4, 6),
    key_points=(
        "The authority lowered its forecast to 31 percent, the lowest since measurement began",
        "Closing the channel will cut exports by a fifth",
        "Wells help now and cost later",
        "• Talks, [broken off in March](https://example.org/talks), will not resume.",
    ),
    body=BODY,
    authors=("Ada Marlow", "Jonas Weir"),
    contact_block="For bespoke research:\n[our desk](https://meridian.example/desk) or "
    "desk@meridian.example",
    topics=("Water", "Southern Europe"),
)
LOOK = Look(
    name="Meridian Review",
    colour="#8a1c2b",
    home_url="https://meridian.example/",
    postal_address="14 Harbour Row\nPort Alban 2203",
)
PLACES = Places(
    view="SLOTview0",
    unsubscribe="SLOTunsubscribe0",
    subscribe="SLOTsubscribe0",
    privacy="SLOTprivacy0",
    imprint="SLOTimprint0",
    reason="SLOTreason0",
)


def render(look: Look = LOOK, link=str, **changes) -> Mail:
    """Render the sample with some of its text changed."""
    return render_email(replace(TEXT, **changes), look, PLACES, link)


@dataclass
class Element:
    """One start tag with its attributes and all words inside it."""

    tag: str
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


class Page(HTMLParser):
    """Reads HTML as a mail client does, to ask what is in it."""

    VOID = frozenset({"br", "hr", "img", "meta", "input", "link"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data):
        for element in self._open:
            element.words.append(data)

    def all(self, tag: str, class_name: str = "") -> list[Element]:
        return [
            element
            for element in self.elements
            if element.tag == tag
            and (not class_name or class_name in element.attributes.get("class", "").split())
        ]

    def hrefs(self) -> list[str]:
        return [element.attributes.get("href", "") for element in self.all("a")]


def everything(css: Stylesheet) -> str:
    """Return a body in which each rule of *css* finds something."""
    parts = {part.partition("[")[0] for selector, _words in css.twins for part in selector.split()}
    return "".join(f'<p class="{p[1:]}">' if p.startswith(".") else f"<{p}>" for p in sorted(parts))


def at_night(css: Stylesheet) -> dict[str, dict[str, str]]:
    """Return {selector: {property: value}} as *css* has it in the dark."""
    dark = css.kept_for(everything(css)).partition("(prefers-color-scheme: dark) {")[2]
    found: dict[str, dict[str, str]] = {}
    for selectors, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", dark):
        words = dict(part.strip().split(": ", 1) for part in rule.split(";") if part.strip())
        for selector in " ".join(selectors.split()).split(", "):
            assert selector not in found, selector
            found[selector] = words
    return found
