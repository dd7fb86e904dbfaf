"""Where a published brief is given another web address: a page that asks, and a button."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import old_addresses, roles
from briefs.admin.desk import editor_of
from briefs.admin.widgets import INPUT, Day
from briefs.models import Brief

if TYPE_CHECKING:
    from briefs.admin.briefs import BriefAdmin


class MoveForm(forms.Form):
    """Where the brief shall stand."""

    date = forms.DateField(
        label=gettext_lazy("Date line"),
        help_text=gettext_lazy("On the page, in the archive, and in the address."),
        error_messages={
            "invalid": gettext_lazy("This is no date. Write it as year, month and day: 2026-04-06.")
        },
        widget=Day,
    )
    slug = forms.SlugField(
        label=gettext_lazy("Last part of the address"),
        help_text=gettext_lazy("Small letters, digits and hyphens."),
        max_length=100,
        widget=forms.TextInput({"class": INPUT, "autocapitalize": "none", "spellcheck": "false"}),
    )
    # Where it stood when this page was opened: of two who move it, one is told.
    seen = forms.CharField(widget=forms.HiddenInput)

    def clean_slug(self) -> str:
        """Return the last part in small letters: in others it would be another address."""
        return str(self.cleaned_data["slug"]).lower()


class Page:
    """The page, bound to the admin that knows who may see which brief."""

    def __init__(self, model_admin: "BriefAdmin") -> None:
        self.admin = model_admin

    def urls(self) -> list[URLPattern]:
        """Return the address of the page."""
        wrap = self.admin.admin_site.admin_view
        return [path("<int:pk>/move/", wrap(self.move), name="briefs_brief_move")]

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks where it shall stand, POST moves it."""
        brief = self._brief(request, pk)
        form = MoveForm(request.POST if request.method == "POST" else None, initial=_now(brief))
        if form.is_valid() and (answer := _move(request, brief, form)):
            return answer
        context = {
            **self.admin.admin_site.each_context(request),
            "title": _("Move to another address"),
            "opts": self.admin.opts,
            "brief": brief,
            "form": form,
            "stands": request.build_absolute_uri(brief.web_path()),
            "former": brief.redirects.order_by("-created_at", "-pk").values_list("path", flat=True),
        }
        return TemplateResponse(request, "admin/briefs/move.html", context)

    def _brief(self, request: HttpRequest, pk: int) -> Brief:
        """Return a published brief that the user may move; others are told that there is none."""
        rows = self.admin.get_queryset(request).select_related("publication")
        brief = rows.filter(pk=pk, published_at__isnull=False).first()
        if brief is None:
            raise Http404
        if not roles.can(request.user, "manage", brief.publication):
            raise PermissionDenied
        return brief


def url_for(request: HttpRequest, brief: Brief) -> str:
    """Return where *brief* is moved; empty for who may not, and before it is published."""
    if not brief.published_at or not roles.can(request.user, "manage", brief.publication):
        return ""
    return reverse("admin:briefs_brief_move", args=[brief.pk])


def _now(brief: Brief) -> dict[str, Any]:
    return {"date": brief.date, "slug": brief.slug, "seen": brief.web_path()}


def _move(request: HttpRequest, brief: Brief, form: MoveForm) -> HttpResponse | None:
    """Move *brief* and show it; None leaves the page, which says why not."""
    date: dt.date = form.cleaned_data["date"]
    slug, seen = form.cleaned_data["slug"], form.cleaned_data["seen"]
    was = brief.web_path()
    try:
        moved = old_addresses.move(brief, date=date, slug=slug, by=editor_of(request), seen=seen)
    except old_addresses.Taken as taken:
        form.add_error(None, str(taken))
        return None
    except old_addresses.MovedMeanwhile:
        messages.warning(request, _("Somebody has moved this brief since you looked. Look again."))
        return redirect("admin:briefs_brief_move", brief.pk)
    if not moved:
        form.add_error(None, _("It stands there already. Choose another date or last part."))
        return None
    message = _("Moved to %(now)s. Who follows a link to %(was)s is led there.")
    messages.success(request, message % {"now": brief.web_path(), "was": was})
    return redirect("admin:briefs_brief_change", brief.pk)
