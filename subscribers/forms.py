"""The subscribe form, and how it tells readers from robots without asking them to prove it."""

import time
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise
from briefs.models import Publication
from briefs.models.publications import validate_header_text, without_turns
from subscribers import consent

SOONEST_SECONDS = 1.0  # nobody reads, types and sends faster; a script does
LATEST_SECONDS = 24 * 3600.0
SALT = "subscribers.forms.stamp"


class NameField(forms.CharField):
    """A name, without what a reader cannot see in it and did not mean."""

    def to_python(self, value: Any) -> str | None:
        """Take out what turns the direction of writing; a pasted name may have brought it."""
        text = super().to_python(value)
        return without_turns(text).strip() if text else text


class SubscribeForm(forms.Form):
    """Address and, if the reader likes, a name.

    Two more inputs come with it. `stamp` is signed: it says when the form was
    shown, and with which wording, so that consent is kept with the words that
    were really read. `website` is seen by no person; what fills it in is a robot.
    """

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
        error_messages={
            "required": _("Write your e-mail address, like ada@example.com."),
            "max_length": _("An e-mail address has at most 254 characters."),
        },
    )
    name = NameField(
        label=_("Name"),
        max_length=120,
        required=False,
        validators=[validate_header_text],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": _("Take at most 120 characters for the name.")},
    )

    def __init__(self, publication: Publication, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.publication = publication
        self.wording = consent.wording_text(publication)

    @property
    def is_robot(self) -> bool:
        """True when a field is filled in that no person can see."""
        return bool(self.data.get("website"))

    def fresh_stamp(self) -> str:
        """Return a stamp for a form that is shown now."""
        return signing.dumps([time.time(), consent.wording_digest(self.wording)], salt=SALT)

    @property
    def stamp_to_show(self) -> str:
        """Return the stamp that came in while it is good, so that waiting helps; else a new one."""
        stamp = str(self.data.get("stamp", ""))
        return stamp if self._age(stamp) is not None else self.fresh_stamp()

    def clean_address(self) -> str:
        """Refuse what mail cannot be sent to."""
        try:
            address = normalise(self.cleaned_data["address"]).address
        except InvalidAddress as error:
            raise ValidationError(
                _("This is not a complete e-mail address. Write it like ada@example.com.")
            ) from error
        if not address.rpartition("@")[0].isascii():
            raise ValidationError(
                _("We cannot write to addresses with accents or other letters before the @ yet.")
            )
        return address

    def clean(self) -> dict[str, Any]:
        """Check when the form was shown, once everything else is right."""
        cleaned = super().clean() or {}
        if not self.errors:
            age = self._age(str(self.data.get("stamp", "")))
            if age is None:
                raise ValidationError(
                    gettext("This page was open for long. Please press the button again.")
                )
            if age < SOONEST_SECONDS:
                raise ValidationError(
                    gettext("That was very quick. Please press the button again.")
                )
        return cleaned

    def _age(self, stamp: str) -> float | None:
        """Return the seconds since the form was shown; None if the stamp is not good any more."""
        try:
            shown_at, digest = signing.loads(stamp, salt=SALT)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        age = time.time() - shown_at
        if not 0 <= age <= LATEST_SECONDS or digest != consent.wording_digest(self.wording):
            return None
        return float(age)
