"""Single sign-on by OpenID Connect: who may come in, and what an issuer's word is worth.

One issuer, from the environment. It is believed for an address only where its
ID token, got from itself over TLS, says that it verified the address, and that
the token was made for this very log-in (nonce). Then the account of that
address is linked to the issuer's subject once, and from then on the subject
alone decides: an address that is given to somebody else opens nothing.
"""

import hashlib
import logging
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import gettext as _
from requests import RequestException

from briefs import accounts
from briefs.addresses import InvalidAddress, normalise
from briefs.models import User
from intelbrief.log_in import doors
from intelbrief.log_in.noting import origin_of

log = logging.getLogger(__name__)

PROVIDER_ID = "sso"


class Dance(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Asks the issuer, and takes its answer."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Take nothing but an answer with an ID token."""
        if not kwargs["response"].get("id_token"):
            _refuse(request, _("%(name)s sent no ID token."))
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return where the issuer leads back to: by SITE_URL, whatever Host says."""
        path = reverse("openid_connect_callback", args=[PROVIDER_ID])
        return f"{settings.SITE_URL}{path}"


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """Asks the issuer to put a number of ours into its token, which allauth does not."""

    oauth2_adapter_class = Dance

    def redirect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the issuer; the nonce waits in the session, beside the state."""
        nonce = get_random_string(32)
        kwargs.pop("scope", None)  # as configured, whatever the address asks for
        kwargs["auth_params"] = {"nonce": nonce}
        found: HttpResponse = super().redirect(request, *args, nonce=nonce, **kwargs)
        return found

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return who it is at this very issuer: another one may have the same number too."""
        subject = str((data.get("id_token") or {}).get("sub", ""))
        return f"{_mark()}:{hashlib.sha256(subject.encode()).hexdigest()}"


def _mark() -> str:
    """Return what the issuer's subjects begin with where they are stored."""
    issuer: str = settings.SINGLE_SIGN_ON["settings"]["server_url"]
    return hashlib.sha256(issuer.encode()).hexdigest()[:16]


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Knows the one issuer, and decides who comes in by it."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the issuer of the settings, if there is one and it is meant."""
        given = settings.SINGLE_SIGN_ON
        if not given or provider not in (None, PROVIDER_ID, Provider.id):
            return []
        return [
            SocialApp(
                provider=Provider.id,
                provider_id=PROVIDER_ID,
                name=given["name"],
                client_id=given["client_id"],
                secret=given["secret"],
                settings=given["settings"],
            )
        ]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Provider:
        """Return the issuer as we ask it."""
        return Provider(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Let nobody make an account here: pre_social_login() decides who gets one."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in whom the issuer vouches for, or lead back to the log-in with the reason."""
        if sociallogin.state.get("process", "login") != "login":
            _refuse(request, _("An account is linked when its owner logs in, in no other way."))
        claims = _claims(sociallogin)
        if claims is None:
            _refuse(request, _("The answer was not made for this log-in. Try again."))
        if sociallogin.is_existing:
            if not sociallogin.user.is_active:
                _refuse(request, _("This account is not active any more."))
            return
        user = _vouched_for(request, claims)
        mine = SocialAccount.objects.filter(user=user, uid__startswith=f"{_mark()}:")
        if mine.exists():  # the address went to somebody else there
            _refuse(request, _("This account is linked to somebody else at %(name)s."))
        sociallogin.connect(request, user)


def _claims(sociallogin: SocialLogin) -> dict[str, Any] | None:
    """Return what the issuer says; None where it was not said to us, now, of one person."""
    told = sociallogin.account.extra_data
    token, more = told.get("id_token") or {}, told.get("userinfo") or {}
    nonce = str(sociallogin.state.get("nonce") or "")
    if not nonce or not constant_time_compare(str(token.get("nonce", "")), nonce):
        return None
    # OpenID Connect Core 5.3.2: what is said of another subject must not be used.
    if not token.get("sub") or (more and more.get("sub") != token["sub"]):
        return None
    return {**more, **token, "email_verified": _is_verified(token, more)}


def _is_verified(token: dict[str, Any], more: dict[str, Any]) -> bool:
    """Tell whether the address that is believed was verified, and not another one beside it."""
    address = token.get("email", more.get("email"))
    told = [one.get("email_verified") for one in (token, more) if one.get("email") == address]
    return next((one for one in told if one is not None), None) is True


def _vouched_for(request: HttpRequest, claims: dict[str, Any]) -> User:
    """Return the user whose address the issuer verified; one of our domains may be new."""
    if claims.get("email_verified") is not True:
        _refuse(request, _("%(name)s did not say that it has verified your address."))
    try:
        found = normalise(str(claims.get("email", "")))
    except InvalidAddress:
        _refuse(request, _("%(name)s told no address of yours."))
    domains = settings.SINGLE_SIGN_ON["domains"]
    is_ours = found.key.rpartition("@")[2] in domains
    if domains and not is_ours:
        _refuse(request, _("Addresses of this domain do not come in by single sign-on."))
    user = User.objects.filter(email=found.key).first()
    if user is None and is_ours:
        user = _made(request, found.key, str(claims.get("name", "")))
    if user is None or not user.is_active:
        _refuse(request, _("Nobody here has this address. Ask who looks after the publication."))
    return user


def _made(request: HttpRequest, address: str, name: str) -> User:
    """Make an account without a role: its owner sees a desk with nothing on it yet."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(address, None, name=name[:120], is_staff=True)
            accounts.record("made", user, words="single sign-on", **origin_of(request))
    except IntegrityError:  # of two first log-ins at once, one makes it
        return User.objects.get(email=address)
    return user


def _refuse(request: HttpRequest, why: str) -> NoReturn:
    name = settings.SINGLE_SIGN_ON["name"]
    accounts.record("log-in-failed", None, words="single sign-on", **origin_of(request))
    messages.error(request, why.replace("%(name)s", name))
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))


def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the issuer; GET shows a page with a button."""
    return _dance(OAuth2LoginView, request, provider_id)


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the issuer's answer."""
    return _dance(OAuth2CallbackView, request, provider_id)


def _dance(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    if provider_id != PROVIDER_ID or not settings.SINGLE_SIGN_ON:
        raise Http404
    # Each begins with a question to the issuer, and leaves a session behind.
    if refused := doors.too_many(request):
        return refused
    try:
        response: HttpResponse = view.adapter_view(Dance(request, provider_id))(request)
    except (RequestException, KeyError) as error:
        log.warning("The issuer of single sign-on cannot be asked: %s", type(error).__name__)
        words = _("%(name)s does not answer. Log in another way, or try again later.")
        messages.error(request, words % {"name": settings.SINGLE_SIGN_ON["name"]})
        return HttpResponseRedirect(reverse("account_login"))
    return response
