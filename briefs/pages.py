"""What every public page of a publication has in common."""

import html
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString

from briefs import access, citing
from briefs.models import Brief, Correction, Publication
from briefs.reading_aids import aided
from briefs.rendering import Page, Text, fill_lines, render_page
from briefs.revisions import text_of

View = Callable[..., HttpResponse]

# Public pages run no inline script or style, and load nothing from elsewhere.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A brief may show images of other sites, which its readers' mail programs load too.
POLICY_WITH_IMAGES = POLICY.replace("data:;", "data: https:;")


class Entry(NamedTuple):
    """A published brief in a list, with the text that was published, not the one being edited."""

    brief: Brief
    text: Text
    is_corrected: bool = False


def entry_of(brief: Brief) -> Entry:
    """Return *brief*, which is published, as it stands in a list: for everybody, so unmerged."""
    assert brief.published_revision is not None
    text = fill_lines(text_of(brief.published_revision))
    return Entry(brief, text, bool(getattr(brief, "is_corrected", False)))


@lru_cache(maxsize=256)
def rendered(text: Text, language: str) -> Page:
    """Render once per process what costs 25 ms; the text itself is the key."""
    with translation.override(language):
        return aided(render_page(text, language=language))


def page_of(brief: Brief, text: Text) -> dict[str, Any]:
    """Return what the page of *brief* shows of *text*, whether it is published or a preview."""
    content = rendered(text, brief.publication.language)
    canonical = f"{settings.SITE_URL}{brief.web_path()}"
    return {
        "publication": brief.publication,
        "brief": brief,
        "text": text,
        "content": content,
        "summary": summary_of(text, content),
        "canonical": canonical,
        # Names alone, as a brief that is not stored is in no list.
        "topics": [(name, "") for name in text.topics],
        "byline": byline([(name, "") for name in text.authors]),
        "citations": citing.formats(brief, text, canonical),
        "is_open_to_all": access.may_read(brief, access.ANONYMOUS, timezone.now()),
    }


def byline(authors: list[tuple[str, str]]) -> SafeString:
    """Return the names of *authors*, each with a link to what else they wrote, if there is one."""
    link = '<a href="{}" rel="author">{}</a>'
    return format_html_join(
        ", ",
        "{}",
        ((format_html(link, path, name) if path else name,) for name, path in authors),
    )


def summary_of(text: Text, content: Page) -> str:
    """Return one plain sentence or two for search engines, link previews and feeds."""
    first = content.key_points_html[0] if content.key_points_html else content.body_html
    plain = text.preheader or " ".join(html.unescape(strip_tags(first)).split())
    return plain if len(plain) <= 200 else plain[:199].rstrip() + "…"


def reader_of(request: HttpRequest) -> access.Reader:
    """Return who asks, as far as a middleware has found out."""
    reader: access.Reader = getattr(request, "reader", access.ANONYMOUS)
    return reader


def readable(request: HttpRequest) -> QuerySet[Brief]:
    """Return the briefs that may be shown in answer to *request*, latest first."""
    return (
        access.readable(reader_of(request), timezone.now())
        .select_related("publication", "published_revision")
        .annotate(is_corrected=Exists(Correction.objects.filter(brief=OuterRef("pk"))))
    )


def speaks(response: HttpResponse, language: str) -> HttpResponse:
    """Say in which language *response* is written, whatever the visitor's browser prefers.

    Where *language* is "", the browser decided, and intelbrief.languages says so.
    """
    if language:
        response.headers["Content-Language"] = language
    return response


def shared_language(publications: list[Publication]) -> str:
    """Return the language that all of *publications* have, or "" where they have several."""
    languages = {publication.language for publication in publications}
    return languages.pop() if len(languages) == 1 else ""


def publication_page(view: View) -> View:
    """Call *view* with the Publication of the slug in the URL, in that publication's language."""

    @wraps(view)
    def find(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        publication = get_object_or_404(Publication, slug=slug)
        with translation.override(publication.language):
            response = view(request, publication, *args, **kwargs)
        return speaks(response, publication.language)

    return find


def private(response: HttpResponse) -> HttpResponse:
    """Keep a page that was reached by a token out of caches, indexes and referrers."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
