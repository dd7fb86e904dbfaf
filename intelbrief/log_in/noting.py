"""An entry for each step of an account, and a mail to its owner for what they must know of."""

import time
from typing import Any, TypedDict

from allauth.account import signals as of_accounts
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as of_factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as of_social
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.contrib.auth import signals as of_django
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from briefs import accounts, second_factor
from briefs.models import User
from subscribers import notices
from subscribers.doorbell import ring
from subscribers.origin import likely_ip_of
from subscribers.tasks import send_notices

SEEN_AT = "seen_at"  # in the session: when its row in the list of sessions was written
WAYS = {
    "password": "password",
    "socialaccount": "single sign-on",
    "totp": "code of an app",
    "webauthn": "passkey",
    "recovery_codes": "recovery code",
}


class Origin(TypedDict):
    """The arguments of accounts.record that say where somebody sits."""

    ip: str | None
    user_agent: str


def origin_of(request: HttpRequest | None) -> Origin:
    """Return IP address and browser of *request*, which a command has none of."""
    if request is None:
        return Origin(ip=None, user_agent="")
    agent: str = request.META.get("HTTP_USER_AGENT", "")
    return Origin(ip=likely_ip_of(request.META), user_agent=agent)


def connect() -> None:
    """Listen to what allauth and Django tell of log-ins."""
    uid = "intelbrief.log_in.noting"
    for signal, receiver in (
        (of_accounts.user_logged_in, _logged_in),
        (of_accounts.password_changed, _password_changed),
        (of_accounts.password_set, _password_changed),
        (of_accounts.password_reset, _password_changed),
        (of_django.user_login_failed, _failed),
        (of_django.user_logged_out, _logged_out),
        (of_factors.authenticator_added, _factor_added),
        (of_factors.authenticator_removed, _factor_removed),
        (of_factors.authenticator_reset, _codes_made),
        (of_factors.authentication_failed, _code_was_wrong),
        (of_social.social_account_added, _linked),
    ):
        signal.connect(receiver, dispatch_uid=f"{uid}.{receiver.__name__}")


def _logged_in(request: HttpRequest, user: User, **_more: Any) -> None:
    records = get_authentication_records(request, user)
    ways = (WAYS.get(one.get("type") or one["method"]) for one in records)
    words = ", ".join(dict.fromkeys(way for way in ways if way))
    request.session[SEEN_AT] = int(time.time())
    accounts.record("logged-in", user, words=words, **origin_of(request))


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    is_locked = getattr(request, "axes_locked_out", False)
    if is_locked and getattr(request, "axes_failures_since_start", None) is None:
        return  # locked out before: the entry of that is enough
    typed = str(credentials.get("email") or credentials.get("username") or "")
    verb = "locked-out" if is_locked else "log-in-failed"
    accounts.record(verb, accounts.known(typed), typed=typed, **origin_of(request))


def _logged_out(request: HttpRequest, user: User | None, **_more: Any) -> None:
    if user is not None:
        accounts.record("logged-out", user, **origin_of(request))


def _password_changed(request: HttpRequest, user: User, **_more: Any) -> None:
    accounts.record("password-changed", user, **origin_of(request))
    # Whoever has proved to be the owner is not kept out by guesses of before.
    AccessAttempt.objects.filter(username=accounts.fingerprint(user.email)).delete()
    tell(
        user,
        _("Your password was changed"),
        _(
            "All other sessions of yours have ended. If it was not you, ask for a new password "
            "on the log-in page at once, and tell who looks after the site."
        ),
    )


def _factor_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any
) -> None:
    if authenticator.type not in second_factor.KINDS:
        return  # recovery codes come with the first factor
    accounts.record("factor-set", user, words=WAYS[authenticator.type], **origin_of(request))
    if second_factor.factors(user).count() == 1:
        # They began without a second factor, and would go on without it.
        for session in others_of(request, user):
            session.end()
    tell(
        user,
        _("A second factor was set up for your log-in"),
        _("If it was not you, change your password and remove it on the page “Your log-in”."),
    )


def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any
) -> None:
    if authenticator.type not in second_factor.KINDS:
        return
    accounts.record("factor-removed", user, words=WAYS[authenticator.type], **origin_of(request))
    tell(
        user,
        _("A second factor of your log-in was removed"),
        _("If it was not you, change your password, and tell who looks after the site."),
    )


def _codes_made(request: HttpRequest, user: User, **_more: Any) -> None:
    accounts.record("codes-made", user, **origin_of(request))


def _code_was_wrong(request: HttpRequest, user: User, **_more: Any) -> None:
    accounts.record("factor-failed", user, **origin_of(request))


def _linked(request: HttpRequest, sociallogin: Any, **_more: Any) -> None:
    user = sociallogin.user
    accounts.record("linked", user, words=str(sociallogin.account.provider), **origin_of(request))
    tell(
        user,
        _("You came by single sign-on for the first time"),
        _("If it was not you, tell who looks after the site at once."),
    )


def others_of(request: HttpRequest, user: User) -> QuerySet[UserSession]:
    """Return the sessions of *user* elsewhere."""
    mine: QuerySet[UserSession] = UserSession.objects.filter(user=user)
    return mine.exclude(session_key=request.session.session_key)


def tell(user: User, subject: str, text: str) -> None:
    """Have the owner of an account mailed."""
    notices.tell_owner(user, subject, text)
    ring(send_notices)
