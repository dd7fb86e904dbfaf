"""The audit trail at the desk: who did what, to be read and never to be changed."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import audit
from briefs.admin.desk import CappedPaginator, EvidenceAdmin, editor_of, publication_label
from briefs.models import AuditEntry, Membership, Publication
from briefs.roles import Verb

LONGEST_VALUE = 60


class VerbFilter(admin.SimpleListFilter):
    """Narrows the list to one kind of step."""

    title = gettext_lazy("what was done")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(verb, capfirst(str(words))) for verb, words in audit.VERBS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(EvidenceAdmin[AuditEntry]):
    """Every step of every brief, edition and publication, the latest first."""

    verbs: ClassVar[dict[str, Verb | None]] = {**EvidenceAdmin.verbs, "view": "edit"}
    list_display = ["when", "who", "did", "what", "publication_name", "said"]
    list_display_links = ["when"]
    list_filter = [VerbFilter, ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["brief", "publication"]
    search_fields = ["by_name", "brief__headline"]
    paginator = CappedPaginator
    ordering = ["-id"]  # as they were written; the primary key is in that order
    fields = ["at", "by_name", "did", "brief", "publication", "revision", "edition", "words"]
    readonly_fields = ["did"]

    @admin.display(description=gettext_lazy("When"), ordering="id")
    def when(self, entry: AuditEntry) -> str:
        """Show the moment in the editor's zone."""
        return date_format(timezone.localtime(entry.at), "j M Y, H:i")

    @admin.display(description=gettext_lazy("Who"))
    def who(self, entry: AuditEntry) -> str:
        """Show the name as it was then."""
        return entry.by_name or _("IntelBrief")

    @admin.display(description=gettext_lazy("What"))
    def did(self, entry: AuditEntry) -> str:
        """Show the step in words."""
        return str(audit.VERBS.get(entry.verb, entry.verb))

    @admin.display(description=gettext_lazy("Brief"))
    def what(self, entry: AuditEntry) -> SafeString | str:
        """Link to the brief; a digest has no page."""
        if entry.brief is None or entry.brief.digest_of:
            return str(entry.brief or "–")
        url = reverse("admin:briefs_brief_change", args=[entry.brief.pk])
        return format_html('<a class="ib-link" href="{}">{}</a>', url, entry.brief.headline)

    @admin.display(description=gettext_lazy("Publication"))
    def publication_name(self, entry: AuditEntry) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(entry.publication)

    @admin.display(description=gettext_lazy("Words"))
    def said(self, entry: AuditEntry) -> str:
        """Show the first of the words."""
        return entry.words if len(entry.words) <= 120 else f"{entry.words[:119]}…"


def note_rules(request: HttpRequest, publication: Publication, form: "ModelForm[Any]") -> None:
    """Write down which settings of *publication* a form changed, short ones with both values."""
    changes = []
    for name in form.changed_data:
        field = form.fields[name]
        label = str(field.label or name)
        before, after = (_shown(value) for value in (form.initial.get(name), form[name].value()))
        short = before is not None and after is not None
        changes.append(f"{label}: {before} → {after}" if short else label)
    if changes:
        audit.record(
            "rules-changed",
            publication=publication,
            by=editor_of(request),
            words="; ".join(changes),
        )


def _shown(value: object) -> str | None:
    """Return *value* as a word or two; None for what takes more."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    text = "–" if value in (None, "") else str(value)
    return text if isinstance(value, str | int | None) and len(text) <= LONGEST_VALUE else None


def note_member(request: HttpRequest, membership: Membership, verb: str) -> None:
    """Write down that somebody was given a role in a publication, or lost it: who may approve."""
    audit.record(
        verb,
        publication=membership.publication,
        by=editor_of(request),
        words=f"{membership.user}: {membership.get_role_display()}",
    )
