"""What the pages of readers answer with."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from briefs.addresses import mask
from briefs.models import Publication
from briefs.pages import private, speaks
from subscribers.models import Subscription
from subscribers.speaking import spoken_to

reads_and_posts = require_http_methods(["GET", "HEAD", "POST"])


def tiny(words: str, status: int = 200) -> HttpResponse:
    """Answer a machine."""
    return private(HttpResponse(words, content_type="text/plain; charset=utf-8", status=status))


def find(subscription_id: int) -> Subscription | None:
    """Return the subscription of a verified token; None once its reader was erased."""
    return (
        Subscription.objects.select_related("subscriber", "publication")
        .filter(pk=subscription_id)
        .first()
    )


def page(
    request: HttpRequest,
    name: str,
    subscription: Subscription | None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Answer with a page about *subscription*, in its reader's language; it masks the address."""
    context = {
        "subscription": subscription,
        "publication": subscription.publication if subscription else None,
        "masked": mask(subscription.subscriber.address) if subscription else "",
        **(more or {}),
    }
    template = f"subscribers/{name}.html"
    if subscription is None:
        return private(render(request, template, context))
    with spoken_to(subscription) as language:
        return private(speaks(render(request, template, context), language))


def broken_link(request: HttpRequest, purpose: str, *, is_expired: bool = False) -> HttpResponse:
    """Explain what to do with a link that is too old (410) or not complete (404)."""
    context = {
        "purpose": purpose,
        "is_expired": is_expired,
        "publications": Publication.objects.filter(is_public=True),
    }
    return private(
        render(request, "subscribers/broken_link.html", context, status=410 if is_expired else 404)
    )


def not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "404.html", status=404)
