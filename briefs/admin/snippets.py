"""Snippets: words that are used again, kept by editors and put into briefs by writers."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.forms import ModelForm
from django.http import HttpRequest, JsonResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefs import snippets
from briefs.admin.brief_form import at_most
from briefs.admin.desk import DeskAdmin, badge, publication_label
from briefs.admin.images import publication_of
from briefs.admin.widgets import Markdown
from briefs.models import Snippet
from briefs.rendering import Unrenderable, render_markdown

MOST_CHARACTERS = 5_000
MOST_LISTED = 200


@require_safe
def listed(request: HttpRequest) -> JsonResponse:
    """Answer with the snippets of a publication, as they go into a text."""
    publication = publication_of(request, request.GET.get("publication", ""))
    rows = publication.snippets.select_related("publication").order_by("kind", "name")
    return JsonResponse(
        {
            "snippets": [
                {
                    "name": row.name,
                    "kind": row.get_kind_display(),
                    "markdown": snippets.markdown_of(row),
                }
                for row in rows[:MOST_LISTED]
            ]
        }
    )


class SnippetForm(ModelForm[Snippet]):
    """Takes what a brief can hold."""

    class Meta:
        model = Snippet
        fields = ("publication", "kind", "name", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "text" in self.fields:
            self.fields["text"].validators.append(at_most(MOST_CHARACTERS))

    def clean_text(self) -> str:
        """Refuse what no brief could be rendered with."""
        text: str = self.cleaned_data["text"]
        try:
            render_markdown(text)
        except Unrenderable as error:
            raise ValidationError(str(error)) from error
        return text


@admin.register(Snippet)
class SnippetAdmin(DeskAdmin[Snippet]):
    """Written by editors; writers see them, and put them into their briefs."""

    form = SnippetForm
    list_display = ["name", "kind_name", "publication_name", "beginning"]
    list_filter = ["kind", ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["publication"]
    search_fields = ["name", "text"]
    fields = ["publication", ("name", "kind"), "text"]

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "text":
            kwargs["widget"] = Markdown(rows=5)
            kwargs["help_text"] = _(
                "Markdown. A sponsor’s line is labelled as such wherever it is put in, in the "
                "publication’s language."
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("Kind"), ordering="kind")
    def kind_name(self, snippet: Snippet) -> SafeString:
        """Show the kind as a badge."""
        tone = "warning" if snippet.kind == Snippet.Kind.SPONSOR else "neutral"
        return badge(snippet.get_kind_display(), tone)

    @admin.display(description=_("Publication"), ordering="publication__name")
    def publication_name(self, snippet: Snippet) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(snippet.publication)

    @admin.display(description=_("Text"))
    def beginning(self, snippet: Snippet) -> str:
        """Show how it begins."""
        return Truncator(" ".join(snippet.text.split())).chars(90)
