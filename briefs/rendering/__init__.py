"""Turn the text of a brief into a mail and a web page: strings in, strings out."""

from .mail import html_octets, render_email
from .markdown import render_inline, render_markdown
from .page import render_page
from .parts import Look, Mail, Page, Places, Text

__all__ = [
    "Look",
    "Mail",
    "Page",
    "Places",
    "Text",
    "html_octets",
    "render_email",
    "render_inline",
    "render_markdown",
    "render_page",
]
