"""Addresses that are never mailed."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    EvidenceAdmin,
    allowed_ids,
    badge,
    editor_of,
    is_superuser,
)
from briefs.models import Publication
from briefs.roles import Verb
from subscribers import suppression
from subscribers.admin.forms import AddSuppression, ReleaseSuppression
from subscribers.admin.subscriptions import moment
from subscribers.models import Suppression, SuppressionRelease


@admin.register(Suppression)
class SuppressionAdmin(DeskAdmin[Suppression]):
    """Added with a note, released with a reason; what a reader demanded stays."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "publish",
        "add": "publish",
        "change": "manage",  # the change is its release
        "delete": None,
    }
    list_display = ["who", "reason_badge", "where", "note", "since"]
    list_display_links = ["who"]
    list_filter = ["reason"]
    list_select_related = ["publication"]
    search_fields = ["address"]
    search_help_text = _("The whole address")
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    fields = ["address", "publication", "reason", "note", "created_at"]
    add_fieldsets = [
        (
            None,
            {
                "fields": ["address", "publication", "note"],
                "description": _(
                    "Nothing is mailed to this address any more, whoever imports it again."
                ),
            },
        )
    ]

    def get_form(
        self, request: HttpRequest, obj: Suppression | None = None, change: bool = False, **kw: Any
    ) -> Any:
        if obj is not None:
            release = ReleaseSuppression if self.has_change_permission(request, obj) else None
            return super().get_form(request, obj, change, **({"form": release} if release else {}))
        form = super().get_form(request, obj, change, form=AddSuppression, **kw)
        if not is_superuser(request):
            field: Any = form.base_fields["publication"]
            field.queryset = Publication.objects.filter(pk__in=allowed_ids(request, "publish"))
            field.required = True  # for all publications is for who looks after the whole site
        return form

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        row = self._row(request, obj)
        if row is not None and row.reason not in suppression.RELEASABLE:
            return False
        return super().has_change_permission(request, row)

    def get_fieldsets(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        if obj is not None and self.has_change_permission(request, obj):
            return [(None, {"fields": self.fields}), (_("Release"), {"fields": ["why"]})]
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        return () if obj is None else self.fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Find by the hash: that also finds who was erased."""
        if not search_term.strip():
            return queryset, False
        try:
            hashed = suppression.hash_of(search_term)
        except InvalidAddress:
            return queryset.none(), False
        return queryset.filter(address_hash=hashed), False

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """Suppress through the verb, which computes the hash, or release with the reason."""
        given = form.cleaned_data
        if change:
            suppression.release(obj, why=given["why"], by=editor_of(request))
            return
        suppression.suppress(
            given["address"],
            Suppression.Reason.MANUAL,
            given["publication"],
            note=given["note"],
            by=editor_of(request),
        )
        stored = Suppression.objects.get(
            address_hash=suppression.hash_of(given["address"]),
            publication=given["publication"],
        )
        obj.pk = stored.pk
        obj._state.adding = False
        obj.refresh_from_db()

    def log_change(self, request: HttpRequest, obj: Suppression, message: Any) -> Any:
        """Write nothing: the release is kept by itself, and this log would keep the address."""

    def response_change(self, request: HttpRequest, obj: Suppression) -> HttpResponse:
        messages.success(
            request, gettext("Released: mail may go there again. Nobody is subscribed by it.")
        )
        return HttpResponseRedirect(reverse("admin:subscribers_suppression_changelist"))

    @admin.display(description=_("Address"))
    def who(self, row: Suppression) -> str:
        """Show the address; of who was erased only the hash is left."""
        return row.address or str(_("erased (%(hash)s…)")) % {"hash": row.address_hash[:8]}

    @admin.display(description=_("Why"))
    def reason_badge(self, row: Suppression) -> SafeString:
        """Show the reason as a badge."""
        tone = "danger" if row.reason in ("complaint", "erasure") else "warning"
        return badge(row.get_reason_display(), tone)

    @admin.display(description=_("For"))
    def where(self, row: Suppression) -> str:
        """Show for which publication it holds."""
        return str(row.publication or _("all publications"))

    @admin.display(description=_("Since"))
    def since(self, row: Suppression) -> str:
        """Show since when."""
        return moment(row.created_at)


@admin.register(SuppressionRelease)
class SuppressionReleaseAdmin(EvidenceAdmin[SuppressionRelease]):
    """Which suppressions were lifted, why and by whom."""

    list_display = ["since", "who", "reason", "where", "why", "by"]
    list_display_links = ["since"]
    list_select_related = ["publication", "by"]
    search_fields = ["address_hash"]
    search_help_text = _("The whole address")
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SuppressionRelease], search_term: str
    ) -> tuple[QuerySet[SuppressionRelease], bool]:
        """Find by the hash of the address: no other is kept."""
        if not search_term.strip():
            return queryset, False
        try:
            hashed = suppression.hash_of(search_term)
        except InvalidAddress:
            return queryset.none(), False
        return queryset.filter(address_hash=hashed), False

    @admin.display(description=_("Address"))
    def who(self, row: SuppressionRelease) -> str:
        """Show the domain, or the beginning of the hash."""
        return f"@{row.domain}" if row.domain else f"{row.address_hash[:8]}…"

    @admin.display(description=_("For"))
    def where(self, row: SuppressionRelease) -> str:
        """Show for which publication it held."""
        return str(row.publication or _("all publications"))

    @admin.display(description=_("When"))
    def since(self, row: SuppressionRelease) -> str:
        """Show when."""
        return moment(row.at)
