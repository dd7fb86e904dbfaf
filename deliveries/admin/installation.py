"""The page of an installation that is held: why, what waits, and the button that lets it go on."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from briefs.admin.desk import allowed_ids, is_superuser
from deliveries import guard
from deliveries.models import Edition
from deliveries.tasks import tick
from subscribers import doorbell

if TYPE_CHECKING:
    from deliveries.admin.editions import EditionAdmin


def may_confirm(request: HttpRequest) -> bool:
    """Tell whether this user answers for the site, or for a publication of it."""
    return is_superuser(request) or bool(allowed_ids(request, "manage"))


def installation_view(model_admin: "EditionAdmin", request: HttpRequest) -> HttpResponse:
    """GET shows what is held and what would go out, POST confirms."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    row = guard.held()
    if request.method == "POST":
        if not may_confirm(request):
            raise PermissionDenied
        if guard.confirm():
            doorbell.ring(tick)
            messages.success(request, _("Confirmed: mail goes out from here again."))
            if row is not None:
                # Any row has a history, whichever page it was changed on.
                model_admin.log_change(request, row, "confirmed")  # type: ignore[arg-type]  # see above
        return HttpResponseRedirect(reverse("admin:index"))
    if row is None:
        return HttpResponseRedirect(reverse("admin:index"))
    at_work = Edition.objects.filter(status__in=guard.AT_WORK)
    theirs = model_admin.get_queryset(request).filter(status__in=guard.AT_WORK).order_by("send_at")
    editions = list(theirs[:50])
    context = {
        **site.each_context(request),
        "title": _("Nothing is sent"),
        "opts": model_admin.opts,
        "row": row,
        "editions": editions,
        "others": at_work.count() - len(editions),
        "may_confirm": may_confirm(request),
    }
    return TemplateResponse(request, "admin/deliveries/installation.html", context)
