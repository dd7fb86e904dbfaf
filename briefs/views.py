"""The public pages: what is published, by publication and brief."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.static import serve

from briefs import access, archive, caching, cards, corrections, feeds, pdf, structured
from briefs.models import Author, Brief, Publication, Topic
from briefs.pages import (
    POLICY_WITH_IMAGES,
    byline,
    entry_of,
    page_of,
    publication_page,
    readable,
    reader_of,
    rendered,
    shared_language,
    speaks,
)
from briefs.rendering import Text

ON_A_PAGE = 20


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Show all public publications and the latest briefs; a single publication has the page."""
    publications = list(Publication.objects.filter(is_public=True))
    if len(publications) == 1:
        return show_publication(request, slug=publications[0].slug)
    context: dict[str, Any] = {
        "publications": publications,
        "entries": [entry_of(brief) for brief in readable(request)[:ON_A_PAGE]],
        "site": _site_name(),
        "canonical": f"{settings.SITE_URL}/",
        "is_reader": _is_reader(request),
    }
    language = shared_language(publications)
    with translation.override(language or translation.get_language()):
        response = speaks(render(request, "briefs/front.html", context), language)
    if not language:
        patch_vary_headers(response, ["Accept-Language"])
    return caching.page(request, response, [entry.brief for entry in context["entries"]])


