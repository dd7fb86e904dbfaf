"""The form of a publication: what a mail could not show, and what would make a page slow."""

import datetime as dt
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication, Topic
from briefs.rendering import Text, Unrenderable, merge_troubles, render_markdown

MOST_LOGO_OCTETS = 1_000_000
MOST_OF_A_FOOTER = 5_000  # characters


class PublicationForm(forms.ModelForm[Publication]):
    """Checks what the model cannot: how much was uploaded, and whether a mail can show it."""

    class Meta:
        model = Publication
        fields = ("logo",)  # the page's fieldsets name the others

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "default_topics" in self.fields:
            field = cast("forms.ModelMultipleChoiceField[Topic]", self.fields["default_topics"])
            field.queryset = Topic.objects.filter(publication=self.instance.pk)
            field.help_text = _("Topics are kept under “Topics”.") if self.instance.pk else ""

    def clean(self) -> dict[str, Any] | None:
        """Refuse to tell readers apart under a wording that was written before."""
        found = super().clean()
        if "tracking" not in self.changed_data:
            return found
        if self.cleaned_data.get("tracking") != Publication.Tracking.PER_READER:
            return found
        if self.cleaned_data.get("consent_wording") and "consent_wording" not in self.changed_data:
            message = _(
                "Your own sign-up wording has to name it first: say there that you note which "
                "reader opens a mail and follows a link, and save both together. Or empty it; "
                "the usual wording names it."
            )
            self.add_error("consent_wording", message)
        # Who asked before did not agree to it (deliveries.tracking.counting).
        self.instance.tracks_readers_since = timezone.now()
        return found

    def clean_logo(self) -> Any:
        """Refuse a logo that would make every web page slow."""
        logo = self.cleaned_data["logo"]
        if isinstance(logo, UploadedFile) and (logo.size or 0) > MOST_LOGO_OCTETS:
            message = _("This file has %(found).1f MB. Take a logo of at most %(most)d MB.")
            sizes = {"found": (logo.size or 0) / 1e6, "most": MOST_LOGO_OCTETS / 1e6}
            raise forms.ValidationError(message, params=sizes)
        return logo

    def clean_footer(self) -> str:
        """Refuse what no mail could show."""
        text: str = self.cleaned_data["footer"]
        if len(text) > MOST_OF_A_FOOTER:
            message = _("This has %(count)d characters; %(most)d are the most. Shorten it.")
            numbers = {"count": len(text), "most": MOST_OF_A_FOOTER}
            raise forms.ValidationError(message, params=numbers)
        try:
            render_markdown(text)
        except Unrenderable as error:
            raise forms.ValidationError(str(error)) from error
        if any(trouble.fields for trouble in merge_troubles(Text("", dt.date.min, body=text))):
            message = _("“[[…]]” is filled in within briefs only; the foot is the same for all.")
            raise forms.ValidationError(message)
        return text
