"""Reports: of an edition, of a publication, and their tables as CSV.

Numbers are for everybody who writes for the publication; what names readers
is for who publishes.
"""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import edition_report, publication_report, tables, weekly
from analytics.models import EditionFigures
from briefs import roles
from briefs.admin.desk import DeskAdmin, allowed_ids, editor_of, number
from briefs.models import Membership, Publication
from briefs.roles import Verb
from deliveries.models import Edition

MOST_PUBLICATIONS = 100


@admin.register(EditionFigures)
class ReportAdmin(DeskAdmin[EditionFigures]):
    """Leads to the reports; the rows themselves are a worker's."""

    publication_path = "edition__publication"
    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "write",
        "add": None,
        "change": None,
        "delete": None,
    }
    actions = None

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("edition/<int:pk>/", wrap(edition_view), name="analytics_edition_report"),
            path(
                "edition/<int:pk>/<str:name>.csv", wrap(edition_csv), name="analytics_edition_csv"
            ),
            path(
                "publication/<int:pk>/",
                wrap(publication_view),
                name="analytics_publication_report",
            ),
            path(
                "publication/<int:pk>/<str:name>.csv",
                wrap(publication_csv),
                name="analytics_publication_csv",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the publications whose reports the user may see, and their latest editions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        mine = allowed_ids(request, "write")
        publications = Publication.objects.filter(pk__in=mine).order_by("name")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reports"),
            "publications": list(publications[:MOST_PUBLICATIONS]),
            **publication_report.latest(mine),
        }
        return TemplateResponse(request, "admin/analytics/reports.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the report of the edition whose figures these are."""
        row = self.get_object(request, str(number(object_id) or 0))
        if row is None:
            raise Http404
        return edition_view(request, row.edition_id)


def edition_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the report of an edition."""
    edition = _edition(request, pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Report of an edition"),
        "edition": edition,
        "may_see_readers": roles.can(request.user, "publish", edition.publication),
        **edition_report.context(edition),
    }
    return TemplateResponse(request, "admin/analytics/edition.html", context)


def edition_csv(request: HttpRequest, pk: int, name: str) -> HttpResponse | StreamingHttpResponse:
    """Hand over one table of an edition."""
    edition = _edition(request, pk)
    table = tables.OF_EDITION.get(name)
    if table is None:
        raise Http404
    if table.names_readers and not roles.can(request.user, "publish", edition.publication):
        raise PermissionDenied
    return _csv(table, edition, f"edition-{edition.pk}-{name}")


def publication_view(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows the report of a publication; POST turns the user's own weekly mail on or off."""
    publication = _publication(request, pk)
    membership = Membership.objects.filter(
        publication=publication, user=editor_of(request), role__in=weekly.ROLES
    ).first()
    if request.method == "POST":
        if membership is None:
            raise PermissionDenied
        wants = request.POST.get("weekly") == "on"
        Membership.objects.filter(pk=membership.pk).update(weekly_summary=wants)
        done = _("The summary comes on Mondays.") if wants else _("The summary comes no more.")
        messages.success(request, done)
        return HttpResponseRedirect(reverse("admin:analytics_publication_report", args=[pk]))
    context = {
        **admin.site.each_context(request),
        "title": _("Report of a publication"),
        "publication": publication,
        "membership": membership,
        **publication_report.context(publication),
    }
    return TemplateResponse(request, "admin/analytics/publication.html", context)


def publication_csv(request: HttpRequest, pk: int, name: str) -> StreamingHttpResponse:
    """Hand over one table of a publication."""
    publication = _publication(request, pk)
    table = tables.OF_PUBLICATION.get(name)
    if table is None:
        raise Http404
    return _csv(table, publication, f"{publication.slug}-{name}")


def _csv(table: tables.Table, subject: Edition | Publication, name: str) -> StreamingHttpResponse:
    day = timezone.localdate().isoformat()
    answer = StreamingHttpResponse(tables.lines(table, subject), content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{day}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _edition(request: HttpRequest, pk: int) -> Edition:
    """Return an edition of a publication that the user writes for."""
    rows = Edition.objects.select_related("brief", "publication", "revision", "tally")
    edition = rows.filter(pk=pk).first()
    if edition is None or edition.publication_id not in allowed_ids(request, "write"):
        raise Http404
    return edition


def _publication(request: HttpRequest, pk: int) -> Publication:
    if pk not in allowed_ids(request, "write"):
        raise Http404
    found = Publication.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
