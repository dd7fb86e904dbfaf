"""What programs ask a site for: robots.txt, the sitemap, the picture of a link preview."""

import datetime as dt

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from briefs import access, caching, cards, sitemaps
from briefs.models import Brief, Publication
from briefs.pages import entry_of, publication_page

# Nothing there is meant to be found; what a token opens says noindex as well.
_NOT_FOR_ROBOTS = ("admin", "inbox", "api", "webhooks", "c", "o", "u", "v", "s/feed", "s/prefs")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots where the sitemap is, and what no robot needs."""
    rules = "".join(f"Disallow: /{path}/\n" for path in _NOT_FOR_ROBOTS)
    text = f"User-agent: *\n{rules}\nSitemap: {settings.SITE_URL}/sitemap.xml\n"
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    return caching.for_all(request, response, caching.LONGEST)


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the parts of the sitemap."""
    return _xml(request, sitemaps.index(timezone.now()))


@require_safe
def sitemap_part(request: HttpRequest, number: int) -> HttpResponse:
    """Give a part of the sitemap."""
    at = timezone.now()
    if not 1 <= number <= sitemaps.parts(at):
        raise Http404
    return _xml(request, sitemaps.part(number, at))


def _xml(request: HttpRequest, text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/xml; charset=utf-8")
    return caching.for_all(request, response, caching.LONGEST)


@require_safe
@publication_page
def card(
    request: HttpRequest, publication: Publication, date: dt.date, brief_slug: str
) -> HttpResponse:
    """Give the picture of a brief that everybody may read; of another there is none."""
    rows = Brief.objects.select_related("publication", "published_revision")
    brief = get_object_or_404(rows, publication=publication, date=date, slug=brief_slug)
    at = timezone.now()
    if not access.may_read(brief, access.ANONYMOUS, at):
        raise Http404
    shown = cards.card_of(brief.publication, entry_of(brief).text)
    response = HttpResponse(cards.picture(brief, shown), content_type="image/png")
    return caching.for_all(request, response, caching.seconds_left([brief], at))
