"""The log of outgoing webhooks: each message, each try, and what is sent once more."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from api.hooks import endpoints, payloads
from api.hooks.kinds import KINDS
from api.models import HookEndpoint, HookMessage
from api.tasks import deliver_hooks
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    badge,
    editor_of,
    number,
    publications_for,
)
from briefs.roles import Verb
from subscribers.admin.subscriptions import moment
from subscribers.doorbell import ring

TONES = {
    HookMessage.Status.PENDING: "info",
    HookMessage.Status.DELIVERED: "success",
    HookMessage.Status.FAILED: "danger",
}
# A list that is narrowed looks at so many of the latest messages of its endpoint.
LOOKED_AT = 10_000
ENDPOINT = "endpoint"


def shown(message: HookMessage) -> dict[str, Any]:
    """Return what a list says of a message."""
    return {
        "url": reverse("admin:api_hookmessage_change", args=[message.pk]),
        "type": message.type,
        "at": moment(message.at),
        "status": badge(message.get_status_display(), TONES[HookMessage.Status(message.status)]),
        "tries": message.tries,
    }


class EndpointFilter(admin.SimpleListFilter):
    """Narrows the log to one endpoint; the list leads to the latest where none is named."""

    title = gettext_lazy("webhook")
    parameter_name = ENDPOINT

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(row.pk), str(row)) for row in _mine(request)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return (
            queryset.filter(endpoint=number(self.value() or "") or 0) if self.value() else queryset
        )


class _Narrow(admin.SimpleListFilter):
    """Narrows the log; of millions of messages the latest are looked at."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        beyond = HookMessage.objects.filter(
            endpoint=number(request.GET.get(ENDPOINT, "")) or 0
        ).order_by("-id")
        oldest = beyond.values_list("pk", flat=True)[LOOKED_AT : LOOKED_AT + 1].first()
        return queryset.filter(**{str(self.parameter_name): self.value()}, pk__gt=oldest or 0)


class StatusFilter(_Narrow):
    """Narrows the log to one status."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one.value, str(one.label)) for one in HookMessage.Status]


class TypeFilter(_Narrow):
    """Narrows the log to one type of event."""

    title = gettext_lazy("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one, one) for one in ("ping", *KINDS)]


def _mine(request: HttpRequest) -> QuerySet[HookEndpoint]:
    rows = HookEndpoint.objects.filter(deleted_at__isnull=True).order_by("-id")
    return rows.filter(publication__in=publications_for(request, "manage"))


@admin.register(HookMessage)
class HookMessageAdmin(DeskAdmin[HookMessage]):
    """The log: each message, each try, and the button that sends it once more."""

    publication_path = "endpoint__publication"
    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "manage",
        "add": None,
        "change": None,
        "delete": None,
    }
    warn_unsaved_form = False
    list_display = ["what", "happened", "status_badge", "tries", "next_try"]
    list_display_links = ["what"]
    list_filter = [EndpointFilter, StatusFilter, TypeFilter]
    list_select_related = ["endpoint"]
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    actions = ["replay_chosen"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        url = path("<int:pk>/replay/", view, name="api_hookmessage_replay")
        return [url, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[HookMessage]:
        """Leave out what a deleted webhook was told, which housekeeping deletes."""
        return super().get_queryset(request).filter(endpoint__deleted_at__isnull=True)

    @admin.display(description=gettext_lazy("Type"))
    def what(self, message: HookMessage) -> str:
        """Show the type of the event."""
        return message.type

    @admin.display(description=gettext_lazy("Happened"))
    def happened(self, message: HookMessage) -> str:
        """Show when, in the editor's zone."""
        return moment(message.at)

    @admin.display(description=gettext_lazy("Status"))
    def status_badge(self, message: HookMessage) -> SafeString:
        """Show what became of it."""
        return badge(message.get_status_display(), TONES[HookMessage.Status(message.status)])

    @admin.display(description=gettext_lazy("Next try"))
    def next_try(self, message: HookMessage) -> str:
        """Show when it is tried again, if it is."""
        return moment(message.due_at) if message.status == HookMessage.Status.PENDING else "–"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the log of one endpoint, the latest's where none is named."""
        if ENDPOINT not in request.GET and self.has_view_permission(request):
            latest = _mine(request).first()
            if latest is not None:
                query = request.GET.copy()
                query[ENDPOINT] = str(latest.pk)
                return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one message as it would go out now, and its tries."""
        if object_id is None or request.method != "GET":
            raise PermissionDenied
        message = self._asked_for(request, object_id)
        try:
            said = payloads.readable(message)
        except payloads.NothingLeft:
            said = ""
        except payloads.Unwritable as error:
            said = str(error)
        context = {
            **self.admin_site.each_context(request),
            "title": message.type,
            "opts": self.opts,
            "message": message,
            "endpoint": message.endpoint,
            "standing": shown(message)["status"],
            "happened": moment(message.at),
            "next_try": self.next_try(message),
            "body": said,
            "tries": [
                {"row": row, "at": moment(row.at)} for row in message.attempts.order_by("id")
            ],
            "may_replay": message.status != HookMessage.Status.PENDING,
        }
        return TemplateResponse(request, "admin/api/hook_message.html", context)

    def _asked_for(self, request: HttpRequest, object_id: str) -> HookMessage:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows: QuerySet[HookMessage] = self.get_queryset(request)
        found = rows.select_related("endpoint__publication").filter(pk=number(object_id) or 0)
        message = found.first()
        if message is None:
            raise Http404
        return message

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one message once more; a GET leads to its page."""
        message = self._asked_for(request, str(pk))
        if request.method == "POST":
            endpoints.replay(message, editor_of(request))
            ring(deliver_hooks)
            messages.success(request, _("It is sent again. Reload to see what became of it."))
        return HttpResponseRedirect(reverse("admin:api_hookmessage_change", args=[pk]))

    @admin.action(description=gettext_lazy("Send again"))
    def replay_chosen(self, request: HttpRequest, queryset: QuerySet[HookMessage]) -> None:
        """Send the chosen messages once more."""
        by = editor_of(request)
        rows = queryset.select_related("endpoint__publication").order_by("id")
        count = sum(endpoints.replay(message, by) for message in rows[: self.list_per_page])
        ring(deliver_hooks)
        words = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", count)
        messages.success(request, words % {"n": count})
