"""One brief as mailed: subject, HTML part and text part from one reading of the Markdown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace

from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from .frame import Content, frame
from .images import WIDEST, place_images
from .links import Links
from .markdown import render_markdown
from .merging import Merging, Put, by_default
from .page import render_points
from .parts import Look, Mail, Places, Text
from .plain import write_plain
from .serialiser import to_line

_SUBJECT_MOST = 200
_PREHEADER_MOST = 150
_RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_NOT_IN_A_LINE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def render_email(
    text: Text,
    look: Look,
    places: Places,
    link: Callable[[str], str] = str,
    merge: Put = by_default,
    notice: str = "",
    *,
    is_correction: bool = False,
) -> Mail:
    """Render one brief for all its readers.

    *link* is given each distinct http(s) URL of key points, body,
    contact block and footer and returns what is mailed in its place. *merge* is given each merge
    field and returns plain text, or a slot of ASCII letters and digits that is
    filled in per reader. *notice* is sanitised HTML that stands above the
    text; the subject of a mail that *is_correction* says so.
    Raises Unrenderable, whose message says what to do.
    """
    merging = Merging(text)
    text = merging.text
    points = tuple(map(merging.settle, render_points(text, look.language)))
    body = merging.settle(render_markdown(text.body, language=look.language))
    contact = merging.settle(
        render_markdown(text.contact_block, language=look.language, keep_breaks=True)
    )
    # The same in all briefs, so it has no merge fields.
    footer = render_markdown(look.footer, language=look.language, keep_breaks=True)
    body, contact, footer = (
        place_images(part, site_url=look.site_url, widest=WIDEST)
        for part in (body, contact, footer)
    )
    look = replace(look, direction=_direction(look))
    links = Links(link)
    with translation.override(look.language):
        content = Content(
            title=make_subject(text, _("Correction") if is_correction else ""),
            series=_one_line(text.series),
            headline=_one_line(text.headline),
            date=_long_date(text.date),
            byline=_byline(text.authors),
            topics=_topics(text.topics),
            preheader=_preheader(text, points, body),
            notice_html=links.replace_in(notice),
            points_html=tuple(links.replace_in(point) for point in points),
            body_html=links.replace_in(body),
            contact_html=links.replace_in(contact),
            header=_one_line(look.header),
            footer_html=links.replace_in(footer),
        )
        html = frame(content, look, places)
        # Text is written from the fragments before replacement: it numbers
        # links by their original and prints what is mailed.
        plain = write_plain(content, (points, body, contact, footer), look, places, links, notice)
    return Mail(
        subject=merging.fill_text(content.title, merge),
        html=merging.fill_html(html, merge),
        text=merging.fill_text(plain, merge),
        links=links.originals,
    )


def make_subject(text: Text, mark: str = "") -> str:
    """Return "SERIES: headline", behind a *mark*, in one line of at most 200 characters."""
    parts = map(_one_line, (mark, text.series, text.headline))
    subject = ": ".join(part for part in parts if part)
    if len(subject) <= _SUBJECT_MOST:
        return subject
    return subject[: _SUBJECT_MOST - 1].rstrip() + "…"


def html_octets(mail: Mail) -> int:
    """Return the size of the HTML part in octets: Gmail clips what is over 102,400."""
    return len(mail.html.encode())


def _one_line(value: str) -> str:
    return _NOT_IN_A_LINE.sub(" ", value).strip()


def _direction(look: Look) -> str:
    language = look.language.lower().replace("_", "-").partition("-")[0]
    return look.direction or ("rtl" if language in _RIGHT_TO_LEFT else "ltr")


def _long_date(date: dt.date) -> str:
    names = {"weekday": date_format(date, "l"), "day": date_format(date, "DATE_FORMAT")}
    # Not every language has a comma here.
    return _("%(weekday)s, %(day)s") % names


def _byline(authors: tuple[str, ...]) -> str:
    names = [name for name in map(_one_line, authors) if name]
    if not names:
        return ""
    return _("By %(authors)s") % {"authors": str(get_text_list(names, _("and")))}


def _topics(topics: tuple[str, ...]) -> str:
    names = [name for name in map(_one_line, topics) if name]
    return _("Topics: %(topics)s") % {"topics": ", ".join(names)} if names else ""


def _preheader(text: Text, points: tuple[str, ...], body: str) -> str:
    """Return the line that an inbox shows behind the subject."""
    line = _one_line(text.preheader) or to_line(points[0] if points else body[:2000])
    if len(line) <= _PREHEADER_MOST:
        return line
    return line[:_PREHEADER_MOST].rsplit(" ", 1)[0].rstrip(" ,;:.–—") + "…"
