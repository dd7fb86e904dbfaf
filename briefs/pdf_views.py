"""The PDF of a brief: given to who may read the brief, at each request anew."""

import datetime as dt

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from briefs import access, caching, pdf, renditions, tasks
from briefs.models import Brief, Publication, Rendition
from briefs.pages import publication_page, reader_of
from briefs.pdf.sheet import file_name, sheet_of
from briefs.views import locked

# A browser's own viewer is a page around the file, with a style of its own.
_POLICY = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
SECONDS = 3  # until the page that waits looks again
SECONDS_AFTER_TROUBLE = 20


@require_safe
@publication_page
def show_pdf(
    request: HttpRequest, publication: Publication, date: dt.date, brief_slug: str
) -> HttpResponse:
    """Give the PDF of a brief, or say that it is being made, by the policy of the brief's page."""
    rows = Brief.objects.select_related("publication", "published_revision")
    brief = rows.filter(publication=publication, date=date, slug=brief_slug).first()
    at = timezone.now()
    if brief is None or not pdf.is_offered():
        raise Http404
    if not access.may_read(brief, reader_of(request), at):
        if access.is_locked(brief, at):
            return locked(request, brief)
        raise Http404
    row = renditions.want(brief, sheet_of(brief))
    made = renditions.content(row)
    if made is None:
        return _not_yet(request, brief, row)
    return _file(request, brief, made)


def _file(request: HttpRequest, brief: Brief, made: bytes) -> HttpResponse:
    response = HttpResponse(made, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{file_name(brief)}"'
    response.headers["Content-Security-Policy"] = _POLICY
    # Of the two, the page is what search engines shall show.
    response.headers["Link"] = f'<{settings.SITE_URL}{brief.web_path()}>; rel="canonical"'
    if access.may_read(brief, access.ANONYMOUS, timezone.now()):
        answer = caching.page(request, response, [brief])
        # It lies in a file: the memory is for pages.
        answer.is_for_all = False  # type: ignore[attr-defined]  # asked by caching.is_for_all()
        return answer
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _not_yet(request: HttpRequest, brief: Brief, row: Rendition) -> HttpResponse:
    """Answer 202 with a page that can be asked again, or 503 where there will be none."""
    has_failed = row.status == Rendition.Status.FAILED
    if not has_failed:
        tasks.ring()
    context = {
        "publication": brief.publication,
        "brief_path": brief.web_path(),
        "has_failed": has_failed,
        "seconds": SECONDS if row.attempts < 2 else SECONDS_AFTER_TROUBLE,
    }
    status = 503 if has_failed else 202
    response = render(request, "briefs/pdf/waiting.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
