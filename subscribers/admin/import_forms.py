"""The forms of the wizard of imports."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from briefs.admin.widgets import Growing
from briefs.models import Publication
from subscribers.importing import unpacking
from subscribers.importing.sources import FIELDS, OWN
from subscribers.models import ImportRun

FIELD_NAMES = {
    "": gettext_lazy("leave it out"),
    "attribute": gettext_lazy("keep as an attribute"),
    "attributes": gettext_lazy("attributes (JSON)"),
    "address": gettext_lazy("address"),
    "name": gettext_lazy("name"),
    "first_name": gettext_lazy("first name"),
    "last_name": gettext_lazy("last name"),
    "language": gettext_lazy("language"),
    "time_zone": gettext_lazy("time zone"),
    "topics": gettext_lazy("topics"),
    "status": gettext_lazy("status"),
    "subscribed": gettext_lazy("gets mail: yes or no"),
    "disabled": gettext_lazy("gets no mail: yes or no"),
    "receives": gettext_lazy("what they get; empty is nothing"),
    "deleted_at": gettext_lazy("deleted at"),
    "left_at": gettext_lazy("unsubscribed at"),
    "why": gettext_lazy("why they left"),
    "asked_at": gettext_lazy("asked at"),
    "asked_ip": gettext_lazy("asked from (IP)"),
    "confirmed_at": gettext_lazy("confirmed at"),
    "confirmed_ip": gettext_lazy("confirmed from (IP)"),
}


class UploadForm(forms.Form):
    """The file, and where its readers go."""

    publication = forms.ModelChoiceField(
        Publication.objects.none(),
        label=gettext_lazy("Publication"),
        widget=UnfoldAdminSelectWidget(),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, TSV or Kit’s JSON, plain or in a ZIP."),
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.json,.zip"}),
    )

    def __init__(self, *args: Any, publications: frozenset[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theirs = Publication.objects.filter(pk__in=publications)
        field = self.fields["publication"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = theirs
        if theirs.count() == 1:
            field.initial = theirs.get().pk

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what is too large before it is looked at."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > unpacking.MOST_BYTES:
            most = unpacking.MOST_BYTES // unpacking.MEGABYTE
            raise forms.ValidationError(_("The file has more than %d MB; split it.") % most)
        return file


class MappingForm(forms.Form):
    """What each column means; the fields are named by number, as headers may hold anything."""

    def __init__(self, run: ImportRun, data: Any = None) -> None:
        super().__init__(data)
        self._headers = run.shape["headers"]
        targets = FIELDS if run.source == OWN else list(FIELD_NAMES)
        choices = [(target, FIELD_NAMES.get(target, target)) for target in targets]
        for number, header in enumerate(self._headers):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                choices=choices,
                label=header or _("(no name)"),
                required=False,
                initial=run.mapping.get(header, ""),
                widget=UnfoldAdminSelectWidget(),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        targets = [target for target in cleaned.values() if target]
        if targets.count("address") != 1:
            raise forms.ValidationError(_("Exactly one column must be the address."))
        for target in set(targets) - {"attribute", "attributes"}:
            if targets.count(target) > 1:
                message = _("Two columns are mapped to “%s”.") % FIELD_NAMES.get(target, target)
                raise forms.ValidationError(message)
        return cleaned

    def mapping(self) -> dict[str, str]:
        """Return {header: field}."""
        return {
            header: self.cleaned_data[f"column-{number}"]
            for number, header in enumerate(self._headers)
        }


class BasisForm(forms.Form):
    """On what basis the readers get mail; it stands in the evidence of each of them."""

    basis = forms.CharField(
        label=gettext_lazy("On what basis do they get your mail?"),
        max_length=2_000,
        widget=Growing({"rows": 2}),
        help_text=gettext_lazy(
            "How and when they agreed, so that it can be shown: “subscribed on our old site with "
            "double opt-in until March 2026”."
        ),
    )

    def clean_basis(self) -> str:
        """Return it as one line."""
        return " ".join(self.cleaned_data["basis"].split())
