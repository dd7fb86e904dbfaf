"""The small forms by which a person, not the reader, changes what a reader gets."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.widgets import INPUT, Growing
from briefs.models import Publication
from subscribers import suppression
from subscribers.models import Subscriber, Subscription, Suppression


class AddressField(forms.CharField):
    """An address, refused with the reason when no mail can be sent to it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.EmailInput({"class": INPUT, "autocomplete": "off"})
        super().__init__(max_length=254, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the address as it is mailed."""
        text = super().clean(value)
        try:
            return normalise(text).address if text else ""
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error


class AddReader(forms.ModelForm[Subscriber]):
    """Adds a reader by hand; the basis is what proves their consent later."""

    address = AddressField(label=gettext_lazy("Address"))
    publication = forms.ModelChoiceField(
        Publication.objects.none(),
        label=gettext_lazy("Publication"),
        widget=UnfoldAdminSelectWidget(),
    )
    basis = forms.CharField(
        label=gettext_lazy("On what basis"),
        widget=Growing({"rows": 2}),
        help_text=gettext_lazy(
            "How and when they agreed, so that it can be shown: “asked by phone on 6 April”, "
            "“signed the list at the spring conference”."
        ),
    )

    # Shown to who adds somebody that has left.
    again = forms.BooleanField(
        label=gettext_lazy("They have asked for it again since"),
        required=False,
        widget=forms.HiddenInput(),
    )

    class Meta:
        model = Subscriber
        fields = ("address", "name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        address, publication = cleaned.get("address"), cleaned.get("publication")
        if address and publication:
            key = normalise(address).key
            hashed, domain = suppression.address_hash(key), key.rpartition("@")[2]
            if suppression.is_suppressed(hashed, publication, domain):
                self.add_error(
                    "address",
                    _("This address is suppressed and is never mailed; see Suppressions."),
                )
            known = Subscription.objects.filter(
                subscriber__address_key=key, publication=publication
            ).first()
            if known:
                self._look_at(known)
        return cleaned

    def _look_at(self, known: Subscription) -> None:
        """Add nobody twice, and nobody who left, unless they have asked again."""
        if known.status in (Subscription.Status.ACTIVE, Subscription.Status.PAUSED):
            message = _("%(address)s is a reader of %(publication)s already.")
            names = {"address": known.subscriber.address, "publication": known.publication}
            self.add_error("address", message % names)
        elif known.status == Subscription.Status.UNSUBSCRIBED:
            self.fields["again"].widget = UnfoldBooleanWidget()
            if not self.cleaned_data.get("again"):
                left = date_format(timezone.localtime(known.unsubscribed_at), "j F Y")
                message = _(
                    "This reader left on %(day)s. Tick here only if they have asked for it again "
                    "since, and say in the basis how."
                )
                self.add_error("again", message % {"day": left})


class AddressOrDomainField(AddressField):
    """An address, or "@" and a whole domain."""

    def clean(self, value: Any) -> str:
        """Return it as it is stored."""
        text = forms.CharField.clean(self, value)
        try:
            return suppression.shown_as(text) if text else ""
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error


class ReleaseSuppression(forms.ModelForm[Suppression]):
    """Lets mail go to an address again; the reason is kept with the release."""

    why = forms.CharField(
        label=gettext_lazy("Why it is released"),
        widget=Growing({"rows": 2}),
        help_text=gettext_lazy(
            "What has changed, and how you know: “the mailbox is back, she called on 6 April”."
        ),
    )

    class Meta:
        model = Suppression
        fields = ()


class AddSuppression(forms.ModelForm[Suppression]):
    """Makes sure that an address is never mailed again."""

    address = AddressOrDomainField(
        label=gettext_lazy("Address or domain"),
        help_text=gettext_lazy("A whole domain is written like @example.com."),
    )

    class Meta:
        model = Suppression
        fields = ("address", "publication", "note")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        address = cleaned.get("address")
        if address:
            hashed = suppression.hash_of(address)
            there = Suppression.objects.filter(
                address_hash=hashed, publication=cleaned.get("publication")
            )
            if there.exists():
                self.add_error("address", _("This address is suppressed already."))
        return cleaned
