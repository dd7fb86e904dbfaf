"""A brief on its public web page."""

from __future__ import annotations

from .markdown import render_inline, render_markdown
from .parts import Page, Text


def render_page(text: Text, *, language: str = "en") -> Page:
    """Return the fragments of *text* that a web page sets in its own frame."""
    return Page(
        key_points_html=render_points(text, language),
        body_html=render_markdown(text.body, language=language),
        contact_html=render_markdown(text.contact_block, language=language, keep_breaks=True),
    )


def render_points(text: Text, language: str) -> tuple[str, ...]:
    """Return the key points that say something, each without a block around it."""
    points = (render_inline(point, language=language) for point in text.key_points)
    return tuple(point for point in points if point)
