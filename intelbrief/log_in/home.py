"""“Your log-in”: password, second factors, where one is logged in, what was done."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from briefs import accounts, second_factor
from briefs.admin.desk import editor_of, number
from briefs.models import AccountEntry, User
from intelbrief.log_in.browsers import named
from intelbrief.log_in.noting import origin_of, others_of

LISTED = 15


@require_safe
@login_required
def show(request: HttpRequest) -> HttpResponse:
    """Show everything that is one's own about log-in."""
    user = editor_of(request)
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = [one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES]
    context = {
        "app": next((one for one in factors if one.type == Authenticator.Type.TOTP), None),
        "passkeys": [one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else 0,
        "has_codes": bool(codes),
        "asking": list(second_factor.asking(user)),
        "is_missing": second_factor.is_missing(user),
        "sessions": _sessions(user),
        "steps": _steps(user),
        "has_desk": user.is_staff,
    }
    return render(request, "account/home.html", context)


def _sessions(user: User) -> list[dict[str, object]]:
    found = sorted(
        UserSession.objects.purge_and_list(user), key=lambda one: one.last_seen_at, reverse=True
    )
    return [{"row": one, "browser": named(one.user_agent)} for one in found]


def _steps(user: User) -> list[dict[str, object]]:
    rows = AccountEntry.objects.filter(user=user)[:LISTED]
    return [
        {
            "row": one,
            "did": accounts.VERBS.get(one.verb, one.verb),
            "browser": named(one.user_agent),
        }
        for one in rows
    ]


@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one session, or all but this one."""
    user = editor_of(request)
    others = others_of(request, user)
    if "all" not in request.POST:
        others = others.filter(pk=number(request.POST.get("session", "")) or 0)
    ended = list(others)
    for session in ended:
        session.end()
    if ended:
        accounts.record("sessions-ended", user, words=str(len(ended)), **origin_of(request))
        messages.success(request, _("There you are logged out."))
    return HttpResponseRedirect(reverse("log_in_home") + "#sessions")
