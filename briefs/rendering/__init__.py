"""Turn the text of a brief into a mail and a web page: strings in, strings out."""

from .images import WIDEST
from .limits import LONGEST, LONGEST_LINE, TooDeep, TooInvolved, TooLong, Unrenderable
from .mail import html_octets, render_email
from .markdown import render_inline, render_markdown, show_markdown
from .merge_checks import MergeTrouble, merge_troubles
from .merging import MOST_FIELDS, Field, TooManyFields, by_default, fill_line, fill_lines
from .page import render_page
from .parts import Look, Mail, Page, Places, Text
from .stylesheet import shades

__all__ = [
    "LONGEST",
    "LONGEST_LINE",
    "MOST_FIELDS",
    "WIDEST",
    "Field",
    "Look",
    "Mail",
    "MergeTrouble",
    "Page",
    "Places",
    "Text",
    "TooDeep",
    "TooInvolved",
    "TooLong",
    "TooManyFields",
    "Unrenderable",
    "by_default",
    "fill_line",
    "fill_lines",
    "html_octets",
    "merge_troubles",
    "render_email",
    "render_inline",
    "render_markdown",
    "render_page",
    "shades",
    "show_markdown",
]
