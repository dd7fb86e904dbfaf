"""The small forms by which a person, not the reader, changes what a reader gets."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.widgets import INPUT, Growing
from briefs.models import Publication
from subscribers import suppression
from subscribers.models import Subscriber, Suppression


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

    class Meta:
        model = Subscriber
        fields = ("address", "name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        address, publication = cleaned.get("address"), cleaned.get("publication")
        if address and publication:
            hashed = suppression.address_hash(normalise(address).key)
            if suppression.is_suppressed(hashed, publication):
                self.add_error(
                    "address",
                    _("This address is suppressed and is never mailed; see Suppressions."),
                )
        return cleaned


class AddSuppression(forms.ModelForm[Suppression]):
    """Makes sure that an address is never mailed again."""

    address = AddressField(label=gettext_lazy("Address"))

    class Meta:
        model = Suppression
        fields = ("address", "publication", "note")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        address = cleaned.get("address")
        if address:
            hashed = suppression.address_hash(normalise(address).key)
            there = Suppression.objects.filter(
                address_hash=hashed, publication=cleaned.get("publication")
            )
            if there.exists():
                self.add_error("address", _("This address is suppressed already."))
        return cleaned
