"""What stands before each page of the desk: the second factor, and where one is logged in."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from briefs import second_factor
from briefs.models import User
from briefs.pages import POLICY
from intelbrief.log_in.noting import SEEN_AT
from intelbrief.middleware import is_desk, is_log_in

# What somebody needs who has no second factor yet, and nothing of the desk's.
OPEN = ("/admin/login/", "/admin/logout/", "/admin/jsi18n/")
SEEN_SECONDS = 600


class DeskDoorMiddleware:
    """Lead who lacks a second factor to where it is set up; other pages pay a comparison.

    Pages of log-in are stored by nobody, run no script of others, and may post
    to the issuer of single sign-on if there is one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let in, or lead away."""
        if is_desk(request):
            return self._desk(request)
        response = self.get_response(request)
        if is_log_in(request):
            response.headers.setdefault("Content-Security-Policy", _policy())
            response.headers["Cache-Control"] = "no-store, private"
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    def _desk(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.is_active and request.path_info not in OPEN:
            if second_factor.is_missing(user):
                return _to_set_up(request, user)
            _note_session(request)
        return self.get_response(request)


def _to_set_up(request: HttpRequest, user: User) -> HttpResponse:
    names = ", ".join(second_factor.asking(user).values_list("name", flat=True)[:3])
    words = _("%(publication)s asks for a second factor. Set one up, and the desk opens.")
    messages.info(request, words % {"publication": names})
    return HttpResponseRedirect(reverse("log_in_home"))


def _note_session(request: HttpRequest) -> None:
    """Write where somebody is logged in, now and then: not at each page."""
    seen_at = request.session.get(SEEN_AT)
    # A session that did not begin at the log-in page has none.
    if seen_at is None or time.time() - seen_at < SEEN_SECONDS:
        return
    request.session[SEEN_AT] = int(time.time())
    try:
        with transaction.atomic():
            UserSession.objects.create_from_request(request)
    except DatabaseError:
        return  # a list of sessions is not worth a page


def _policy() -> str:
    """Return what a page of log-in may do; with an issuer, a form may lead to it and beyond."""
    issuer = settings.SINGLE_SIGN_ON.get("settings", {}).get("server_url", "")
    if not issuer:
        return POLICY
    # A browser applies this to each step of the way, and an issuer may ask others in turn.
    ways = (
        "https:"
        if issuer.startswith("https:")
        else "{0.scheme}://{0.netloc}".format(urlsplit(issuer))
    )
    return POLICY.replace("form-action 'self'", f"form-action 'self' {ways}")
