"""Markdown to HTML that is safe to show."""

from __future__ import annotations

import html
import re
import threading

from markdown import Markdown
from markdown.blockprocessors import ParagraphProcessor
from markdown.inlinepatterns import SimpleTextInlineProcessor
from markdown.util import Registry

from .limits import (
    LONGEST,
    LONGEST_LINE,
    TooDeep,
    Unrenderable,
    require_depth,
    require_length,
)
from .metering import Meter, install
from .sanitiser import sanitise, sanitise_inline

# Not "extra": its attr_list takes anything in braces out of the text, and a
# brief that says {0.__class__} must say so to its readers. md_in_html would
# parse Markdown inside raw HTML that is about to be cut away.
_EXTENSIONS = [
    "abbr",
    "def_list",
    "fenced_code",
    "footnotes",
    "sane_lists",
    "smarty",
    "tables",
    "pymdownx.magiclink",  # people paste bare addresses and expect them to work
    "pymdownx.mark",
    "pymdownx.tasklist",
    "pymdownx.tilde",
]
# Marks that smarty would set the English way: (', ', ", ").
_QUOTES = {
    "de": ("&sbquo;", "&lsquo;", "&bdquo;", "&ldquo;"),
    "fr": ("&lsaquo;&#8239;", "&#8239;&rsaquo;", "&laquo;&#8239;", "&#8239;&raquo;"),
    "pl": ("&sbquo;", "&rsquo;", "&bdquo;", "&rdquo;"),
}
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_BREAKS = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]+")
_BULLET = re.compile(r"[•▪◦‣·]\s*")
_CHECKBOX = re.compile(r'<input type="checkbox" disabled( checked)?\s*/?>')

# A name as programmers write it, in the middle of a word: not emphasis.
_UNDERLINED_NAME = r"((?<=[\w.])__\w+?__)"

# A body of 100,000 characters takes 500,000 steps, a second has some ten million.
_MOST_STEPS = 5_000_000
_MOST_STEPS_IN_A_LINE = 200_000

# One parser per thread, language and kind: building one takes longer than using it.
_ready = threading.local()


def render_markdown(source: str, *, language: str = "en", keep_breaks: bool = False) -> str:
    """Return sanitised HTML of *source*.

    *keep_breaks* makes each line end a line, as the lines of a postal address
    want it. *language* picks the quotation marks. Raises Unrenderable.
    """
    require_length(source, LONGEST, "text")
    kind = "lines" if keep_breaks else "blocks"
    source = _CONTROLS.sub("", source).replace("\u2028", "\n").replace("\u2029", "\n\n")
    converted = _convert(kind, language, source)
    clean = sanitise(_CHECKBOX.sub(lambda m: "☑" if m[1] else "☐", converted))
    require_depth(clean, sanitised=True)
    return clean


def show_markdown(source: str, *, language: str = "en", keep_breaks: bool = False) -> str:
    """Return what render_markdown does, and of a text that it refuses the bare characters.

    For pages, which must be shown whatever an editor has written.
    """
    try:
        return render_markdown(source, language=language, keep_breaks=keep_breaks)
    except Unrenderable:
        return f"<p>{html.escape(_CONTROLS.sub('', source[:LONGEST]))}</p>"


def render_inline(source: str, *, language: str = "en") -> str:
    """Return sanitised HTML of one line: emphasis and links, no blocks.

    A bullet that was pasted along with the line is dropped: the list has its own.
    Raises Unrenderable.
    """
    require_length(source, LONGEST_LINE, "key point")
    line = _BREAKS.sub(" ", _CONTROLS.sub("", source)).strip()
    if bullet := _BULLET.match(line):
        line = line[bullet.end() :]
    clean = sanitise_inline(_convert("inline", language, line))
    require_depth(clean, sanitised=True)
    return clean


def _convert(kind: str, language: str, source: str) -> str:
    parsers: dict[tuple[str, str], tuple[Markdown, Meter]]
    parsers = _ready.__dict__.setdefault("parsers", {})
    code = language[:2].lower()
    key = (kind, code if code in _QUOTES else "")
    # Taken out meanwhile: one that gave up half-way remembers what it was in.
    parser, meter = parsers.pop(key) if key in parsers else _make_parser(*key)
    parser.reset()
    meter.start()
    try:
        converted = parser.convert(source)
    except RecursionError as error:
        raise TooDeep from error
    parsers[key] = (parser, meter)
    require_depth(converted, sanitised=False)
    return converted


def _make_parser(kind: str, language: str) -> tuple[Markdown, Meter]:
    smarty: dict[str, object] = {}
    if language:
        names = ("left-single-quote", "right-single-quote", "left-double-quote",
                 "right-double-quote")  # fmt: skip
        smarty["substitutions"] = dict(zip(names, _QUOTES[language], strict=True))
    parser = Markdown(
        extensions=[*_EXTENSIONS, *(["nl2br"] if kind == "lines" else [])],
        extension_configs={
            "smarty": smarty,
            # The style attribute it would write else does not pass the sanitiser.
            "tables": {"use_align_attribute": True},
            # One tilde stays one: "~100 vehicles, ~40 of them armoured".
            "pymdownx.tilde": {"subscript": False},
        },
        output_format="html",
    )
    parser.inlinePatterns.register(SimpleTextInlineProcessor(_UNDERLINED_NAME), "name", 65)
    if kind == "inline":
        _leave_only_paragraphs(parser)
    return parser, install(parser, _MOST_STEPS_IN_A_LINE if kind == "inline" else _MOST_STEPS)


def _leave_only_paragraphs(parser: Markdown) -> None:
    """Take every rule for blocks away: a key point may begin with "1986." or "#"."""
    parser.parser.blockprocessors = Registry()
    parser.parser.blockprocessors.register(ParagraphProcessor(parser.parser), "paragraph", 10)
    for name in ("html_block", "fenced_code_block"):
        parser.preprocessors.deregister(name)
