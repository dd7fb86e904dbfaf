"""The look of the mail: every rule once, its dark twin made from it.

Mail clients know no variables, so colours are names in the source ("$ink")
and values in what is sent. Each rule that sets a colour gets a twin under
prefers-color-scheme: dark; so no colour can be forgotten there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from . import colour as colours

DEFAULT_ACCENT = "#1a4a6e"
_LIGHT = {
    "page": "#f1f0ec",
    "sheet": "#ffffff",
    "ink": "#1a1c20",
    "soft": "#5b616b",
    "line": "#dddad2",
    "tint": "#f5f5f2",
    "plate": "#ffffff",
    "mark": "#fff3bf",
}
_DARK = {
    "page": "#0f1113",
    "sheet": "#181b1f",
    "ink": "#e4e5e7",
    "soft": "#a3a9b3",
    "line": "#363b42",
    "tint": "#21252a",
    "plate": "#ffffff",  # logos are drawn for white paper
    "mark": "#5c4b00",
}

_SERIF = 'Georgia, "Iowan Old Style", "Times New Roman", Times, serif'
_SANS = '-apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif'

# "start" and "end" become left and right, or right and left in a right-to-left brief.
_RULES = """
.page { margin: 0; padding: 0; background-color: $page; }
.hidden { display: none; max-height: 0; max-width: 0; overflow: hidden; opacity: 0;
  font-size: 1px; line-height: 1px; color: $page; mso-hide: all; }
