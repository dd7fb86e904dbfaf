"""Forms of log-in that differ from allauth's."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factors
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from briefs import accounts
from briefs.models import User
from intelbrief.log_in.noting import origin_of
from subscribers import notices
from subscribers.doorbell import ring
from subscribers.tasks import send_notices


class AskForPassword(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Has a link mailed to whoever has an account, and does as much where nobody has."""

    def clean_email(self) -> str:
        """Take any address; whether somebody has it, the answer does not tell."""
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **_kwargs: Any) -> str:
        """Note that it was asked, in one transaction with the notice if there is one."""
        typed = str(self.cleaned_data["email"])
        user = accounts.known(typed)
        with transaction.atomic():
            accounts.record("password-asked", user, typed=typed, **origin_of(request))
            if user is not None and user.is_active:
                notices.ask_for_password(user)
        ring(send_notices)
        return typed


class _Once:
    """Takes a code of an app once for as long as it is good (RFC 6238, 5.2).

    allauth forgets after one period that it was used, and takes it for three.
    """

    def clean_code(self) -> str:
        """Return the code, if it is right and nobody has used it."""
        code = str(super().clean_code())  # type: ignore[misc]  # of the form that it is mixed into
        used: Authenticator = self.authenticator  # type: ignore[attr-defined]  # found by it
        if used.type == Authenticator.Type.TOTP:
            seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
            digits = "".join(filter(str.isdigit, code))
            if not cache.add(f"code-used:{used.pk}:{digits}", 1, seconds):
                raise get_adapter().validation_error("incorrect_code")
        return code


class Factor(_Once, factors.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a code at log-in."""


class FactorAgain(_Once, factors.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a code of somebody who has logged in a while ago."""


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a name, and proposes a passkey that replaces the password."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        help_text=_("What you will know it by, such as “my phone”."),
    )
    passwordless = forms.BooleanField(
        label=_("Log in with it alone"),
        required=False,
        initial=True,
        help_text=_(
            "Without the password: the device asks for its PIN, a finger or a face. Clear this "
            "for a key that only confirms a password."
        ),
    )


class Joining(forms.Form):
    """What somebody new says at the first log-in."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("As colleagues read it."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least eight characters that nobody guesses. A few words will do."),
    )
    password2 = forms.CharField(
        label=_("Once more"),
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    @property
    def by_passkey(self) -> bool:
        """Tell whether the button was pressed that goes without a password."""
        return "by_passkey" in self.data

    def clean(self) -> dict[str, Any] | None:
        """Want a good password twice, unless a passkey comes in its place."""
        found = super().clean()
        if self.by_passkey:
            return found
        password = self.cleaned_data.get("password1") or ""
        if not password:
            self.add_error("password1", _("Choose a password, or use a passkey."))
        elif password != self.cleaned_data.get("password2"):
            self.add_error("password2", _("The two are not the same."))
        else:
            somebody = User(email=self.address, name=self.cleaned_data.get("name", ""))
            try:
                validate_password(password, somebody)
            except ValidationError as error:
                self.add_error("password1", error)
        return found
