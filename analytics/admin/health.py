"""The health page: in plain words, what keeps mail from arriving and what to do about it."""

from typing import ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from analytics import deliverability
from analytics.models import Trouble
from briefs.admin.desk import DeskAdmin, allowed_ids
from briefs.roles import Verb


@admin.register(Trouble)
class HealthAdmin(DeskAdmin[Trouble]):
    """One page in place of a list: troubles are told among all that bears on them."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "publish",
        "add": None,
        "change": None,
        "delete": None,
    }
    actions = None
    fields = ["publication", "kind", "about", "words", "since", "seen_at", "told_at", "mended_at"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.page_view)
        # Before Django's own list, whose name leads there too.
        return [path("", view, name="analytics_health"), *super().get_urls()]

    def page_view(self, request: HttpRequest) -> HttpResponse:
        """Show how the mail of whatever the user publishes fares."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deliverability"),
            "opts": None,
            **deliverability.page(allowed_ids(request, "publish")),
        }
        return TemplateResponse(request, "admin/analytics/health.html", context)
