"""Erasing a reader at the desk: a page that asks, and a button."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from briefs import roles
from briefs.admin.desk import editor_of, is_superuser
from deliveries import privacy
from subscribers.models import Subscriber


def may_erase(request: HttpRequest, reader: Subscriber) -> bool:
    """Tell whether the user manages all that *reader* subscribes to: erasure ends all of it."""
    if is_superuser(request):
        return True
    theirs = frozenset(reader.subscriptions.values_list("publication_id", flat=True))
    return bool(theirs) and theirs <= roles.publication_ids(request.user, "manage")


def erase_view(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST erases."""
    reader = get_object_or_404(Subscriber, pk=pk)
    if not may_erase(request, reader):
        raise PermissionDenied
    if request.method == "POST":
        privacy.erase(reader, source="admin", by=editor_of(request))
        messages.success(request, _("The reader is erased."))
        return HttpResponseRedirect(reverse("admin:subscribers_subscriber_changelist"))
    subscriptions = reader.subscriptions.select_related("publication")
    context = {
        **admin.site.each_context(request),
        "title": _("Erase a reader"),
        "reader": reader,
        "subscriptions": subscriptions,
    }
    return TemplateResponse(request, "admin/deliveries/erase.html", context)
