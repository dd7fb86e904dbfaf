"""Turn the text of a brief into a mail and a web page: strings in, strings out."""

from .limits import LONGEST, LONGEST_LINE, TooDeep, TooInvolved, TooLong, Unrenderable
from .mail import html_octets, render_email
from .markdown import render_inline, render_markdown, show_markdown
from .page import render_page
from .parts import Look, Mail, Page, Places, Text

__all__ = [
    "LONGEST",
    "LONGEST_LINE",
    "Look",
    "Mail",
    "Page",
    "Places",
    "Text",
    "TooDeep",
    "TooInvolved",
    "TooLong",
    "Unrenderable",
    "html_octets",
    "render_email",
    "render_inline",
    "render_markdown",
    "render_page",
    "show_markdown",
]
