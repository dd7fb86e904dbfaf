"""The pages where readers take with them what we hold, or have it erased."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from briefs.addresses import mask
from briefs.pages import private, speaks
from deliveries import privacy
from subscribers import preferences, tokens
from subscribers.speaking import spoken_to
from subscribers.views.answers import broken_link, page, reads_and_posts


@require_safe
def export(request: HttpRequest, token: str) -> HttpResponse:
    """Hand over everything that we hold, as JSON."""
    try:
        subscription = preferences.owner(token)
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "preferences", is_expired=is_expired)
    if subscription is None:
        return page(request, "unsubscribe", None)
    held = privacy.export(subscription.subscriber)
    content = json.dumps(held, indent=2, ensure_ascii=False)
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    name = f"{subscription.publication.slug}-{timezone.now():%Y-%m-%d}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(response)


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST erases."""
    try:
        subscription = preferences.owner(token)
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "preferences", is_expired=is_expired)
    if subscription is None:
        return page(request, "unsubscribe", None)
    publication = subscription.publication
    context = {
        "publication": publication,
        "masked": mask(subscription.subscriber.address),
        "token": token,
    }
    if request.method == "POST" and request.POST.get("wish") == "erase":
        privacy.erase(subscription.subscriber, source="own page")
        context["is_done"] = True
    with spoken_to(subscription) as language:
        return private(speaks(render(request, "subscribers/erase.html", context), language))
