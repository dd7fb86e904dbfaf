"""The pages behind mailed links: confirm and unsubscribe."""

from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from subscribers import consent, scanners, together, tokens
from subscribers.doorbell import ring
from subscribers.models import Subscription
from subscribers.origin import origin_of
from subscribers.preference_forms import LeaveForm
from subscribers.tasks import send_notices
from subscribers.views.answers import broken_link, find, page, reads_and_posts, tiny

LONGEST_ONE_CLICK = 1000  # octets that are read of a body; the prescribed one has 26


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts: link scanners follow every GET."""
    try:
        (subscription_id,) = tokens.confirm.load(token)
    except tokens.ExpiredToken:
        return broken_link(request, "confirm", is_expired=True)
    except tokens.BadToken:
        return broken_link(request, "confirm")
    subscription = find(subscription_id)
    if subscription is None:
        return broken_link(request, "confirm", is_expired=True)
    is_scanner = scanners.see(request, token)
    if request.method != "POST":
        if subscription.status == Subscription.Status.ACTIVE:
            return page(request, "confirmed", subscription)
        return _ask(request, subscription)
    if is_scanner and not scanners.is_second_press(request):
        return _ask(request, subscription, {"again": scanners.second_press()})
    together.confirm(subscription, **origin_of(request))
    ring(send_notices)
    if subscription.status != Subscription.Status.ACTIVE:
        return page(request, "not_confirmed", subscription)
    return page(request, "confirmed", subscription, {"is_new": True})


def _ask(
    request: HttpRequest, subscription: Subscription, more: dict[str, str] | None = None
) -> HttpResponse:
    """Show the button that confirms, or why there is none."""
    name = "confirm" if consent.may_confirm(subscription) else "not_confirmed"
    context = {"companions": together.companions(subscription), **(more or {})}
    return page(request, name, subscription, context)


@reads_and_posts
def canary(request: HttpRequest, token: str) -> HttpResponse:
    """Mark who opens a link that no person can see; there is nothing behind it."""
    try:
        tokens.canary.load(token)
    except tokens.BadToken:
        return broken_link(request, "confirm")
    scanners.mark(request)
    return tiny("There is nothing here for you to do.\n")


@csrf_exempt  # the POST comes from a mail client, which has no cookie (RFC 8058, 3.1)
@reads_and_posts
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts; the body tells a mail client from the button on the page."""
    try:
        subscription_id, delivery_id = tokens.unsubscribe.load(token)
    except tokens.BadToken:
        if request.method == "POST" and _is_one_click(request):
            return tiny("This link is not one of ours.\n", status=404)
        return broken_link(request, "unsubscribe")
    subscription = find(subscription_id)
    if request.method != "POST":
        scanners.see(request, token)
        context = {"form": LeaveForm(), "token": token}
        return page(request, "unsubscribe", subscription, context)
    if _is_one_click(request):
        source = "one-click"
    elif request.POST.get("wish") == "unsubscribe":
        source = "page"
    else:
        return tiny("Post List-Unsubscribe=One-Click to unsubscribe.\n", status=400)
    if subscription is not None:
        # A mail program's one-click comes from its owner; the page may be anybody's.
        is_page = source == "page"
        consent.unsubscribe(
            subscription,
            source=source,
            delivery_id=delivery_id or None,
            why=LeaveForm(request.POST).reason() if is_page else "",
            tells_owner=is_page,
            **origin_of(request),
        )
        ring(send_notices)
    if source == "one-click":
        return tiny("Unsubscribed.\n")
    return page(request, "unsubscribed", subscription)


def _is_one_click(request: HttpRequest) -> bool:
    """Tell whether the body is the one that RFC 8058 prescribes, in either encoding.

    Mail programs name charsets that Django refuses in a form, and end the body
    with a line break; what they mean is plain all the same.
    """
    if request.content_type == "multipart/form-data":
        return request.POST.get("List-Unsubscribe") == "One-Click"
    body = request.body[:LONGEST_ONE_CLICK].decode("ascii", errors="replace")
    return parse_qs(body.strip()).get("List-Unsubscribe") == ["One-Click"]
