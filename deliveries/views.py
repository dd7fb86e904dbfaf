"""What the links of a mail lead to: the mail in a browser, and the redirects."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from deliveries import compiling, letters
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
    """Show a reader the mail they got; who was erased since sees the one for anybody."""
    try:
        edition_id, delivery_id = tokens.view.load(token)
    except tokens.BadToken as error:
        raise Http404 from error
    scanners.see(request, token)
    letter = letters.find(edition_id, delivery_id)
    html = letter.filled()[0] if letter else _for_anybody(edition_id)
    response = HttpResponse(html)
    response["Content-Security-Policy"] = _MAIL_POLICY
    return _private(response)


def _for_anybody(edition_id: int) -> str:
    """Return the mail of an edition without a reader's links and values, or raise Http404."""
    edition = Edition.objects.select_related("revision__brief").filter(pk=edition_id).first()
    if edition is None or not CompiledMail.objects.filter(edition=edition).exists():
        raise Http404
    page = f"{settings.SITE_URL}{edition.revision.brief.web_path()}"
    sign_up = f"{settings.SITE_URL}/s/{edition.revision.snapshot['publication']['slug']}/"
    return compiling.render(edition.revision, view=page, unsubscribe=sign_up).html


@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to a stored link of an edition; never to an address from the request."""
    try:
        edition_id, position, _delivery = tokens.click.load(token)
    except tokens.BadToken as error:
        raise Http404 from error
    url = (
        Link.objects.filter(edition=edition_id, position=position)
        .values_list("url", flat=True)
        .first()
    )
    if url is None:
        raise Http404
    return _private(HttpResponseRedirect(url))
