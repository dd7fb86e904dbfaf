"""What stands against sending, on the send screen and beside the form while somebody writes."""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from briefs import revisions, roles
from briefs.admin import preview
from briefs.admin.brief_form import YEARS
from briefs.admin.desk import number
from briefs.models import Brief, Publication
from deliveries import preflight
from deliveries.preflight import Matter


def context(brief: Brief) -> dict[str, Any]:
    """Return what the card of checks says of *brief* as it is stored."""
    matter = Matter(revisions.snapshot(brief), brief)
    return {"findings": preflight.check_matter(matter), "checks_pending": matter.waits_for}


def card(request: HttpRequest, brief_id: int) -> HttpResponse:
    """Answer with the card of checks alone, which the send screen asks for while links are open."""
    brief = get_object_or_404(Brief.objects.select_related("publication"), pk=brief_id)
    if not roles.can(request.user, "publish", brief.publication):
        raise PermissionDenied
    page = {"brief": brief, "publication": brief.publication, **context(brief)}
    return TemplateResponse(request, "admin/deliveries/checks.html", page)


@require_POST
def while_writing(request: HttpRequest) -> JsonResponse:
    """Answer with what the rules beyond the text find in the unsaved form; wait for nothing."""
    publication = preview.publication_of(request)
    content = preview.read_form(request.POST, publication)
    matter = Matter(content, _brief(request, publication))
    found = preflight.check_beyond_text(matter)
    return JsonResponse(
        {
            "errors": [finding._asdict() for finding in found.errors],
            "warnings": [finding._asdict() for finding in found.warnings],
            "pending": matter.waits_for,
        }
    )


def _brief(request: HttpRequest, publication: Publication) -> Brief:
    """Return the brief that the form is of, with the times that stand in the form."""
    key = number(request.GET.get("brief", ""))
    brief = Brief.objects.filter(pk=key).select_related("publication").first() if key else None
    if brief is None:
        brief = Brief(publication=publication)
    elif not roles.can(request.user, "write", brief.publication):
        raise PermissionDenied
    brief.publication = publication
    for name in ("due_at", "embargo_until"):
        if name in request.POST:
            setattr(brief, name, _moment(request.POST[name]))
    return brief


def _moment(typed: str) -> dt.datetime | None:
    """Return what was typed into a field of date and time, None while it is unfinished.

    Of a year, a browser posts each digit as it is typed: 0002, 0020, 0202.
    """
    try:
        moment = dt.datetime.fromisoformat(typed)
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
