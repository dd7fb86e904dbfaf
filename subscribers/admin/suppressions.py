"""Addresses that are never mailed."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    allowed_ids,
    badge,
    editor_of,
    is_superuser,
)
from briefs.models import Publication
from briefs.roles import Verb
from subscribers import suppression
from subscribers.admin.forms import AddSuppression
from subscribers.admin.subscriptions import moment
from subscribers.models import Suppression

# A complaint and an erasure are the reader's own word; no editor takes it back.
RELEASABLE = (Suppression.Reason.BOUNCE, Suppression.Reason.MANUAL)


@admin.register(Suppression)
class SuppressionAdmin(DeskAdmin[Suppression]):
    """Added with a note, never changed; what a reader demanded is not released here."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "publish",
        "add": "publish",
        "change": None,
        "delete": "manage",
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
            return super().get_form(request, obj, change, **kw)
        form = super().get_form(request, obj, change, form=AddSuppression, **kw)
        if not is_superuser(request):
            field: Any = form.base_fields["publication"]
            field.queryset = Publication.objects.filter(pk__in=allowed_ids(request, "publish"))
            field.required = True  # for all publications is for who looks after the whole site
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        row = self._row(request, obj)
        if row is not None and row.reason not in RELEASABLE:
            return False
        return super().has_delete_permission(request, row)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Find by the hash: that also finds who was erased."""
        if not search_term.strip():
            return queryset, False
        try:
            hashed = suppression.address_hash(normalise(search_term).key)
        except InvalidAddress:
            return queryset.none(), False
        return queryset.filter(address_hash=hashed), False

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """Suppress through the verb, which computes the hash."""
        given = form.cleaned_data
        suppression.suppress(
            given["address"],
            Suppression.Reason.MANUAL,
            given["publication"],
            note=given["note"],
            by=editor_of(request),
        )
        stored = Suppression.objects.get(
            address_hash=suppression.address_hash(normalise(given["address"]).key),
            publication=given["publication"],
        )
        obj.pk = stored.pk
        obj._state.adding = False
        obj.refresh_from_db()

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
