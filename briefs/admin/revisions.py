"""Revisions of a brief: the list, what differs between any two, and the way back to one."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from briefs import access, differences, embargo, restoring, revisions, roles, text_versions
from briefs.admin.desk import editor_of, number
from briefs.models import Brief, Revision

if TYPE_CHECKING:
    from briefs.admin.briefs import BriefAdmin

# Of a brief that was frozen more often than this, the latest are listed.
MOST = 200
LATEST = 5
NOW = 0  # in an address, the number of the text as it stands


class Pages:
    """The pages, bound to the admin that knows who may see which brief."""

    def __init__(self, model_admin: "BriefAdmin") -> None:
        self.admin = model_admin

    def urls(self) -> list[URLPattern]:
        """Return the addresses of the pages."""
        wrap = self.admin.admin_site.admin_view
        return [
            path("<int:pk>/revisions/", wrap(self.listed), name="briefs_brief_revisions"),
            path(
                "<int:pk>/compare/<int:before>/<int:after>/",
                wrap(self.compare),
                name="briefs_brief_compare",
            ),
            path("<int:pk>/compare/", wrap(self.choose), name="briefs_brief_compare_any"),
            path(
                "<int:pk>/revisions/<int:revision>/restore/",
                wrap(self.restore),
                name="briefs_brief_restore",
            ),
        ]

    def listed(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show all revisions of a brief."""
        brief = self._brief(request, pk)
        context = {
            **self._common(request, brief, _("Revisions")),
            "rows": rows_of(brief, MOST),
            "is_cut": brief.revisions.count() > MOST,
        }
        return TemplateResponse(request, "admin/briefs/revisions.html", context)

    def choose(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Go to the comparison of the two revisions that were chosen in the list."""
        brief = self._brief(request, pk)
        chosen = [number(request.GET.get(name, "")) for name in ("before", "after")]
        if None in chosen:
            messages.warning(request, _("Choose two revisions to compare."))
            return redirect("admin:briefs_brief_revisions", brief.pk)
        return redirect("admin:briefs_brief_compare", brief.pk, *chosen)

    def compare(self, request: HttpRequest, pk: int, before: int, after: int) -> HttpResponse:
        """Show what differs between two revisions, word by word."""
        brief = self._brief(request, pk)
        if before == NOW:
            raise Http404  # what comes after the text as it stands?
        old, new = _snapshot(brief, before), _snapshot(brief, after)
        context = {
            **self._common(request, brief, _("What changed")),
            "before": before,
            "after": after,
            "changes": differences.compare(old, new),
            "may_restore": self.admin.has_change_permission(request, brief),
        }
        return TemplateResponse(request, "admin/briefs/compare.html", context)

    def restore(self, request: HttpRequest, pk: int, revision: int) -> HttpResponse:
        """Bring a revision back into the brief, and show the form again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        brief = self._brief(request, pk)
        if not self.admin.has_change_permission(request, brief):
            raise PermissionDenied
        found = brief.revisions.filter(number=revision).first()
        if found is None:
            raise Http404
        seen = number(request.POST.get("text_version", "")) or 0
        try:
            restored = restoring.restore(brief, found, editor_of(request), seen=seen)
        except text_versions.SavedMeanwhile:
            messages.error(
                request,
                _("Somebody has saved this brief since you looked. See what changed, then decide."),
            )
            return redirect("admin:briefs_brief_compare", brief.pk, revision, NOW)
        done = _("The brief reads as in revision %(number)s again.") % {"number": revision}
        messages.success(request, f"{done} {restored.in_words()}".strip())
        return redirect("admin:briefs_brief_change", brief.pk)

    def _brief(self, request: HttpRequest, pk: int) -> Brief:
        """Return a brief that the user may see; others are told that there is none."""
        found = self.admin.get_queryset(request).select_related("publication", "published_revision")
        brief = found.filter(pk=pk).first()
        if brief is None:
            raise Http404
        return brief

    def _common(self, request: HttpRequest, brief: Brief, title: str) -> dict[str, Any]:
        return {
            **self.admin.admin_site.each_context(request),
            "title": title,
            "opts": self.admin.opts,
            "brief": brief,
            "zone": brief.publication.time_zone,
            "history": history(request, brief),
        }


def rows_of(brief: Brief, most: int) -> list[dict[str, Any]]:
    """Return the latest revisions of *brief* with what became of each, in three queries."""
    # By the relation's name: the app that sends stands above this one.
    found = brief.revisions.select_related("by").prefetch_related("approvals__by", "editions")
    return [
        {
            "revision": revision,
            "approval": next((a for a in revision.approvals.all() if a.withdrawn_at is None), None),
            "editions": [
                {"edition": edition, "url": _edition_url(edition.pk)}
                for edition in revision.editions.all()
            ],
            "is_published": revision.pk == brief.published_revision_id,
        }
        for revision in found.defer("snapshot").order_by("-number")[:most]
    ]


def history(request: HttpRequest, brief: Brief) -> dict[str, Any]:
    """Return what history.html shows under the fields of *brief*."""
    rows = rows_of(brief, LATEST)
    sent = next((row for row in rows if row["editions"]), None)
    mailed = sent["revision"] if sent else _mailed(brief)
    published = brief.published_revision
    since = published or mailed
    changed = ""
    if since is not None:
        changes = differences.compare(since.snapshot, revisions.snapshot(brief))
        changed = differences.in_words(changes)
    is_held = access.is_embargoed(brief, timezone.now())
    may_publish = roles.can(request.user, "publish", brief.publication)
    return {
        "rows": rows,
        "since": since,
        "is_mailed": mailed is not None,
        "changed": changed,
        "corrections": list(brief.corrections.select_related("by", "right")[:LATEST]),
        "embargo": embargo.in_words(brief) if is_held else "",
        "too_early": _too_early(brief) if is_held else None,
        "correct_url": _correct_url(brief) if published and may_publish else "",
    }


def _too_early(brief: Brief) -> Any:
    """Return the edition of *brief* that is scheduled for a moment under its embargo."""
    return brief.editions.filter(status="scheduled", send_at__lt=brief.embargo_until).first()


def _mailed(brief: Brief) -> Revision | None:
    """Return the revision of the latest edition of *brief*."""
    found: Revision | None = (
        brief.revisions.filter(editions__isnull=False).order_by("-editions__pk").first()
    )
    return found


def _snapshot(brief: Brief, which: int) -> dict[str, Any]:
    if which == NOW:
        return revisions.snapshot(brief)
    revision = brief.revisions.filter(number=which).first()
    if revision is None:
        raise Http404
    content: dict[str, Any] = revision.snapshot
    return content


def _edition_url(pk: int) -> str:
    try:
        return reverse("admin:deliveries_edition_change", args=[pk])
    except NoReverseMatch:
        return ""


def _correct_url(brief: Brief) -> str:
    try:
        return reverse("admin:deliveries_correct", args=[brief.pk])
    except NoReverseMatch:
        return ""
