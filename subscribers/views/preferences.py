"""The pages of a reader's own: settings, the way back, another address, a fresh link."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import DatabaseError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from briefs.addresses import mask
from briefs.models import Publication
from briefs.pages import private, publication_page, speaks
from subscribers import (
    feeds,
    forms,
    intake,
    limits,
    moving,
    preferences,
    scanners,
    tokens,
    undoing,
    wordings,
)
from subscribers.doorbell import ring
from subscribers.models import Subscription
from subscribers.origin import Origin, origin_of
from subscribers.preference_forms import AddressForm, ChoicesForm, DetailsForm, PauseForm
from subscribers.speaking import language_of, spoken_to
from subscribers.tasks import send_notices
from subscribers.views.answers import (
    broken_link,
    find,
    page,
    reads_and_posts,
    tiny,
)
from subscribers.views.signup import bell

log = logging.getLogger(__name__)

Status = Subscription.Status
DONE = ("choices", "pause", "resume", "details", "join", "address", "link", "feed", "feed-off")


class Visit(NamedTuple):
    """Who may be at the page: the owner for certain, or whoever has one of their mails."""

    subscription: Subscription
    is_own: bool
    origin: Origin

    @property
    def evidence(self) -> dict[str, Any]:
        """Return what the verbs are told about the visit."""
        source = "own page" if self.is_own else "preferences"
        return {"source": source, "origin": self.origin, "tells_owner": not self.is_own}


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def footer(request: HttpRequest, token: str) -> HttpResponse:
    """Show and change what the link at the foot of each mail opens."""
    try:
        subscription_id, _delivery = tokens.unsubscribe.load(token)
    except tokens.BadToken:
        return broken_link(request, "preferences")
    scanners.see(request, token)
    return _settings(request, find(subscription_id), is_own=False, token=token)


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def own(request: HttpRequest, token: str) -> HttpResponse:
    """Show and change everything: this link was mailed to its owner alone."""
    try:
        subscription = preferences.owner(token)
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "preferences", is_expired=is_expired)
    return _settings(request, subscription, is_own=True, token=token)


def _settings(
    request: HttpRequest, subscription: Subscription | None, *, is_own: bool, token: str = ""
) -> HttpResponse:
    if subscription is None:
        return page(request, "unsubscribe", None)
    visit = Visit(subscription, is_own, origin_of(request))
    with spoken_to(subscription):
        if request.method != "POST":
            return _settings_page(request, visit, token)
        wish = request.POST.get("wish", "")
        acts = _OWN_WISHES if is_own else _WISHES
        if wish not in acts:
            return tiny("This page does not know that wish.\n", status=400)
        if form := acts[wish](request, visit):
            return _settings_page(request, visit, token, {wish: form}, status=422)
    ring(send_notices)
    response = HttpResponseRedirect(f"{request.path}?done={wish}")
    response.status_code = 303  # the browser goes there with GET
    return private(response)


def _settings_page(
    request: HttpRequest,
    visit: Visit,
    token: str,
    wrong: dict[str, Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    subscription = visit.subscription
    reader = subscription.subscriber
    others = reader.subscriptions.exclude(pk=subscription.pk).select_related("publication")
    theirs = others.exclude(status__in=[Status.UNCONFIRMED, Status.UNSUBSCRIBED])
    known = [subscription.publication_id, *theirs.values_list("publication_id", flat=True)]
    done = request.GET.get("done", "")
    context: dict[str, Any] = {
        "subscription": subscription,
        "publication": subscription.publication,
        "masked": mask(reader.address),
        "is_own": visit.is_own,
        "done": done if done in DONE else "",
        "choices": ChoicesForm(subscription),
        "pause": PauseForm(),
        "unsubscribe_token": tokens.unsubscribe.make(subscription.pk, 0) if visit.is_own else token,
        **(wrong or {}),
    }
    if visit.is_own:
        key = feeds.standing(subscription)
        context |= {
            "feed": feeds.addresses(key, subscription) if key else None,
            "reader": reader,
            "token": token,
            "zones": forms.zones_to_choose().items(),
            "others": [(one, tokens.unsubscribe.make(one.pk, 0)) for one in theirs],
            "offers": [
                (publication, wordings.text_of(publication))
                for publication in Publication.objects.filter(is_public=True).exclude(pk__in=known)
            ],
        }
    response = render(request, "subscribers/preferences.html", context, status=status)
    return private(speaks(response, language_of(subscription)))


# Each returns the form if something in it is wrong.


def _choose(request: HttpRequest, visit: Visit) -> Form | None:
    form = ChoicesForm(visit.subscription, request.POST)
    if not form.is_valid():
        return form
    preferences.choose(visit.subscription, **form.cleaned_data, **visit.evidence)
    return None


def _pause(request: HttpRequest, visit: Visit) -> Form | None:
    form = PauseForm(request.POST)
    if not form.is_valid():
        return form
    preferences.pause(visit.subscription, form.cleaned_data["until"], **visit.evidence)
    return None


def _resume(_request: HttpRequest, visit: Visit) -> None:
    preferences.resume(visit.subscription, **visit.evidence)


def _mail_link(_request: HttpRequest, visit: Visit) -> None:
    preferences.mail_link(visit.subscription)


def _describe(request: HttpRequest, visit: Visit) -> Form | None:
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return form
    preferences.describe(visit.subscription, **form.cleaned_data, origin=visit.origin)
    return None


def _join(request: HttpRequest, visit: Visit) -> None:
    slug = request.POST.get("publication", "")
    publication = Publication.objects.filter(is_public=True, slug=slug).first()
    if publication is not None:
        preferences.join(visit.subscription, publication, origin=visit.origin)


def _give_feed(_request: HttpRequest, visit: Visit) -> None:
    feeds.replace(visit.subscription)


def _end_feed(_request: HttpRequest, visit: Visit) -> None:
    feeds.revoke(visit.subscription)


def _move(request: HttpRequest, visit: Visit) -> Form | None:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return form
    moving.ask(visit.subscription, form.cleaned_data["address"])
    return None


_Act = Callable[[HttpRequest, Visit], Form | None]
_WISHES: dict[str, _Act] = {
    "choices": _choose,
    "pause": _pause,
    "resume": _resume,
    "link": _mail_link,
}
_OWN_WISHES: dict[str, _Act] = {
    **_WISHES,
    "details": _describe,
    "join": _join,
    "address": _move,
    "feed": _give_feed,
    "feed-off": _end_feed,
}


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST restores what was before."""
    try:
        (record_id,) = tokens.undo.load(token)
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "undo", is_expired=is_expired)
    found = undoing.find(record_id)
    if found is None:
        return page(request, "unsubscribe", None)
    made, subscription = found
    context: dict[str, Any] = {"made": made, "may_undo": undoing.may_undo(made, subscription)}
    if request.method == "POST":
        context["is_done"] = undoing.undo(made, subscription, origin=origin_of(request))
    return page(request, "undo", subscription, context)


