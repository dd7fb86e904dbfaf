"""A brief on its public web page."""

from __future__ import annotations

import html

from .images import place_images
from .limits import LONGEST_LINE, Unrenderable
from .markdown import render_inline, show_markdown
from .merging import Merging, TooManyFields, by_default
from .parts import Page, Text


def render_page(text: Text, *, language: str = "en", site_url: str = "", widest: int = 0) -> Page:
    """Return the fragments of *text* that a web page sets in its own frame.

    What cannot be rendered is shown as it was written. Merge fields show their
    defaults: a page is for everybody. A fragment that goes into a mail needs
    *site_url* before our own pictures, and them at most *widest* pixels wide.
    """
    try:
        merging = Merging(text)
    except TooManyFields:
        merging = Merging(Text("", text.date))
    else:
        text = merging.text

    def placed(fragment: str) -> str:
        return place_images(fragment, site_url=site_url, widest=widest)

    def shown(fragment: str) -> str:
        return merging.fill_html(merging.settle(placed(fragment)), by_default)

    points = (shown(_shown(point, language)) for point in text.key_points)
    return Page(
        key_points_html=tuple(filter(None, points)),
        body_html=shown(show_markdown(text.body, language=language)),
        contact_html=shown(show_markdown(text.contact_block, language=language, keep_breaks=True)),
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