.outer { padding: 16px 12px 40px; background-color: $page; }
.width { max-width: 640px; margin: 0 auto; }
.over { padding: 0 4px 10px; font: 12px/18px {sans}; color: $soft; text-align: end; }
.over a { color: $soft; text-decoration: underline; }
.bar { height: 5px; font-size: 0; line-height: 0; background-color: $bar; }
.sheet { background-color: $sheet; }
.masthead { padding: 22px 40px 18px; border-bottom: 1px solid $line; }
.name { font: bold 19px/24px {serif}; color: $ink; text-align: start; }
.name a { color: $ink; text-decoration: none; }
.logo { display: block; height: 40px; max-width: 240px; border: 0; background-color: $plate;
  color: #1a1c20; font: bold 19px/24px {serif}; }
.motto { margin: 4px 0 0; font: 13px/18px {sans}; color: $soft; }
.date { font: 13px/18px {sans}; color: $soft; text-align: end; }
.title { padding: 34px 40px 0; text-align: start; }
.series { margin: 0 0 10px; font: bold 12px/18px {sans}; letter-spacing: 1.4px;
  text-transform: uppercase; color: $accent; }
.headline { margin: 0; font: bold 34px/41px {serif}; letter-spacing: -0.3px; color: $ink; }
.byline { margin: 14px 0 0; font: 14px/20px {sans}; color: $soft; }
.notice-room { padding: 26px 40px 0; }
.notice { padding: 16px 20px 6px; border: 1px solid $line; background-color: $tint;
  font: 15px/23px {sans}; color: $ink; text-align: start; }
.notice h2 { margin: 0 0 6px; font: bold 15px/23px {sans}; color: $ink; }
.notice p { margin: 0 0 10px; }
.notice a { color: $accent; text-decoration: underline; }
.notice del { color: $soft; text-decoration: line-through; }
.notice ins { background-color: $mark; color: $ink; text-decoration: underline; }
.points-room { padding: 28px 40px 0; }
.points { background-color: $tint; }
.points-edge { width: 4px; font-size: 0; line-height: 0; background-color: $bar; }
.points-text { padding: 20px 26px 10px; padding-start: 22px; font: 16px/24px {sans}; color: $ink;
  text-align: start; }
.points-name { margin: 0 0 12px; font: bold 12px/18px {sans}; letter-spacing: 1.4px;
  text-transform: uppercase; color: $accent; }
.points-list { margin: 0; padding: 0; padding-start: 20px; }
.point { margin: 0 0 12px; padding-start: 2px; }
.point a { color: $accent; text-decoration: underline; }
.body { padding: 28px 40px 14px; font: 17px/28px {serif}; color: $ink; text-align: start; }
.body p { margin: 0 0 20px; }
.body li { margin: 0 0 8px; }
.body ul, .body ol { margin: 0 0 20px; padding: 0; padding-start: 26px; }
.body li p { margin: 0 0 8px; }
.body h2 { margin: 32px 0 12px; font: bold 23px/30px {serif}; color: $ink; }
.body h3 { margin: 30px 0 12px; font: bold 21px/28px {serif}; color: $ink; }
.body h4, .body h5, .body h6 { margin: 24px 0 8px; font: bold 15px/22px {sans}; color: $ink; }
.body a { color: $accent; text-decoration: underline; }
.body blockquote { margin: 0 0 20px; padding: 0; padding-start: 20px;
  border-start: 3px solid $line; font-style: italic; color: $soft; }
.body mark { background-color: $mark; color: $ink; }
.body img { max-width: 100%; height: auto; border: 0; }
.body hr { margin: 28px 0; height: 1px; border: 0; background-color: $line; color: $line; }
.body table { width: 100%; margin: 0 0 24px; border-collapse: collapse; font: 14px/20px {sans};
  color: $ink; }
.body th { padding: 8px 0; padding-end: 12px; border-bottom: 2px solid $ink; vertical-align: bottom;
  font-weight: bold; color: $ink; }
.body td { padding: 8px 0; padding-end: 12px; border-bottom: 1px solid $line; vertical-align: top;
  color: $ink; }
.body th[align=right], .body td[align=right] { padding: 8px 0 8px 12px; }
.body pre { margin: 0 0 20px; padding: 14px 16px; background-color: $tint; color: $ink;
  white-space: pre-wrap; font: 13px/20px Menlo, Consolas, monospace; }
.body code { font-family: Menlo, Consolas, monospace; font-size: 88%; }
.body dt { font-weight: bold; }
.body dd { margin: 0 0 12px; }
.body sup { font-size: 12px; line-height: 0; vertical-align: super; }
.body .footnote { font: 14px/21px {sans}; color: $soft; }
.body .footnote p { margin: 0 0 6px; }
.topics { padding: 0 40px 24px; font: 13px/20px {sans}; color: $soft; text-align: start; }
.contact-room { padding: 0 40px 32px; }
.contact { padding: 20px 0 0; border-top: 1px solid $line; font: 15px/23px {sans};
  color: $ink; text-align: start; }
.contact p { margin: 0 0 8px; }
.contact a { color: $accent; text-decoration: underline; }
.foot { padding: 0 40px 30px; font: 13px/20px {sans}; color: $soft; text-align: start; }
.foot p { margin: 0 0 8px; }
.foot a { color: $soft; text-decoration: underline; }
.foot img { max-width: 100%; height: auto; border: 0; }
.contact img { max-width: 100%; height: auto; border: 0; }
.under { padding: 26px 28px 0; font: 13px/20px {sans}; color: $soft; text-align: center; }
.under p { margin: 0 0 12px; }
.under a { color: $soft; text-decoration: underline; }
.under strong { color: $soft; }
"""
# What differs from the sheet. A plain mail and a letter have no ground but the page.
_FRAMES = {
    "plain": """
.under { border-top: 1px solid $line; }
""",
    "letter": """
.over, .topics, .foot, .under { font: 14px/21px {serif}; }
.masthead { border-bottom: 1px solid $sheet; }
.name { font: 19px/24px {serif}; }
.motto, .date { font: italic 15px/22px {serif}; }
.series { margin: 0 0 6px; font: italic 17px/26px {serif}; letter-spacing: 0;
  text-transform: none; color: $soft; }
.headline { font: bold 28px/35px {serif}; }
.byline { margin: 10px 0 0; font: italic 16px/24px {serif}; }
.points { background-color: $sheet; }
.points-edge { width: 1px; background-color: $line; }
.points-text { padding: 2px 0 0; padding-start: 20px; font: 17px/27px {serif}; }
.points-name { margin: 0 0 8px; font: italic 17px/26px {serif}; letter-spacing: 0;
  text-transform: none; color: $soft; }
.body th, .body td, .body table { font-family: {serif}; }
.contact { font: 16px/25px {serif}; }
.under { border-top: 1px solid $line; }
""",
}
_PHONE = """
@media only screen and (max-width: 600px) {
.outer { padding: 12px 0 32px !important; }
.over { padding: 0 20px 10px !important; }
.masthead { padding: 18px 20px 14px !important; }
.name { font-size: 17px !important; line-height: 22px !important; }
.title { padding: 26px 20px 0 !important; }
.headline { font-size: 28px !important; line-height: 34px !important; }
.points-room, .notice-room { padding: 22px 0 0 !important; }
.points-text { padding: 18px 20px 8px !important; padding-start: 16px !important; }
.body { padding: 24px 20px 10px !important; line-height: 27px !important; }
.topics { padding: 0 20px 20px !important; }
.contact-room, .foot { padding: 0 20px 26px !important; }
}
"""
_START = re.compile(r"(?<=padding-)start\b|(?<=border-)start\b|(?<=text-align: )start\b")
_END = re.compile(r"(?<=padding-)end\b|(?<=text-align: )end\b")
# Between the joined letters of Arabic it would tear words apart.
_SPACING = re.compile(r"letter-spacing:[^;]*;")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


@dataclass(frozen=True)
class Stylesheet:
    """What is written into the elements, and what must stay in a style element."""

    inlined: str
    phone: str
    # (selector, declarations) of each rule that the dark has.
    twins: tuple[tuple[str, str], ...]

    def kept_for(self, body: str) -> str:
        """Return the style element for *body*: in the dark, only what stands in it.

        Each copy carries it, and Gmail counts it too.
        """
        names = frozenset(_named_in(body))
        selectors: dict[str, list[str]] = defaultdict(list)
        for selector, declarations in self.twins:
            if names.issuperset(_parts(selector)):
                selectors[declarations].append(selector)
        # Each selector has one rule, so their order says nothing: those alike stand together.
        twins = [f"{', '.join(met)} {{ {words} }}" for words, met in selectors.items()]
        return "\n".join(
            [
                ":root { color-scheme: light dark; supported-color-schemes: light dark; }",
                self.phone,
                "@media (prefers-color-scheme: dark) {",
                *twins,
                "}",
            ]
        )


def _named_in(body: str) -> set[str]:
    """Return the elements that stand in *body*, and the classes, each behind a dot."""
    classes = " ".join(re.findall(r'class="([^"]*)"', body)).split()
    return {*re.findall(r"<([a-z][a-z0-9]*)", body), *(f".{name}" for name in classes)}


def _parts(selector: str) -> list[str]:
    return [part.partition("[")[0] for part in selector.split()]


@lru_cache(maxsize=256)
def make_stylesheet(accent: str, direction: str, frame: str = "sheet") -> Stylesheet:
    """Return the style sheet for a publication's colour, "#rrggbb", and frame."""
    rules = _RULES + _FRAMES.get(frame, "")
    rules = rules.replace("{serif}", _SERIF).replace("{sans}", _SANS)
    rules = _with_direction(rules, direction)
    light, dark = (
        {**palette, "page": palette["sheet"]} if frame in _FRAMES else palette
        for palette in (_with_accent(_LIGHT, accent), _with_accent(_DARK, accent))
    )
    return Stylesheet(
        inlined=_with_colours(rules, light),
        phone=_squeezed(_with_direction(_PHONE, direction)),
        twins=tuple(_dark_twins(rules, dark)),
    )


def shades(accent: str) -> tuple[str, str]:
    """Return the colour that words have by day and by night where *accent* was chosen."""
    light, dark = (_with_accent(palette, accent)["accent"] for palette in (_LIGHT, _DARK))
    return light, dark


def _with_accent(palette: dict[str, str], accent: str) -> dict[str, str]:
    grounds = tuple(colours.parse(palette[name], "#ffffff") for name in ("sheet", "tint"))
    wanted = colours.parse(accent, DEFAULT_ACCENT)
    text = colours.readable(wanted, grounds)
    bar = colours.readable(wanted, grounds, minimum=3.0)  # WCAG 1.4.11: what is not text
    return {**palette, "accent": colours.hexadecimal(text), "bar": colours.hexadecimal(bar)}


def _with_colours(rules: str, palette: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda m: palette[m[1]], rules)


def _with_direction(rules: str, direction: str) -> str:
    start, end = ("right", "left") if direction == "rtl" else ("left", "right")
    if direction == "rtl":
        rules = _SPACING.sub("", rules)
    return _END.sub(end, _START.sub(start, rules))


def _dark_twins(rules: str, palette: dict[str, str]) -> list[tuple[str, str]]:
    """Return one rule for each selector, with the last word on each of its coloured properties."""
    own: dict[str, dict[str, str]] = defaultdict(dict)
    for selectors, declarations in _RULE.findall(rules):
        for selector in _squeezed(selectors).split(", "):
            for part in declarations.split(";"):
                if "$" in part:
                    own[selector][part.partition(":")[0].strip()] = part.strip()
    return [
        (
            selector,
            _with_colours(" ".join(f"{part} !important;" for part in parts.values()), palette),
        )
        for selector, parts in own.items()
    ]


def _squeezed(css: str) -> str:
    return " ".join(css.split())
