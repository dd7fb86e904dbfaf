"""Subscriptions: the links of readers to publications, ended by a verb with its evidence."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    PublicationFilter,
    badge,
    editor_of,
    publication_label,
)
from briefs.roles import Verb
from subscribers import consent
from subscribers.models import Subscription

TONES = {
    Subscription.Status.ACTIVE: "success",
    Subscription.Status.UNCONFIRMED: "warning",
    Subscription.Status.PAUSED: "info",
    Subscription.Status.UNSUBSCRIBED: "neutral",
}


def status_of(subscription: Subscription) -> SafeString:
    """Return the status of a subscription as a badge."""
    tone = TONES[Subscription.Status(subscription.status)]
    return badge(subscription.get_status_display(), tone)


def moment(value: Any) -> str:
    """Return a time in the editor's zone."""
    return date_format(timezone.localtime(value), "j M Y, H:i") if value else "–"


@admin.register(Subscription)
class SubscriptionAdmin(DeskAdmin[Subscription]):
    """The links of readers to publications; the action ends them with evidence."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "publish",
        "add": None,
        "change": None,
        "delete": None,
    }
    list_display = ["reader", "publication_name", "badge_of_status", "source", "confirmed", "left"]
    list_display_links = ["reader"]
    list_filter = ["status", ("publication", PublicationFilter)]
    list_select_related = ["subscriber", "publication"]
    search_fields = ["subscriber__address_key"]
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    actions = ["unsubscribe"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.unsubscribe_view)
        url = path("<int:pk>/unsubscribe/", view, name="subscribers_unsubscribe")
        return [url, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Say of what is filtered that it is not active: only then SQLite looks at that index."""
        rows = super().get_queryset(request)
        is_few = request.GET.get("status__exact", "") not in ("", Subscription.Status.ACTIVE)
        return rows.exclude(status=Subscription.Status.ACTIVE) if is_few else rows

    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may end somebody's subscription."""
        return self.may(request, "publish")

    def unsubscribe_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End one subscription at the reader's wish, told to an editor."""
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        subscription = self.get_queryset(request).filter(pk=pk).first()
        if subscription is None:
            raise Http404
        if not self.may(request, "publish", subscription):
            raise PermissionDenied
        self._unsubscribe(request, [subscription])
        reader = reverse("admin:subscribers_subscriber_change", args=[subscription.subscriber_id])
        return HttpResponseRedirect(reader)

    @admin.action(
        description=gettext_lazy("Unsubscribe at the reader’s wish"), permissions=["unsubscribe"]
    )
    def unsubscribe(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        """End the chosen subscriptions."""
        self._unsubscribe(request, list(queryset.select_related("subscriber", "publication")))

    def _unsubscribe(self, request: HttpRequest, chosen: list[Subscription]) -> None:
        by = editor_of(request)
        ended = sum(consent.unsubscribe(one, source="admin", by=by) for one in chosen)
        if not ended:
            messages.info(request, _("They had unsubscribed already."))
            return
        words = ngettext("%d subscription ended.", "%d subscriptions ended.", ended)
        messages.success(request, words % ended)

    @admin.display(description=gettext_lazy("Reader"))
    def reader(self, subscription: Subscription) -> SafeString:
        """Link to the reader."""
        return format_html('<span class="ib-strong">{}</span>', subscription.subscriber.address)

    @admin.display(description=gettext_lazy("Publication"))
    def publication_name(self, subscription: Subscription) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(subscription.publication)

    @admin.display(description=gettext_lazy("Status"))
    def badge_of_status(self, subscription: Subscription) -> SafeString:
        """Show the status as a badge."""
        return status_of(subscription)

    @admin.display(description=gettext_lazy("Confirmed"))
    def confirmed(self, subscription: Subscription) -> str:
        """Show since when mail goes out."""
        return moment(subscription.confirmed_at)

    @admin.display(description=gettext_lazy("Left"))
    def left(self, subscription: Subscription) -> str:
        """Show when the reader left."""
        return moment(subscription.unsubscribed_at)
