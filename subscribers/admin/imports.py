"""The wizard of imports: upload, what its columns mean, dry run, basis, run, report, undo."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import roles
from briefs.admin.desk import DeskAdmin, allowed_ids, badge, editor_of, publication_label
from briefs.models import Publication
from briefs.roles import Verb
from subscribers import doorbell, exporting, tasks
from subscribers.admin.import_forms import BasisForm, MappingForm, UploadForm
from subscribers.admin.subscriptions import moment
from subscribers.importing import Unreadable, files, running
from subscribers.importing.deciding import OUTCOMES
from subscribers.importing.reasons import REASONS
from subscribers.importing.sources import OTHER
from subscribers.models import ImportRun

Status = ImportRun.Status
TONES = {
    "new": "neutral",
    "checking": "info",
    "checked": "info",
    "running": "info",
    "finished": "success",
    "failed": "danger",
    "undoing": "warning",
    "undone": "neutral",
}
MOVING = (Status.CHECKING, Status.RUNNING, Status.UNDOING)
OUTCOME_NAMES = {
    "created": gettext_lazy("come in"),
    "updated": gettext_lazy("are changed"),
    "unchanged": gettext_lazy("stay as they are"),
    "unsubscribed": gettext_lazy("noted as unsubscribed"),
    "suppressed": gettext_lazy("suppressed: never mailed"),
    "refused": gettext_lazy("refused"),
}


@admin.register(ImportRun)
class ImportRunAdmin(DeskAdmin[ImportRun]):
    """The imports that there were; each has one page, whatever its stage."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "publish",
        "add": "publish",
        "change": "publish",
        "delete": None,
    }
    list_display = ["file", "publication_name", "status_badge", "came_in", "who", "when"]
    list_display_links = ["file"]
    list_filter = [("publication", admin.RelatedOnlyFieldListFilter), "status"]
    list_select_related = ["publication", "by"]
    sortable_by = ()
    actions = None
    warn_unsaved_form = False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/do/<str:verb>/", wrap(self.verb_view), name="subscribers_import_do"),
            path("<int:pk>/refused.csv", wrap(self.refused_view), name="subscribers_refused"),
            path("export/<int:pk>.csv", wrap(self.export_view), name="subscribers_export"),
            *super().get_urls(),
        ]

    # --- pages ------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take a file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        theirs = allowed_ids(request, "publish")
        form = UploadForm(request.POST or None, request.FILES or None, publications=theirs)
        if request.method == "POST" and form.is_valid():
            try:
                run = _receive(request, form)
            except Unreadable as error:
                form.add_error("file", str(error))
            else:
                return redirect("admin:subscribers_importrun_change", run.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import readers"),
            "opts": None,
            "form": form,
            "publications": Publication.objects.filter(pk__in=theirs),
        }
        return TemplateResponse(request, "admin/subscribers/import_upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
        **forms_with_errors: forms.Form,
    ) -> HttpResponse:
        """Show where the import stands, with what can be done next."""
        run = self._visible(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import readers"),
            "opts": None,
            **_facts(run),
            **forms_with_errors,
        }
        return TemplateResponse(request, "admin/subscribers/import.html", context)

    def verb_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Do the next step and show the page again."""
        run = self._visible(request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not roles.can(request.user, "publish", run.publication):
            raise PermissionDenied
        verbs = {"discard": self._discard, "check": self._check, "run": self._run}
        if verb not in verbs:
            raise Http404
        return verbs[verb](request, run) or redirect("admin:subscribers_importrun_change", pk)

    def _discard(self, request: HttpRequest, run: ImportRun) -> HttpResponse | None:
        if not running.discard(run):
            return None
        messages.success(request, _("The file was deleted; nothing was imported."))
        return redirect("admin:subscribers_importrun_changelist")

    def _check(self, request: HttpRequest, run: ImportRun) -> HttpResponse | None:
        mapping = MappingForm(run, request.POST)
        if not mapping.is_valid():
            return self.change_view(request, str(run.pk), mapping_form=mapping)
        if running.change_mapping(run, mapping.mapping()) and running.check(run):
            doorbell.ring(tasks.run_imports)
        return None

    def _run(self, request: HttpRequest, run: ImportRun) -> HttpResponse | None:
        basis = BasisForm(request.POST)
        if not basis.is_valid():
            return self.change_view(request, str(run.pk), basis_form=basis)
        # Only what was checked is run: the counts on the screen are those that were agreed to.
        if run.status == Status.CHECKED and running.start(
            run, basis=basis.cleaned_data["basis"], by=editor_of(request)
        ):
            doorbell.ring(tasks.run_imports)
        return None

    def refused_view(self, request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
        """Hand over the rows that were refused, with the reasons."""
        run = self._visible(request, str(pk))
        try:
            file = files.refused_of(run).open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        name = f"refused-{run.pk}.csv"
        return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv")

    def export_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Hand over the readers of a publication."""
        publication = get_object_or_404(Publication, pk=pk)
        if not roles.can(request.user, "publish", publication):
            raise PermissionDenied
        day = timezone.localdate().isoformat()
        answer = StreamingHttpResponse(exporting.lines(publication), content_type="text/csv")
        answer["Content-Disposition"] = (
            f'attachment; filename="{publication.slug}-readers-{day}.csv"'
        )
        answer["Cache-Control"] = "no-store"
        return answer

    def _visible(self, request: HttpRequest, pk: str) -> ImportRun:
        run = self.get_object(request, pk)
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return run

    # --- the list ---------------------------------------------------------

    @admin.display(description=gettext_lazy("File"))
    def file(self, run: ImportRun) -> str:
        """Show the file's name."""
        return run.file_name

    @admin.display(description=gettext_lazy("Publication"))
    def publication_name(self, run: ImportRun) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(run.publication)

    @admin.display(description=gettext_lazy("Status"))
    def status_badge(self, run: ImportRun) -> SafeString:
        """Show the status as a badge."""
        return badge(run.get_status_display(), TONES[run.status])

    @admin.display(description=gettext_lazy("Came in"))
    def came_in(self, run: ImportRun) -> str:
        """Show how many readers it brought."""
        return f"{run.counts.get('created', 0):,}" if run.started_at else "–"

    @admin.display(description=gettext_lazy("By"))
    def who(self, run: ImportRun) -> str:
        """Show who uploaded it."""
        return str(run.by or "–")

    @admin.display(description=gettext_lazy("When"))
    def when(self, run: ImportRun) -> str:
        """Show when it was uploaded, in the editor's zone."""
        return moment(run.created_at)


