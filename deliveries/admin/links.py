"""The links of a sent mail: where each leads, and where it shall lead from now on."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from briefs import roles
from briefs.admin.desk import editor_of, number
from briefs.admin.widgets import INPUT
from deliveries import links
from deliveries.models import Edition, Link


def links_view(request: HttpRequest, pk: int) -> HttpResponse:
    """GET lists the links of an edition; POST points one of them elsewhere."""
    edition = _edition(request, pk)
    may_correct = roles.can(request.user, "publish", edition.publication)
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        if not may_correct:
            raise PermissionDenied
        link = get_object_or_404(
            Link.objects.select_related("edition__brief", "edition__publication"),
            pk=number(request.POST.get("link", "")) or 0,
            edition=edition,
        )
        answer, wrong = _correct(request, link)
        if answer:
            return answer
    context = {
        **admin.site.each_context(request),
        "title": _("Links"),
        "edition": edition,
        "is_fixed": links.is_fixed(edition),
        "may_correct": may_correct,
        "links": [
            {"link": link, "can_be_corrected": links.can_be_corrected(edition, link)}
            for link in edition.links.all()
        ],
        "wrong": wrong,
        "input": INPUT,
    }
    return TemplateResponse(request, "admin/deliveries/links.html", context)


def _edition(request: HttpRequest, pk: int) -> Edition:
    """Return an edition of a publication that the user writes for."""
    edition = (
        Edition.objects.select_related("brief", "publication", "revision").filter(pk=pk).first()
    )
    if edition is None or not roles.can(request.user, "write", edition.publication):
        raise Http404
    return edition


def _correct(request: HttpRequest, link: Link) -> tuple[HttpResponse | None, dict[str, Any]]:
    """Point *link* elsewhere; return where to go on, or what was wrong with what was typed."""
    typed = request.POST.get("url", "")
    try:
        done = links.correct(link, typed, editor_of(request), seen=request.POST.get("seen", ""))
    except links.NotATarget as error:
        return None, {"link": link.pk, "url": typed, "words": str(error)}
    if done:
        messages.success(
            request,
            _("Who opens it from now on is led to %(url)s.")
            % {"url": link.corrected_url or link.url},
        )
    else:
        messages.info(request, _("Nothing was changed: look at where it leads now."))
    return redirect("admin:deliveries_links", link.edition_id), {}
