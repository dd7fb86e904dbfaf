"""The pages of readers: subscribe, confirm, unsubscribe, and what must stand beside a form.

No page here sets a cookie. The forms need no CSRF token: what a stranger's
page could make a browser post, anybody may post, and nothing follows from it
but a mail that asks its owner.
"""

import time
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from briefs.addresses import mask
from briefs.models import Publication
from briefs.pages import entry_of, private, publication_page, readable, speaks
from briefs.rendering import show_markdown
from subscribers import consent, places, tokens
from subscribers.doorbell import ring
from subscribers.forms import SubscribeForm
from subscribers.look import stylesheet
from subscribers.models import Subscription
from subscribers.origin import origin_of
from subscribers.tasks import send_notices

# Answers leave on full steps of this length: how long the work took tells nothing.
STEP_SECONDS = 0.025
LONGEST_ONE_CLICK = 1000  # octets that are read of a body; the prescribed one has 26

reads_and_posts = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt  # an anonymous form, meant to be embedded elsewhere too; it sets no cookie
@reads_and_posts
@publication_page
def subscribe(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show the form and take it in; the answer is one for all addresses, in its time too."""
    started_at = time.monotonic()
    if not publication.is_public:
        return _not_found(request)
    if request.method != "POST":
        return _subscribe_page(request, SubscribeForm(publication))
    form = SubscribeForm(publication, request.POST)
    if not form.is_robot:
        if not form.is_valid():
            return _subscribe_page(request, form, status=422)
        consent.request(
            publication,
            form.cleaned_data["address"],
            name=form.cleaned_data["name"],
            source="form",
            **origin_of(request),
        )
        ring(send_notices)  # also where no mail is due
    _wait_for_a_full_step(started_at)
    response = HttpResponseRedirect(reverse("subscribers:thanks", args=[publication.slug]))
    response.status_code = 303  # the browser goes there with GET
    return response


def _wait_for_a_full_step(started_at: float) -> None:
    """Sleep until the next step since *started_at*: a new reader is more work than a known one."""
    elapsed = time.monotonic() - started_at
    time.sleep(STEP_SECONDS - elapsed % STEP_SECONDS)


def _subscribe_page(request: HttpRequest, form: SubscribeForm, status: int = 200) -> HttpResponse:
    publication = form.publication
    context = {
        "publication": publication,
        "form": form,
        "description_html": show_markdown(publication.description, language=publication.language),
        "entries": [
            entry_of(brief) for brief in readable(request).filter(publication=publication)[:3]
        ],
        "canonical": places.subscribe_url(publication),
    }
    response = render(request, "subscribers/subscribe.html", context, status=status)
    patch_cache_control(response, no_store=True)  # the stamp says when the form was shown
    return response


@require_safe
@publication_page
def thanks(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Say that a mail is on its way, or will not be: the page cannot know."""
    return render(request, "subscribers/thanks.html", {"publication": publication})


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts: link scanners follow every GET."""
    try:
        (subscription_id,) = tokens.confirm.load(token)
    except tokens.ExpiredToken:
        return _broken_link(request, "confirm", is_expired=True)
    except tokens.BadToken:
        return _broken_link(request, "confirm")
    subscription = _find(subscription_id)
    if subscription is None:
        return _broken_link(request, "confirm", is_expired=True)
    if request.method != "POST":
        if subscription.status == Subscription.Status.ACTIVE:
            return _page(request, "confirmed", subscription)
        page = "confirm" if consent.may_confirm(subscription) else "not_confirmed"
        return _page(request, page, subscription)
    consent.confirm(subscription, source="form", **origin_of(request))
    ring(send_notices)
    if subscription.status != Subscription.Status.ACTIVE:
        return _page(request, "not_confirmed", subscription)
    return _page(request, "confirmed", subscription, is_new=True)


@csrf_exempt  # the POST comes from a mail client, which has no cookie (RFC 8058, 3.1)
@reads_and_posts
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts; the body tells a mail client from the button on the page."""
    try:
        subscription_id, delivery_id = tokens.unsubscribe.load(token)
    except tokens.BadToken:
        if request.method == "POST" and _is_one_click(request):
            return _tiny("This link is not one of ours.\n", status=404)
        return _broken_link(request, "unsubscribe")
    subscription = _find(subscription_id)
    if request.method != "POST":
        return _page(request, "unsubscribe", subscription)
    if _is_one_click(request):
        source = "one-click"
    elif request.POST.get("wish") == "unsubscribe":
        source = "page"
    else:
        return _tiny("Post List-Unsubscribe=One-Click to unsubscribe.\n", status=400)
    if subscription is not None:
        consent.unsubscribe(
            subscription, source=source, delivery_id=delivery_id or None, **origin_of(request)
        )
    if source == "one-click":
        return _tiny("Unsubscribed.\n")
    return _page(request, "unsubscribed", subscription)


def _is_one_click(request: HttpRequest) -> bool:
    """Tell whether the body is the one that RFC 8058 prescribes, in either encoding.

    Mail programs name charsets that Django refuses in a form, and end the body
    with a line break; what they mean is plain all the same.
    """
    if request.content_type == "multipart/form-data":
        return request.POST.get("List-Unsubscribe") == "One-Click"
    body = request.body[:LONGEST_ONE_CLICK].decode("ascii", errors="replace")
    return parse_qs(body.strip()).get("List-Unsubscribe") == ["One-Click"]


def _tiny(words: str, status: int = 200) -> HttpResponse:
    """Answer a machine."""
    return private(HttpResponse(words, content_type="text/plain; charset=utf-8", status=status))


def _find(subscription_id: int) -> Subscription | None:
    """Return the subscription of a verified token; None once its reader was erased."""
    return (
        Subscription.objects.select_related("subscriber", "publication")
        .filter(pk=subscription_id)
        .first()
    )


def _page(
    request: HttpRequest, name: str, subscription: Subscription | None, *, is_new: bool = False
) -> HttpResponse:
    """Answer with a page about *subscription* that names its owner only masked."""
    language = subscription.publication.language if subscription else translation.get_language()
    with translation.override(language):
        context = {
            "subscription": subscription,
            "publication": subscription.publication if subscription else None,
            "masked": mask(subscription.subscriber.address) if subscription else "",
            "is_new": is_new,
        }
        response = render(request, f"subscribers/{name}.html", context)
    return private(speaks(response, language or ""))


def _broken_link(request: HttpRequest, purpose: str, *, is_expired: bool = False) -> HttpResponse:
    """Explain what to do with a link that is too old (410) or not complete (404)."""
    context = {
        "purpose": purpose,
        "is_expired": is_expired,
        "publications": Publication.objects.filter(is_public=True),
    }
    return private(
        render(request, "subscribers/broken_link.html", context, status=410 if is_expired else 404)
    )


def _not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "404.html", status=404)


@require_safe
@publication_page
def privacy(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show the privacy notice that comes with the site."""
    context = {"publication": publication, "contact": _contact(publication)}
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
