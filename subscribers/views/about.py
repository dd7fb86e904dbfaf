"""What must stand beside a form: privacy notice, imprint, and the look of it all."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from briefs.models import Publication
from briefs.pages import publication_page
from briefs.rendering import show_markdown
from subscribers.look import stylesheet


@require_safe
@publication_page
def privacy(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show the privacy notice that comes with the site."""
    context = {
        "publication": publication,
        "contact": _contact(publication),
        # How long it is kept what one reader did; 0 for ever.
        "delivery_days": settings.DELIVERY_DAYS,
    }
    return render(request, "subscribers/privacy.html", context)


@require_safe
@publication_page
def imprint(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show who publishes, from what the publication says about itself."""
    context = {
        "publication": publication,
        "contact": _contact(publication),
        "contact_html": show_markdown(
            publication.contact_block, language=publication.language, keep_breaks=True
        ),
    }
    return render(request, "subscribers/imprint.html", context)


def _contact(publication: Publication) -> str:
    """Return the address that a reader may write to, if there is one."""
    return publication.reply_to or publication.sender_address


@require_safe
@publication_page
def look(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Give the publication's colour as a stylesheet: the strict CSP allows no inline one."""
    response = HttpResponse(stylesheet(publication.colour), content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=3600)
    return response