def _receive(request: HttpRequest, form: UploadForm) -> ImportRun:
    """Bring the upload to disk and take it over."""
    upload: UploadedFile[Any] = form.cleaned_data["file"]
    with tempfile.NamedTemporaryFile(dir=files.folder()) as draft:
        for piece in upload.chunks():
            draft.write(piece)
        draft.flush()
        return running.receive(
            form.cleaned_data["publication"],
            Path(draft.name),
            name=upload.name or "upload",
            by=editor_of(request),
        )


def _source(run: ImportRun) -> str:
    """Return where the file of *run* comes from, and what that asks of the editor now."""
    if run.source != OTHER:
        return _("recognised as an export of %(service)s") % {"service": run.source.title()}
    if run.status == Status.NEW:
        return _("a file of no known service: map its columns")
    return _("a file of no known service")


def _facts(run: ImportRun) -> dict[str, Any]:
    """Return what the page of *run* shows."""
    can_map = run.status in (Status.NEW, Status.CHECKED)
    return {
        "run": run,
        "tone": TONES[run.status],
        "is_moving": run.status in MOVING,
        "source": _source(run),
        "mapping_form": MappingForm(run) if can_map else None,
        "basis_form": BasisForm() if run.status == Status.CHECKED else None,
        "has_counts": bool(run.counts) and run.status != Status.NEW,
        "outcomes": [(OUTCOME_NAMES[one], run.counts.get(one, 0), one) for one in OUTCOMES],
        "reasons": sorted(
            ((REASONS.get(code, code), count) for code, count in run.reasons.items()),
            key=lambda pair: -pair[1],
        ),
        "samples": [
            (row, who, OUTCOME_NAMES.get(outcome, outcome), REASONS.get(code, ""), detail)
            for row, who, outcome, code, detail in run.samples[:50]
        ],
        "percent": _percent(run),
        "refused": run.started_at and run.refused_bytes and files.refused_of(run).exists(),
        "undo_url": _undo_url(run),
    }


def _percent(run: ImportRun) -> int:
    """Return how much is done; before a dry run has counted the rows nobody knows, so 0."""
    return min(100, round(100 * run.rows_done / run.rows_total)) if run.rows_total else 0


def _undo_url(run: ImportRun) -> str:
    """Return where the import can be undone: in an app above, which knows who was mailed."""
    if run.status != Status.FINISHED:
        return ""
    try:
        return reverse("admin:deliveries_undo_import", args=[run.pk])
    except NoReverseMatch:
        return ""
