"""Where the desk's own addresses of log-in lead."""

from urllib.parse import urlencode

from allauth.core.internal import ratelimit
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from allauth.mfa.webauthn.views import login_webauthn
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

ASKED_SECONDS = 600


@never_cache
def to_log_in(request: HttpRequest) -> HttpResponse:
    """Lead from the desk's log-in to the one page that there is, and back to what was wanted.

    Who is logged in and may not see the desk would be sent to and fro for ever.
    """
    if request.user.is_authenticated and not admin.site.has_permission(request):
        return HttpResponseRedirect(reverse("log_in_no_desk"))
    wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
    query = urlencode({REDIRECT_FIELD_NAME: wanted})
    return HttpResponseRedirect(f"{reverse('account_login')}?{query}")


def to_new_password(request: HttpRequest) -> HttpResponse:
    """Lead to where a password is changed; Django's own page would not note it."""
    return HttpResponseRedirect(reverse("account_change_password"))


def too_many(request: HttpRequest) -> HttpResponse | None:
    """Return what is answered where one origin asks more often than people do."""
    found: HttpResponse | None = ratelimit.consume_or_429(
        request, app="allauth.account", action="login", limit_get=True
    )
    return found


def log_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """Ask for a passkey, or take it; a question of a stranger's is kept for minutes.

    allauth limits the answers only, and each question leaves a session behind.
    """
    if refused := too_many(request):
        return refused
    if request.method == "POST":
        _forget_other_questions(request)
    response: HttpResponse = login_webauthn(request)
    if not request.user.is_authenticated and request.session.modified:
        request.session.set_expiry(ASKED_SECONDS)
    return response


def _forget_other_questions(request: HttpRequest) -> None:
    """Take no answer to a question that did not ask who holds the passkey.

    The page of the second factor leaves one in the session that a mere touch
    answers, and whose key it is the browser says: whoever has an account and
    a key that they found would be logged in as its owner.
    """
    state = request.session.get(STATE_SESSION_KEY)
    if state and state.get("user_verification") != "required":
        del request.session[STATE_SESSION_KEY]


@login_required
def no_desk(request: HttpRequest) -> HttpResponse:
    """Say that an account has no desk, and whom to ask."""
    return render(request, "account/no_desk.html", status=403)
