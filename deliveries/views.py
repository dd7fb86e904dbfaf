"""What the links of a mail lead to: the mail in a browser, and the redirects."""

from django.conf import settings
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from briefs import access
from deliveries import compiling, corrections, letters, links
from deliveries.models import CompiledMail, Edition, Link
from subscribers import scanners, tokens

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
    edition = _edition(edition_id)
    scanners.see(request, token)
    letter = letters.find(edition_id, delivery_id)
    html = letter.filled()[0] if letter else _for_anybody(edition)
    response = HttpResponse(_as_of_now(html, edition))
    response["Content-Security-Policy"] = _MAIL_POLICY
    return _private(response)


def _edition(edition_id: int) -> Edition:
    """Return an edition that has been mailed and may be read, or raise Http404."""
    edition = (
        Edition.objects.select_related("revision", "brief__publication")
        .filter(pk=edition_id)
        .annotate(now=Now())
        .first()
    )
    if edition is None or not CompiledMail.objects.filter(edition=edition).exists():
        raise Http404
    # Set after it went out: the token shows no more than the page on the web does.
    if access.is_embargoed(edition.brief, edition.now):
        raise Http404
    return edition


def _as_of_now(html: str, edition: Edition) -> str:
    """Return the mail with what was found wrong since: a notice above, links where they belong."""
    notice = corrections.since(edition)
    return links.above(links.mended(html, edition), notice)


def _for_anybody(edition: Edition) -> str:
    """Return the mail of *edition* without a reader's links and values."""
    page = f"{settings.SITE_URL}{edition.brief.web_path()}"
    sign_up = f"{settings.SITE_URL}/s/{edition.revision.snapshot['publication']['slug']}/"
    notice = compiling.notice_of(edition)
    return compiling.render(edition.revision, view=page, unsubscribe=sign_up, notice=notice).html


@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to a stored link of an edition, where it leads by now.

    Never to an address from the request.
    """
    try:
        edition_id, position, _delivery = tokens.click.load(token)
    except tokens.BadToken as error:
        raise Http404 from error
    found = (
        Link.objects.filter(edition=edition_id, position=position)
        .values_list("corrected_url", "url")
        .first()
    )
    if found is None:
        raise Http404
    corrected, mailed = found
    return _private(HttpResponseRedirect(corrected or mailed))
