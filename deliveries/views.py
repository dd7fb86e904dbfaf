"""What the links of a mail lead to: the mail in a browser, and the redirects."""

from django.conf import settings
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from briefs import access
from briefs.pages import speaks
from deliveries import compiling, corrections, letters, links
from deliveries.models import CompiledMail, Delivery, Edition
from deliveries.tracking import door
from subscribers import scanners, tokens
from subscribers.groups import reader_of

# The mail brings its own inline styles and runs nothing.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def _private(response: HttpResponse) -> HttpResponse:
    """Keep a page whose address is a secret out of caches, search engines and referrers."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def view_in_browser(request: HttpRequest, token: str) -> HttpResponse:
    """Show a reader the mail they got; who was erased since sees the one for anybody.

    What was corrected since it went out stands above it.
    """
    try:
        edition_id, delivery_id = tokens.view.load(token)
    except tokens.BadToken as error:
        raise Http404 from error
    edition = _edition(edition_id, delivery_id)
    scanners.see(request, token)
    letter = None if edition.is_pruned else letters.find(edition_id, delivery_id)
    html = compiling.unmarked(letter.filled()[0]) if letter else _for_anybody(edition)
    response = HttpResponse(_as_of_now(html, edition))
    response["Content-Security-Policy"] = _MAIL_POLICY
    return _private(speaks(response, edition.brief.publication.language))


def _edition(edition_id: int, delivery_id: int) -> Edition:
    """Return an edition that has been mailed, if who got the delivery may have it now.

    Else raise Http404: a link in a mail shows no more than the page on the web
    does to its reader, who may have left or lost a client group since.
    """
    edition = (
        Edition.objects.select_related("revision", "brief__publication")
        .filter(pk=edition_id)
        .annotate(now=Now())
        .first()
    )
    if edition is None:
        raise Http404
    # Of what was mailed long ago the page for anybody is left.
    if not edition.is_pruned and not CompiledMail.objects.filter(edition=edition).exists():
        raise Http404
    if not access.may_have(edition.brief, _reader(edition_id, delivery_id), edition.now):
        raise Http404
    return edition


def _reader(edition_id: int, delivery_id: int) -> access.Reader:
    """Return who got the delivery, as the policy knows them; a stranger once they are erased."""
    rows = Delivery.objects.filter(pk=delivery_id, edition=edition_id, subscriber__isnull=False)
    row = rows.select_related("subscriber").first()
    return reader_of(row.subscriber) if row and row.subscriber else access.ANONYMOUS


def _as_of_now(html: str, edition: Edition) -> str:
    """Return the mail with what was found wrong since: a notice above, links where they belong."""
    notice = corrections.since(edition)
    document = links.above(links.mended(html, edition), notice)
    brief = edition.brief
    # Only where everybody may read it: who has this link has no cookie for the others.
    if brief.digest_of or not access.may_read(brief, access.ANONYMOUS, timezone.now()):
        return document
    with translation.override(brief.publication.language):
        return links.with_way_to(f"{settings.SITE_URL}{brief.web_path()}", document)


def _for_anybody(edition: Edition) -> str:
    """Return the mail of *edition* without a reader's links and values."""
    page = f"{settings.SITE_URL}{edition.brief.web_path()}"
    sign_up = f"{settings.SITE_URL}/s/{edition.revision.snapshot['publication']['slug']}/"
    notice = compiling.notice_of(edition)
    return compiling.render(edition.revision, view=page, unsubscribe=sign_up, notice=notice).html


@require_safe
def hit(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to a stored link of an edition, where it leads by now, or show the pixel.

    Never to an address from the request. What intelbrief.wsgi could not answer
    by itself comes here.
    """
    found = door.look(request.path_info, request.META, anew=True)
    if found is None:
        raise Http404
    response = HttpResponse(found.body, status=found.status)
    for name, value in found.headers:
        response[name] = value
    return response