@require_safe
@publication_page
def show_publication(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show what a publication is, its briefs from the latest on, and how to get them."""
    briefs = readable(request).filter(publication=publication)
    if not publication.is_public and not briefs.exists():
        raise Http404
    page = Paginator(briefs, ON_A_PAGE).get_page(request.GET.get("page"))
    entries = [entry_of(brief) for brief in page.object_list]
    context = {
        "publication": publication,
        "description_html": _description(publication),
        "entries": entries,
        "lead": rendered(entries[0].text, publication.language) if entries else None,
        "page": page,
        "canonical": f"{settings.SITE_URL}/{publication.slug}/",
        "is_reader": _is_reader(request),
    }
    response = render(request, "briefs/publication.html", context)
    return caching.page(request, response, [entry.brief for entry in entries])


@require_safe
@publication_page
def show_archive(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show by what a publication's briefs are listed: topics, regions, authors, months."""
    briefs = readable(request).filter(publication=publication)
    years = archive.years(publication, briefs)
    if not years:
        raise Http404
    by_kind = archive.topics(publication, briefs)
    context = {
        "publication": publication,
        "shelves": [
            ("topics", _("Topics"), by_kind[Topic.Kind.SUBJECT]),
            ("regions", _("Regions"), by_kind[Topic.Kind.REGION]),
            ("authors", _("Authors"), archive.authors(publication, briefs)),
        ],
        "years": years,
        "canonical": f"{settings.SITE_URL}/{publication.slug}/archive/",
        "is_reader": _is_reader(request),
    }
    return caching.page(request, render(request, "briefs/archive.html", context), [])


@require_safe
@publication_page
def show_topic(
    request: HttpRequest, publication: Publication, kind: str, list_slug: str
) -> HttpResponse:
    """List the briefs on a topic; one of the other kind is found where that kind stands."""
    topic = get_object_or_404(Topic, publication=publication, slug=list_slug)
    path = archive.topic_path(publication, topic)
    found = readable(request).filter(publication=publication, topics=topic)
    if f"/{kind}/" not in path and found.exists():
        return redirect(path, permanent=True)
    kicker = _("Region") if topic.kind == Topic.Kind.REGION else _("Topic")
    return _list(request, publication, found, topic.name, kicker, path, has_feed=True)


@require_safe
@publication_page
def show_author(request: HttpRequest, publication: Publication, list_slug: str) -> HttpResponse:
    """List the briefs of an author, with what is said about them."""
    author = get_object_or_404(Author, slug=list_slug)
    found = readable(request).filter(publication=publication, authors=author)
    path = archive.author_path(publication, author)
    name, kicker = author.name, _("Author")
    return _list(request, publication, found, name, kicker, path, author.about, has_feed=True)


@require_safe
@publication_page
def show_time(
    request: HttpRequest, publication: Publication, year: int, month: int = 0, day: int = 0
) -> HttpResponse:
    """List the briefs of a year, a month or a day."""
    path = f"/{publication.slug}/{year:04}/"
    try:
        first = dt.date(year, month or 1, day or 1)
    except ValueError as error:
        raise Http404 from error
    if day:
        last, name = first, date_format(first, "DATE_FORMAT")
        path += f"{month:02}/{day:02}/"
    elif month:
        last = dt.date(year + month // 12, month % 12 + 1, 1) if year < dt.MAXYEAR else first
        last, name = last - dt.timedelta(days=1), date_format(first, "YEAR_MONTH_FORMAT")
        path += f"{month:02}/"
    else:
        last, name = dt.date(year, 12, 31), f"{year:04}"
    briefs = readable(request).filter(publication=publication)
    found = archive.between(briefs, first, last)
    return _list(request, publication, found, name, _("Archive"), path)


def _list(
    request: HttpRequest,
    publication: Publication,
    briefs: QuerySet[Brief],
    name: str,
    kicker: str,
    path: str,
    about: str = "",
    *,
    has_feed: bool = False,
) -> HttpResponse:
    """Show *briefs* page by page; a list without any is none, and tells no name."""
    page = Paginator(briefs, ON_A_PAGE).get_page(request.GET.get("page"))
    if not page.paginator.count:
        raise Http404
    entries = [entry_of(brief) for brief in page.object_list]
    context = {
        "publication": publication,
        "feed_path": path if has_feed and publication.is_public else "",
        "name": name,
        "kicker": kicker,
        "about": about,
        "entries": entries,
        "page": page,
        "canonical": settings.SITE_URL + path,
        "is_reader": _is_reader(request),
    }
    response = render(request, "briefs/list.html", context)
    return caching.page(request, response, [entry.brief for entry in entries])


@require_safe
@publication_page
def show_brief(
    request: HttpRequest, publication: Publication, date: dt.date, brief_slug: str
) -> HttpResponse:
    """Show a brief as it was published; to others it does not exist, or is locked."""
    brief = (
        Brief.objects.select_related("publication", "published_revision")
        .filter(publication=publication, date=date, slug=brief_slug)
        .first()
    )
    at = timezone.now()
    if brief is None:
        raise Http404
    if not access.may_read(brief, reader_of(request), at):
        if access.is_locked(brief, at):
            return locked(request, brief)
        raise Http404
    context = _brief_page(request, brief)
    response = render(request, "briefs/brief.html", context)
    response.headers["Content-Security-Policy"] = POLICY_WITH_IMAGES
    beside = [entry.brief for entry in (context["before"], context["after"]) if entry]
    return caching.page(request, response, [brief, *beside])


def _brief_page(request: HttpRequest, brief: Brief) -> dict[str, Any]:
    text = entry_of(brief).text
    publication = brief.publication
    others = readable(request).filter(publication=publication)
    before, after = archive.beside(others, brief)
    page, notices = page_of(brief, text), corrections.notices(brief)
    authors = archive.names_with_paths(publication, text.authors, "authors", brief)
    # Only what anybody may read has a picture: who shows it to others is no reader of ours.
    card = cards.path(brief, cards.card_of(publication, text)) if page["is_open_to_all"] else ""
    card_url = settings.SITE_URL + card if card else ""
    return {
        **page,
        "notices": notices,
        "published": feeds.readable_from(brief),
        "card_url": card_url,
        "pdf_path": f"{brief.web_path()}brief.pdf" if pdf.is_offered() else "",
        "data": structured.article(brief, text, page["summary"], notices, authors, card_url),
        "topics": archive.names_with_paths(publication, text.topics, "topics", brief),
        "byline": byline(authors),
        "before": entry_of(before) if before else None,
        "after": entry_of(after) if after else None,
        "is_reader": _is_reader(request),
    }


def locked(request: HttpRequest, brief: Brief) -> HttpResponse:
    """Say how a brief for subscribers comes to be read, and nothing of what it says."""
    publication = brief.publication
    headline = entry_of(brief).text.headline if publication.shows_locked_headlines else ""
    context = {"publication": publication, "headline": headline, "brief_id": brief.pk}
    response = render(request, "briefs/locked.html", context, status=403)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _is_reader(request: HttpRequest) -> bool:
    """Tell whether a subscriber reads in this browser, who may want to end that."""
    return bool(reader_of(request).publication_ids)


def _site_name() -> str:
    """Return the site's host where that is a name worth showing."""
    host = str(settings.SITE_HOST)
    return host.removeprefix("www.") if host.rpartition(".")[2].isalpha() else ""


def _description(publication: Publication) -> str:
    """Return the publication's own words about itself as sanitised HTML."""
    return rendered(
        Text(headline="", date=dt.date.min, body=publication.description), publication.language
    ).body_html


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Give an uploaded file; folders are not listed."""
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    # "../", or a name longer than a file system allows: nothing there, and no word in the log.
    except (SuspiciousFileOperation, OSError) as error:
        raise Http404 from error
    response.headers["Cache-Control"] = "public, max-age=86400"
    # What was uploaded never runs as a page of ours.
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'self'"
    return response
