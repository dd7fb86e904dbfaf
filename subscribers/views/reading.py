"""Reading on the web as a subscriber: the mailed link, its request, invitations to groups."""

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from briefs.addresses import mask
from briefs.models import Publication
from briefs.pages import private, publication_page, speaks
from subscribers import groups, intake, limits, reading, scanners, tokens, wordings
from subscribers.doorbell import ring
from subscribers.models import GroupMember
from subscribers.origin import origin_of
from subscribers.preference_forms import AddressForm
from subscribers.tasks import send_notices
from subscribers.views.answers import broken_link, reads_and_posts
from subscribers.views.signup import bell

log = logging.getLogger(__name__)

MOST_DIGITS = 18


@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the token for a cookie and go on to where it leads, without the token.

    A scanner that opens the link gets a cookie, which it throws away.
    """
    try:
        subscription, brief = reading.open_link(token)
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "reading", is_expired=is_expired)
    scanners.see(request, token)
    home = reverse("briefs:publication", args=[subscription.publication.slug])
    response = HttpResponseRedirect(brief.web_path() if brief else home)
    reading.let_in(response, subscription)
    return private(response)


@csrf_exempt  # at worst somebody is logged out, and the next mailed link lets them in again
@require_POST
def leave(_request: HttpRequest) -> HttpResponse:
    """Forget who reads in this browser."""
    response = HttpResponseRedirect("/")
    response.delete_cookie(reading.COOKIE, samesite="Lax")
    return private(response)


@csrf_exempt  # an anonymous form; what it leads to is a mail to the address's owner
@reads_and_posts
@publication_page
def ask(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Take an address in and have a link mailed there; the answer is one for all addresses."""
    brief_id = _number(request.POST.get("brief") or request.GET.get("brief", ""))
    form = AddressForm(request.POST if request.method == "POST" else None)

    def answer(status: int = 200, **more: object) -> HttpResponse:
        context = {"publication": publication, "form": form, "brief_id": brief_id, **more}
        return private(render(request, "subscribers/reading.html", context, status=status))

    if request.method != "POST":
        return answer()
    if not form.is_valid():
        return answer(422)
    typed, origin = form.cleaned_data["address"], origin_of(request)
    wish = {"publication": publication.pk, "link": True, "read": brief_id}
    try:
        # As a sign-up: whether there is such a reader is looked up once the answer has left.
        verdict = intake.accept(
            intake.make([wish], typed, source="reading", **origin),
            limits.counters(ip=origin["ip"], address=typed, publications=[]),
        )
    except DatabaseError:
        log.exception("A wish for a link could not be stored.")
        return answer(503, is_down=True)
    if verdict.must_wait:
        return answer(429, minutes=verdict.minutes)
    bell.ring()
    return answer(is_asked=True)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


@csrf_exempt  # the token in the path is the credential
@reads_and_posts
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST accepts: link scanners follow every GET."""
    try:
        (member_id,) = tokens.invitation.load(token)
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "reading", is_expired=is_expired)
    member = groups.find(member_id)
    if member is None:
        return broken_link(request, "reading", is_expired=True)
    is_scanner = scanners.see(request, token)
    if request.method != "POST":
        return _ask_to_accept(request, member)
    if is_scanner and not scanners.is_second_press(request):
        return _ask_to_accept(request, member, again=scanners.second_press())
    subscription = groups.accept(member, origin=origin_of(request))
    if subscription is None:
        return _ask_to_accept(request, member, is_refused=True)
    ring(send_notices)
    home = reverse("briefs:publication", args=[member.group.publication.slug])
    response = HttpResponseRedirect(home)
    response.status_code = 303  # the browser goes there with GET
    reading.let_in(response, subscription)
    return private(response)


def _ask_to_accept(request: HttpRequest, member: GroupMember, **more: object) -> HttpResponse:
    publication = member.group.publication
    with translation.override(publication.language):
        context = {
            "publication": publication,
            "masked": mask(member.address),
            "wording": wordings.text_of(publication),
            **more,
        }
        response = render(request, "subscribers/invitation.html", context)
    return private(speaks(response, publication.language))
