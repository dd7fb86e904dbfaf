"""The button that takes an import of readers back; its page belongs to the app below."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from briefs import roles
from deliveries import import_undo, tasks
from subscribers import doorbell
from subscribers.models import ImportRun


def undo_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin to take the import back, if no edition went to its readers."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    run = get_object_or_404(ImportRun.objects.select_related("publication"), pk=pk)
    if not roles.can(request.user, "publish", run.publication):
        raise PermissionDenied
    if not import_undo.may_undo(run):
        messages.error(
            request, _("An edition has gone to these readers: the import can no longer be undone.")
        )
    elif import_undo.undo(run):
        doorbell.ring(tasks.undo_imports)
    return redirect("admin:subscribers_importrun_change", pk)