@csrf_exempt  # the token in the path is the credential; the page sets no cookie
@reads_and_posts
def address(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST gives the reader the address that the link was mailed to."""
    try:
        notice = moving.find(*tokens.address.load(token))
    except tokens.BadToken as error:
        is_expired = isinstance(error, tokens.ExpiredToken)
        return broken_link(request, "preferences", is_expired=is_expired)
    if notice is None:
        return broken_link(request, "preferences", is_expired=True)
    context: dict[str, Any] = {"new": mask(notice.address)}
    if request.method == "POST":
        try:
            context["is_done"] = moving.move(notice, origin=origin_of(request))
        except moving.Taken:
            context["is_taken"] = True
        ring(send_notices)
    return page(request, "address", notice.link, context)


@csrf_exempt  # an anonymous form; what it leads to is a mail to the address's owner
@reads_and_posts
@publication_page
def ask(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Take an address in and have a link mailed there; the answer is one for all addresses."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _ask_page(request, publication, 200, form=form)
    if not form.is_valid():
        return _ask_page(request, publication, 422, form=form)
    typed, origin = form.cleaned_data["address"], origin_of(request)
    try:
        # As a sign-up: whether there is such a reader is looked up once the answer has left.
        verdict = intake.accept(
            intake.make(
                [{"publication": publication.pk, "link": True}], typed, source="link", **origin
            ),
            limits.counters(ip=origin["ip"], address=typed, publications=[]),
        )
    except DatabaseError:
        log.exception("A wish for a link could not be stored.")
        return _ask_page(request, publication, 503, form=form, is_down=True)
    if verdict.must_wait:
        return _ask_page(request, publication, 429, form=form, minutes=verdict.minutes)
    bell.ring()
    return _ask_page(request, publication, 200, is_asked=True)


def _ask_page(
    request: HttpRequest, publication: Publication, status: int, **more: Any
) -> HttpResponse:
    context = {"publication": publication, **more}
    return private(render(request, "subscribers/ask_link.html", context, status=status))
