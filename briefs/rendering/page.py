"""A brief on its public web page."""

from __future__ import annotations

import html

from .limits import LONGEST_LINE, Unrenderable
from .markdown import render_inline, show_markdown
from .parts import Page, Text


def render_page(text: Text, *, language: str = "en") -> Page:
    """Return the fragments of *text* that a web page sets in its own frame.

    What cannot be rendered is shown as it was written.
    """
    return Page(
        key_points_html=tuple(filter(None, (_shown(p, language) for p in text.key_points))),
        body_html=show_markdown(text.body, language=language),
        contact_html=show_markdown(text.contact_block, language=language, keep_breaks=True),
    )


def _shown(point: str, language: str) -> str:
    try:
        return render_inline(point, language=language)
    except Unrenderable:
        return html.escape(point[:LONGEST_LINE])


def render_points(text: Text, language: str) -> tuple[str, ...]:
    """Return the key points that say something, each without a block around it.

    Raises Unrenderable.
    """
    points = (render_inline(point, language=language) for point in text.key_points)
    return tuple(point for point in points if point)
