"""The public pages: what is published, by publication and brief."""

import datetime as dt

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.static import serve

from briefs import access, corrections
from briefs.models import Brief, Publication
from briefs.pages import (
    POLICY_WITH_IMAGES,
    entry_of,
    page_of,
    publication_page,
    readable,
    reader_of,
    rendered,
)
from briefs.rendering import Text

ON_A_PAGE = 20
BESIDE_A_BRIEF = 3


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Show all public publications and the latest briefs; a single publication has the page."""
    publications = list(Publication.objects.filter(is_public=True))
    if len(publications) == 1:
        return show_publication(request, slug=publications[0].slug)
    context = {
        "publications": publications,
        "entries": [entry_of(brief) for brief in readable(request)[:ON_A_PAGE]],
        "site": _site_name(),
        "canonical": f"{settings.SITE_URL}/",
    }
    return render(request, "briefs/front.html", context)


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
    }
    return render(request, "briefs/publication.html", context)


@require_safe
@publication_page
def show_brief(
    request: HttpRequest, publication: Publication, date: dt.date, brief_slug: str
) -> HttpResponse:
    """Show a brief as it was published; whoever may not read it is told it does not exist."""
    brief = (
        Brief.objects.select_related("publication", "published_revision")
        .filter(publication=publication, date=date, slug=brief_slug)
        .first()
    )
    if brief is None or not access.may_read(brief, reader_of(request), timezone.now()):
        raise Http404
    entry = entry_of(brief)
    others = readable(request).filter(publication=publication).exclude(pk=brief.pk)
    context = {
        **page_of(brief, entry.text),
        "notices": corrections.notices(brief),
        "others": [entry_of(other) for other in others[:BESIDE_A_BRIEF]],
    }
    response = render(request, "briefs/brief.html", context)
    response.headers["Content-Security-Policy"] = POLICY_WITH_IMAGES
    return response


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
