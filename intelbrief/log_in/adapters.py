"""Where django-allauth asks what this house wants."""

from contextlib import suppress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from briefs import second_factor
from briefs.addresses import InvalidAddress, normalise
from briefs.models import User
from intelbrief.log_in import sealing
from subscribers.origin import likely_ip_of

UNKNOWN_IP = "0.0.0.0"  # noqa: S104  (stands for none: allauth refuses who comes from nowhere)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts: by invitation only, with the address in the user's own row."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("E-mail address and password do not belong together."),
        "too_many_login_attempts": _("Too many wrong codes. Wait five minutes, and try again."),
        "incorrect_code": _("This code is not right, or was used already."),
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Let nobody make an account: an invitation does (intelbrief.log_in.invitations)."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request comes from as the rest of the site sees it."""
        return likely_ip_of(request.META) or UNKNOWN_IP

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count nothing by the address alone: axes counts by address and origin together."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Check a password; the address is compared in the form in which it is stored."""
        with suppress(InvalidAddress):  # nobody has it, and axes counts the try all the same
            credentials["email"] = normalise(str(credentials.get("email", ""))).key
        return super().authenticate(request, **credentials)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Check the password of who is logged in already."""
        assert isinstance(user, User)
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: whatever allauth would mail by itself goes as a notice or not at all."""
        raise NotImplementedError(f"{template_prefix} is mailed as a notice.")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing here: intelbrief.log_in.noting tells by notices."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("log_in_home")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Second factors: their secrets encrypted, the last one kept where it is asked for."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right, or was used already."),
        "cannot_delete_authenticator": _(
            "This is your last second factor, and a publication that you work on asks for one. "
            "Set up another first."
        ),
    }

    def get_totp_issuer(self) -> str:
        """Return what an app calls this site: somebody may work on several."""
        return f"IntelBrief {settings.SITE_HOST}"

    def encrypt(self, text: str) -> str:
        """Return *text* as it is stored."""
        return sealing.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was encrypted."""
        return sealing.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Tell whether a second factor may go."""
        return second_factor.may_remove(authenticator)

    def generate_authenticator_name(
        self,
        user: AbstractBaseUser,
        type: Any,  # noqa: A002  (allauth's name)
    ) -> str:
        """Return a name for a further passkey, which its owner may change."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return str(_("Passkey %(number)s") % {"number": number})
