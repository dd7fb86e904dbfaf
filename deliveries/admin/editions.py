"""Editions: the list, and the page that shows one on its way."""

from typing import Any, ClassVar, Protocol

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import access, workflow
from briefs.admin.desk import (
    DeskAdmin,
    PublicationFilter,
    badge,
    editor_of,
    number,
    publication_label,
)
from briefs.models import User
from briefs.roles import Verb
from briefs.templatetags.desk import both_clocks
from deliveries import control, corrections, missed, readership, reports, tallies
from deliveries.admin import calendar, checks, moments, one_reader, sign_off
from deliveries.admin.corrections import correct_view
from deliveries.admin.import_undo import undo_view
from deliveries.admin.installation import installation_view
from deliveries.admin.links import links_view
from deliveries.admin.live import TONES, bar, progress
from deliveries.admin.send import send_view
from deliveries.models import Delivery, Edition
from deliveries.tasks import tick
from subscribers import doorbell


@admin.register(Edition)
class EditionAdmin(DeskAdmin[Edition]):
    """Read-only but for the verbs: withdraw, pause, resume, cancel."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "write",
        "add": None,
        "change": None,
        "delete": None,
    }
    actions = None
    list_display = ["brief_title", "publication_name", "goes_out", "status_badge", "outcome"]
    list_display_links = ["brief_title"]
    list_filter = ["status", ("publication", PublicationFilter)]
    list_select_related = ["brief", "publication", "tally"]
    search_fields = ["brief__headline"]
    list_per_page = 25

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("send/<int:brief_id>/", wrap(self.send_view), name="deliveries_send"),
            path(
                "sign-off/<int:brief_id>/<str:verb>/",
                wrap(sign_off.sign_off_view),
                name="deliveries_sign_off",
            ),
            path("send/<int:brief_id>/plan/", wrap(self.plan_view), name="deliveries_plan"),
            path(
                "send/<int:brief_id>/readers/", wrap(self.readers_view), name="deliveries_readers"
            ),
            path("correct/<int:brief_id>/", wrap(correct_view), name="deliveries_correct"),
            path("<int:pk>/links/", wrap(links_view), name="deliveries_links"),
            path("send/<int:brief_id>/checks/", wrap(checks.card), name="deliveries_checks"),
            path("findings/", wrap(checks.while_writing), name="deliveries_findings"),
            path("calendar/", wrap(calendar.view), name="deliveries_calendar"),
            path("reader/", wrap(one_reader.view), name="deliveries_one_reader"),
            path("installation/", wrap(self.installation_view), name="deliveries_installation"),
            path("undo-import/<int:pk>/", wrap(undo_view), name="deliveries_undo_import"),
            path("<int:pk>/progress/", wrap(self.progress_view), name="deliveries_progress"),
            path("<int:pk>/<str:verb>/do/", wrap(self.verb_view), name="deliveries_verb"),
            *super().get_urls(),
        ]

    def send_view(self, request: HttpRequest, brief_id: int) -> HttpResponse:
        """Show the send screen of a brief."""
        return send_view(self, request, brief_id)

    def plan_view(self, request: HttpRequest, brief_id: int) -> HttpResponse:
        """Answer with whom the send screen as it is filled in would reach, and when."""
        return moments.plan_view(self, request, brief_id)

    def readers_view(self, request: HttpRequest, brief_id: int) -> JsonResponse:
        """Answer with how many readers a brief has, counted now."""
        return moments.readers_view(request, brief_id)

    def installation_view(self, request: HttpRequest) -> HttpResponse:
        """Show why nothing is sent, and let it go on."""
        return installation_view(self, request)

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Answer with the figures of the live page."""
        edition = self._visible(request, pk)
        return JsonResponse(progress(edition, whole=self.may(request, "publish", edition)))

    def verb_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Do one of the verbs and show the edition again."""
        return _do(self, request, pk, verb)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the live page in place of a form."""
        edition = self._visible(request, number(object_id) or 0)
        may_act = self.may(request, "publish", edition)
        figures = progress(edition, whole=may_act)
        context = {
            **self.admin_site.each_context(request),
            "title": edition.brief.headline,
            "opts": self.opts,
            "edition": edition,
            "figures": figures,
            "bar": bar(figures["counts"], figures["audience"], "ib-bar-large"),
            "cells": _cells(edition, figures["counts"]),
            "expected": readership.of_edition(edition) if edition.is_open else None,
            "corrected": _corrected(edition),
            "signed_off": sign_off.of_edition(edition),
            "may_act": may_act,
            "is_open_to_all": access.may_read(edition.brief, access.ANONYMOUS, timezone.now()),
            "zone": edition.publication.time_zone,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/deliveries/edition.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        rows = super().get_queryset(request)
        return rows.select_related("brief", "publication", "by", "tally")

    def _visible(self, request: HttpRequest, pk: int) -> Edition:
        if not self.has_view_permission(request):
            raise PermissionDenied
        edition = self.get_queryset(request).filter(pk=pk).first()
        if edition is None:
            raise Http404
        return edition

    @admin.display(description=gettext_lazy("Brief"), ordering="brief__headline")
    def brief_title(self, edition: Edition) -> SafeString:
        """Show the headline of the brief, and of what kind the edition is if it is another."""
        kind = "" if edition.kind == Edition.Kind.BRIEF else edition.get_kind_display()
        return format_html(
            '<span class="ib-title">{}<span class="ib-title-series">{}</span></span>',
            edition.brief.headline,
            kind,
        )

    @admin.display(description=gettext_lazy("Publication"), ordering="publication__name")
    def publication_name(self, edition: Edition) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(edition.publication)

    @admin.display(description=gettext_lazy("Goes out"), ordering="send_at")
    def goes_out(self, edition: Edition) -> SafeString | str:
        """Show the moment in the editor's zone, and in the publication's where it is another."""
        # One element: on a phone the cell is a row of what stands in it.
        return format_html(
            "<span>{}</span>", both_clocks(edition.send_at, edition.publication.time_zone)
        )

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def status_badge(self, edition: Edition) -> SafeString:
        """Show the status as a badge."""
        return badge(edition.get_status_display(), TONES[Edition.Status(edition.status)])

    @admin.display(description=gettext_lazy("Outcome"))
    def outcome(self, edition: Edition) -> SafeString | str:
        """Show the bar and the figures; nothing before the audience is frozen."""
        if edition.audience is None:
            return "–"
        report = tallies.of(edition)
        counts = report["statuses"]
        return format_html(
            '<span class="ib-outcome">{}<span class="ib-muted">{}{}</span></span>',
            bar(counts, report["audience"]),
            _(
                "%(accepted)s accepted · %(bounced)s bounced · %(failed)s failed · "
                "%(doubt)s in doubt"
            )
            % {
                "accepted": f"{reports.accepted(counts):,}",
                "bounced": f"{counts['bounced']:,}",
                "failed": f"{counts['failed']:,}",
                "doubt": f"{counts['in-doubt']:,}",
            },
            _report_link(edition),
        )


def _report_link(edition: Edition) -> SafeString | str:
    """Return a link to the report; the app above this one that writes it may be gone."""
    try:
        url = reverse("admin:analytics_edition_report", args=[edition.pk])
    except NoReverseMatch:
        return ""
    name = _("Report of “%(brief)s”") % {"brief": edition.brief.headline}
    link = ' · <a class="ib-link" href="{}" aria-label="{}">{}</a>'
    return format_html(link, url, name, _("Report"))


def _corrected(edition: Edition) -> list[Edition]:
    """Return the editions that *edition* puts right."""
    found = Edition.objects.filter(pk__in=edition.corrects, publication=edition.publication_id)
    return list(found.select_related("brief").order_by("pk"))


def _cells(edition: Edition, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return a figure for each status, linked to its readers."""
    ledger = reverse("admin:deliveries_delivery_changelist")
    return [
        {
            "status": status,
            "name": name,
            "count": counts[status],
            "url": ""
            if edition.is_pruned
            else f"{ledger}?edition__id__exact={edition.pk}&status__exact={status}",
        }
        for status, name in Delivery.Status.choices
    ]


class _Act(Protocol):
    """What an operator may do to an edition."""

    def __call__(self, edition: Edition, *, by: User) -> int: ...


def _do(model_admin: EditionAdmin, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Do *verb* to an edition where its status still allows it."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    edition = model_admin._visible(request, pk)
    if not model_admin.may(request, "publish", edition):
        raise PermissionDenied
    acts: dict[str, tuple[_Act, str]] = {
        "withdraw": (control.withdraw, _("Taken back: nobody was sent anything.")),
        "pause": (control.pause, _("Paused. What a worker has in hand is finished first.")),
        "resume": (control.resume, _("On its way again.")),
        "cancel": (control.cancel, _("Stopped for good: who had no mail yet gets none.")),
        "retry": (control.retry_failed, _("Those who were refused are tried once more.")),
        "send-again": (control.send_again, _("Those in doubt are sent it once more.")),
        "send-missed": (missed.send, _("Those who missed their time get it now.")),
        "skip-missed": (missed.skip_them, _("Those who missed their time get none.")),
        "tell-late": (corrections.tell_late, _("They get the correction now.")),
        "leave": (control.leave, _("Noted: those in doubt are left as they are.")),
    }
    if verb not in acts:
        raise Http404
    act, done = acts[verb]
    try:
        acted = act(edition, by=editor_of(request))
    except (control.StillOpen, workflow.WrongStatus) as error:
        messages.warning(request, str(error))
        return HttpResponseRedirect(reverse("admin:deliveries_edition_change", args=[pk]))
    if acted:
        doorbell.ring(tick)
        model_admin.log_change(request, edition, verb)
        messages.success(request, done)
    else:
        message = _("Too late for that: the edition is %(status)s by now.")
        messages.warning(request, message % {"status": edition.get_status_display()})
    return HttpResponseRedirect(reverse("admin:deliveries_edition_change", args=[pk]))
