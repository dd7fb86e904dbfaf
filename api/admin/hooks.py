"""Outgoing webhooks at the desk: where they go, and how each message fared."""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from api.admin.hook_log import ENDPOINT, shown
from api.hooks import endpoints, signing, targets
from api.hooks.collecting import remembered_since
from api.hooks.kinds import KINDS
from api.models import HookEndpoint
from api.tasks import deliver_hooks, tend_hooks
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    badge,
    editor_of,
    number,
    publication_label,
    publications_for,
)
from briefs.admin.widgets import INPUT
from briefs.models import Publication
from briefs.roles import Verb
from subscribers.admin.subscriptions import moment
from subscribers.doorbell import ring

SHOWN = 10
WHEN = "%Y-%m-%dT%H:%M"


def mark_of(endpoint: HookEndpoint) -> str:
    """Return what tells one secret of an endpoint from the next, and nothing about either."""
    return hashlib.sha256(endpoint.nonce.encode()).hexdigest()[:16]


class EndpointForm(forms.ModelForm[HookEndpoint]):
    """Where an endpoint is, and what it is told of."""

    types = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it of"),
        choices=list(KINDS.items()),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = HookEndpoint
        fields = ("publication", "url", "description", "types")
        widgets = {"url": forms.TextInput(attrs={"type": "url", "placeholder": "https://"})}

    def __init__(self, *args: Any, publications: QuerySet[Publication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["publication"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = publications
        # Its messages are about readers of this one.
        choice.disabled = bool(self.instance.pk)
        for name in ("publication", "url", "description"):
            self.fields[name].widget.attrs["class"] = INPUT

    def clean_url(self) -> str:
        try:
            return targets.checked(self.cleaned_data["url"])
        except targets.NotATarget as error:
            raise forms.ValidationError(str(error)) from error


class SinceForm(forms.Form):
    """From when on what failed is sent again."""

    since = forms.DateTimeField(
        label=gettext_lazy("What failed since"),
        input_formats=[WHEN],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": INPUT}, format=WHEN),
    )


@admin.register(HookEndpoint)
class HookEndpointAdmin(DeskAdmin[HookEndpoint]):
    """For owners: messages carry the addresses of readers to somebody else's program."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "manage",
        "add": "manage",
        "change": "manage",
        "delete": None,  # by a verb of its own, which leaves the log to housekeeping
    }
    list_display = ["name", "publication_name", "status_badge", "told_of", "made"]
    list_display_links = ["name"]
    list_filter = ["status"]
    list_select_related = ["publication"]
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    actions = None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.verb_view)
        url = path("<int:pk>/do/<slug:verb>/", view, name="api_hookendpoint_verb")
        return [url, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[HookEndpoint]:
        """Leave out what was deleted."""
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    @admin.display(description=gettext_lazy("Webhook"))
    def name(self, endpoint: HookEndpoint) -> str:
        """Show what listens there, and where that is."""
        return (
            f"{endpoint.description} · {endpoint.host}" if endpoint.description else endpoint.host
        )

    @admin.display(description=gettext_lazy("Publication"))
    def publication_name(self, endpoint: HookEndpoint) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(endpoint.publication)

    @admin.display(description=gettext_lazy("Status"))
    def status_badge(self, endpoint: HookEndpoint) -> SafeString:
        """Show whether it works."""
        return standing(endpoint)

    @admin.display(description=gettext_lazy("Told of"))
    def told_of(self, endpoint: HookEndpoint) -> str:
        """Show the first of its types."""
        more = f" +{len(endpoint.types) - 2}" if len(endpoint.types) > 2 else ""
        return ", ".join(endpoint.types[:2]) + more

    @admin.display(description=gettext_lazy("Made"))
    def made(self, endpoint: HookEndpoint) -> str:
        """Show since when, in the editor's zone."""
        return moment(endpoint.created_at)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one endpoint, or a new one, and store what comes back."""
        endpoint = self._asked_for(request, object_id)
        data = request.POST if request.method == "POST" else None
        mine = publications_for(request, "manage")
        form = EndpointForm(data, instance=endpoint, publications=mine)
        if data is not None and form.is_valid():
            return self._store(request, form.instance, is_new=endpoint is None)
        if endpoint is not None and form.errors:
            endpoint.refresh_from_db()  # what was typed is shown in the form alone
        context = {
            **self.admin_site.each_context(request),
            "title": _("Webhook"),
            "opts": self.opts,
            "endpoint": endpoint,
            "form": form,
        }
        if endpoint is not None:
            latest = endpoint.messages.order_by("-id")[:SHOWN]
            context |= {
                "secret": signing.shown_secret(endpoint),
                "mark": mark_of(endpoint),
                "standing": standing(endpoint),
                "latest": [shown(message) for message in latest],
                "since": SinceForm(),
                "missed_since": missed_since(endpoint),
                "log": f"{reverse('admin:api_hookmessage_changelist')}?{ENDPOINT}={endpoint.pk}",
            }
        return TemplateResponse(request, "admin/api/hook_endpoint.html", context)

    def _asked_for(self, request: HttpRequest, object_id: str | None) -> HookEndpoint | None:
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return None
        if not self.has_change_permission(request):
            raise PermissionDenied
        rows: QuerySet[HookEndpoint] = self.get_queryset(request).select_related("publication")
        endpoint = rows.filter(pk=number(object_id) or 0).first()
        if endpoint is None:
            raise Http404
        return endpoint

    def _store(self, request: HttpRequest, endpoint: HookEndpoint, *, is_new: bool) -> HttpResponse:
        by = editor_of(request)
        if is_new:
            endpoints.add(endpoint, by)
            messages.success(request, _("Saved. Give its secret to what listens there."))
        else:
            if not endpoints.change(endpoint, by):
                raise Http404
            messages.success(request, _("Saved."))
        return self._back(endpoint)

    def _back(self, endpoint: HookEndpoint) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:api_hookendpoint_change", args=[endpoint.pk]))

    def verb_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Do one verb to an endpoint; a GET leads to its page."""
        endpoint = self._asked_for(request, str(pk))
        assert endpoint is not None  # a number was given
        act = _VERBS.get(verb)
        if act is None:
            raise Http404
        if request.method == "POST":
            act(request, endpoint)
            ring(tend_hooks if verb == "enable" else deliver_hooks)
            if verb == "delete":
                return HttpResponseRedirect(reverse("admin:api_hookendpoint_changelist"))
        return self._back(endpoint)


def _rotate(request: HttpRequest, endpoint: HookEndpoint) -> None:
    # A second press of the same button would end the secret that receivers know.
    if request.POST.get("mark") == mark_of(endpoint) and endpoints.rotate(
        endpoint, editor_of(request)
    ):
        words = _("It has a new secret. For a day the old one signs as well: change it there now.")
        messages.success(request, words)
    else:
        messages.warning(request, _("It has got a new secret already, which is shown here."))


def _ping(request: HttpRequest, endpoint: HookEndpoint) -> None:
    if endpoint.status != HookEndpoint.Status.ACTIVE:
        messages.warning(request, _("Enable it first: nothing is sent there now."))
        return
    message = endpoints.ping(endpoint)
    words = _("A test is on its way: %(id)s. Reload to see what became of it.")
    messages.success(request, words % {"id": message.webhook_id})


def _disable(request: HttpRequest, endpoint: HookEndpoint) -> None:
    endpoints.disable(endpoint, _("Disabled at the desk."), editor_of(request))


def _enable(request: HttpRequest, endpoint: HookEndpoint) -> None:
    with_missed = request.POST.get("missed") == "yes"
    if not endpoints.enable(endpoint, editor_of(request), with_missed=with_missed):
        return
    if with_missed:
        messages.success(request, _("Enabled. What it missed is sent, the oldest first."))
    else:
        messages.success(request, _("Enabled. It is told of what happens from now on."))


def _delete(request: HttpRequest, endpoint: HookEndpoint) -> None:
    name = str(endpoint)
    endpoints.delete(endpoint, editor_of(request))
    words = _("“%(name)s” is deleted, and its messages with it.")
    messages.success(request, words % {"name": name})


def _replay(request: HttpRequest, endpoint: HookEndpoint) -> None:
    form = SinceForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say since when, as a day and a time."))
        return
    count = endpoints.replay_failed(endpoint, form.cleaned_data["since"], editor_of(request))
    words = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", count)
    messages.success(request, words % {"n": f"{count:,}"})


_VERBS: dict[str, Callable[[HttpRequest, HookEndpoint], None]] = {
    "rotate": _rotate,
    "ping": _ping,
    "disable": _disable,
    "enable": _enable,
    "delete": _delete,
    "replay": _replay,
}


def missed_since(endpoint: HookEndpoint) -> str:
    """Return since when a disabled endpoint can be told what it missed; empty if it cannot be."""
    if endpoint.missed is None or endpoint.disabled_at is None:
        return ""  # enabled, or disabled by a release that did not note where it stopped listening
    kept = remembered_since()
    return moment(max(endpoint.disabled_at, kept) if kept else endpoint.disabled_at)


def standing(endpoint: HookEndpoint) -> SafeString:
    """Return as a badge whether an endpoint works."""
    if endpoint.status == HookEndpoint.Status.DISABLED:
        return badge(endpoint.get_status_display(), "danger")
    if endpoint.failing_since is not None:
        return badge(
            _("failing since %(when)s") % {"when": moment(endpoint.failing_since)}, "warning"
        )
    return badge(endpoint.get_status_display(), "success")
