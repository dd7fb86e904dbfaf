"""The forms of a reader's own page; each is one button, and says what is wrong in place."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise
from briefs.models import Topic
from briefs.models.publications import validate_header_text
from subscribers.forms import NameField, zones
from subscribers.models import Subscription
from subscribers.preferences import LONGEST_PAUSE

NO_ADDRESS = _("This is not a complete e-mail address. Write it like ada@example.com.")


class ChoicesForm(forms.Form):
    """Topics, none ticked being all of them, and how often."""

    rhythm = forms.ChoiceField(choices=Subscription.Rhythm.choices)
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.none(), required=False, to_field_name="slug"
    )

    def __init__(self, subscription: Subscription, data: Any = None) -> None:
        super().__init__(data)
        self.subscription = subscription
        topics: Any = self.fields["topics"]
        topics.queryset = subscription.publication.topics.all()

    @property
    def offered(self) -> list[tuple[Topic, bool]]:
        """Return each topic and whether it is ticked."""
        ticked = set(self.subscription.topics.values_list("pk", flat=True))
        return [(topic, topic.pk in ticked) for topic in self.subscription.publication.topics.all()]


class PauseForm(forms.Form):
    """The day on which mail begins again."""

    until = forms.DateField(
        error_messages={
            "required": _("Choose the day on which mail begins again."),
            "invalid": _("Write the day like 2026-12-24."),
        }
    )

    @property
    def earliest(self) -> str:
        """Return the first day that can be chosen."""
        return str(timezone.now().date() + timedelta(days=1))

    @property
    def latest(self) -> str:
        """Return the last day that can be chosen."""
        return str(timezone.now().date() + LONGEST_PAUSE)

    def clean_until(self) -> Any:
        """Refuse the past, and what is as good as leaving."""
        until = self.cleaned_data["until"]
        if not self.earliest <= str(until) <= self.latest:
            raise ValidationError(_("Choose a day from tomorrow on, within a year."))
        return until


class DetailsForm(forms.Form):
    """Name, language and time zone; an empty one is the publication's."""

    name = NameField(
        max_length=120,
        required=False,
        validators=[validate_header_text],
        error_messages={"max_length": _("Take at most 120 characters for the name.")},
    )
    language = forms.ChoiceField(choices=[("", ""), *settings.LANGUAGES], required=False)
    time_zone = forms.CharField(max_length=64, required=False)

    def clean_time_zone(self) -> str:
        """Refuse what is no time zone."""
        zone = str(self.cleaned_data["time_zone"])
        if zone and zone not in zones():
            raise ValidationError(_("Choose a time zone from the list."))
        return zone


class AddressForm(forms.Form):
    """An address, for a link or a move."""

    address = forms.CharField(
        max_length=254,
        error_messages={
            "required": _("Write your e-mail address, like ada@example.com."),
            "max_length": _("An e-mail address has at most 254 characters."),
        },
    )

    def clean_address(self) -> str:
        """Refuse what mail cannot be sent to."""
        try:
            address = normalise(self.cleaned_data["address"]).address
        except InvalidAddress as error:
            raise ValidationError(NO_ADDRESS) from error
        if not address.isascii():
            raise ValidationError(
                _("We cannot write to addresses with accents or other letters before the @ yet.")
            )
        return address


class LeaveForm(forms.Form):
    """Why somebody leaves, if they like to say; what is wrong here keeps nobody."""

    WHYS = [
        ("too-often", _("Too many mails")),
        ("not-for-me", _("Not what I expected")),
        ("no-time", _("No time to read it")),
        ("never-asked", _("I never asked for it")),
        ("other", _("Something else")),
    ]
    why = forms.ChoiceField(choices=WHYS, required=False)
    words = forms.CharField(required=False)

    def reason(self) -> str:
        """Return what is kept: the choice, and the words after it."""
        self.is_valid()
        parts = (self.cleaned_data.get("why"), self.cleaned_data.get("words"))
        return ": ".join(part for part in parts if part)
