"""The ledger: what became of each reader's copy."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.desk import (
    CappedPaginator,
    EvidenceAdmin,
    allowed_ids,
    badge,
    is_superuser,
    number,
)
from deliveries import tallies
from deliveries.admin.erasure import erase_view
from deliveries.models import Delivery, Edition
from subscribers.admin.subscriptions import moment

TONES = {
    Delivery.Status.PENDING: "neutral",
    Delivery.Status.SENDING: "info",
    Delivery.Status.SENT: "success",
    Delivery.Status.DELIVERED: "success",
    Delivery.Status.BOUNCED: "danger",
    Delivery.Status.COMPLAINED: "danger",
    Delivery.Status.FAILED: "danger",
    Delivery.Status.SKIPPED: "neutral",
    Delivery.Status.IN_DOUBT: "warning",
}

EDITION = "edition__id__exact"
# A constraint has them say why.
SAY_WHY = (Delivery.Status.FAILED, Delivery.Status.SKIPPED, Delivery.Status.IN_DOUBT)


@admin.register(Delivery)
class DeliveryAdmin(EvidenceAdmin[Delivery]):
    """Read-only, and quick with millions of rows: nothing here counts them all."""

    publication_path = "edition__publication"
    list_display = ["reader", "edition_name", "status_badge", "why", "words", "changed"]
    list_display_links = ["reader"]
    list_filter = ["status"]
    list_select_related = ["subscriber", "edition__brief"]
    search_fields = ["subscriber__address_key"]
    search_help_text = _("The whole address of one reader")
    paginator = CappedPaginator
    ordering = ["-id"]
    sortable_by = ()
    fieldsets: ClassVar[Any] = [
        (None, {"fields": [("edition", "subscriber"), ("status", "reason"), "reply"]}),
        (_("Times"), {"fields": [("deferred_since", "changed_at"), ("due_at", "attempt")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(erase_view)
        url = path("erase/<int:pk>/", view, name="deliveries_erase")
        return [url, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show one edition's rows, the latest's where none is named, or those of one address."""
        is_narrow = EDITION in request.GET or request.GET.get("q", "").strip()
        if not is_narrow and self.has_view_permission(request):
            begun = Edition.objects.filter(frozen_at__isnull=False)
            if not is_superuser(request):
                begun = begun.filter(publication__in=allowed_ids(request, "publish"))
            latest = begun.order_by("-send_at", "-pk").first()
            if latest is not None:
                query = request.GET.copy()
                query[EDITION] = str(latest.pk)
                return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
        _say_what_is_gone(request)
        return super().changelist_view(request, extra_context)

    def get_ordering(self, request: HttpRequest) -> Any:
        """List an edition's rows as its index has them: by number, all of them were sorted."""
        return ["-subscriber_id"] if EDITION in request.GET else ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Leave out what need not be looked through: an index has the few that say why."""
        rows = super().get_queryset(request)
        status = request.GET.get("status__exact", "")
        if status in SAY_WHY:
            return rows.exclude(reason="")
        edition = Edition.objects.filter(pk=number(request.GET.get(EDITION, "")) or 0).first()
        if edition is not None and tallies.of(edition)["statuses"].get(status) == 0:
            return rows.none()
        return rows

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if lookup in (EDITION, "edition", "subscriber__id__exact"):
            return True
        return super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Find one reader's mail by the whole address: an index answers, no scan."""
        if not search_term.strip():
            return queryset, False
        try:
            key = normalise(search_term).key
        except InvalidAddress:
            return queryset.none(), False
        return queryset.filter(subscriber__address_key=key), False

    @admin.display(description=_("Reader"))
    def reader(self, delivery: Delivery) -> str:
        """Show the address; an erased reader has none."""
        return delivery.subscriber.address if delivery.subscriber else str(_("erased"))

    @admin.display(description=_("Edition"))
    def edition_name(self, delivery: Delivery) -> str:
        """Show the headline that went out."""
        return delivery.edition.brief.headline

    @admin.display(description=_("Status"))
    def status_badge(self, delivery: Delivery) -> SafeString:
        """Show the status as a badge."""
        return badge(delivery.get_status_display(), TONES[Delivery.Status(delivery.status)])

    @admin.display(description=_("Reason"))
    def why(self, delivery: Delivery) -> str:
        """Show why it failed, was skipped or is in doubt."""
        return delivery.reason or "–"

    @admin.display(description=_("Changed"))
    def changed(self, delivery: Delivery) -> str:
        """Show when something last became of it, in the editor's zone."""
        return moment(delivery.changed_at)

    @admin.display(description=_("The server's words"))
    def words(self, delivery: Delivery) -> str:
        """Show the beginning of the server's reply."""
        return delivery.reply[:120] or "–"


def _say_what_is_gone(request: HttpRequest) -> None:
    """Tell why the list of an old edition is empty."""
    pk = number(request.GET.get(EDITION, ""))
    if pk and Edition.objects.filter(pk=pk, pruning_at__isnull=False).exists():
        messages.info(
            request,
            _(
                "What became of each single copy is not kept that long; "
                "the edition has its figures."
            ),
        )
