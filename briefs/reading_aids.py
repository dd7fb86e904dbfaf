"""What a web page adds to sanitised HTML: tables that scroll, notes that say what they are."""

import re
from dataclasses import replace

from django.utils.translation import gettext as _

from briefs.rendering import Page

_TABLE = re.compile(r"<(/?)table>")
_IMAGE = re.compile(r"<img ")
_REFERENCE = re.compile(r'<a class="footnote-ref" ')
_WAY_BACK = re.compile(r'<a class="footnote-backref" ([^>]*)>')
_NOTES = '<div class="footnote">\n<hr>'


def aided(page: Page) -> Page:
    """Return *page* so that it is read well on a screen of any width, by eye, ear and keyboard.

    The words are in the language that is active.
    """
    return replace(page, body_html=_aid(page.body_html))


def _aid(body: str) -> str:
    body = _TABLE.sub(_scrolling, body)
    # The first picture may be in view at once; the others wait until they are near.
    first = body.find("<img ") + 1
    if first:
        body = body[:first] + _IMAGE.sub('<img loading="lazy" decoding="async" ', body[first:])
    if "footnote" not in body:
        return body
    body = _REFERENCE.sub(lambda found: f'{found[0]}role="doc-noteref" ', body)
    label = _("Back to the text")
    body = _WAY_BACK.sub(f'<a class="footnote-backref" aria-label="{label}" \\1>', body)
    if _NOTES in body:
        head, _mark, notes = body.rpartition(_NOTES)
        heading = f'<h2 class="notes-title" id="notes">{_("Notes")}</h2>'
        body = f'{head}<div class="footnote" role="doc-endnotes">{heading}{notes}'
    return body


def _scrolling(found: re.Match[str]) -> str:
    if found[1]:
        return "</table></div>"
    # Focus lets a keyboard move what is wider than the page.
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{_("Table")}"><table>'
