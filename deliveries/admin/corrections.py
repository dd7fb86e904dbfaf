"""Where a brief that readers have is corrected: on the web, and by mail to who got it wrong."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import approvals, differences, revisions, roles, text_versions, workflow
from briefs import corrections as on_the_web
from briefs.admin.desk import editor_of
from briefs.admin.widgets import TEXTAREA, Growing
from briefs.models import Brief, Correction, Revision
from deliveries import corrections, planning
from deliveries.models import Edition
from deliveries.tasks import tick
from subscribers import doorbell

_SAVED_SINCE = gettext_lazy(
    "Somebody has saved this brief since you looked. See what changed, then issue."
)


class CorrectionForm(forms.Form):
    """What readers are told, and whether by mail too."""

    notice = forms.CharField(
        label=gettext_lazy("Notice for readers"),
        help_text=gettext_lazy(
            "A sentence: what was wrong, and what is right. It stands with its date above the "
            "brief on the web and in every mail from now on. *Emphasis* and [links](https://…) "
            "are allowed."
        ),
    )
    by_mail = forms.BooleanField(label=gettext_lazy("Send a correction mail"), required=False)
    # The text that the editor saw: what others have saved since is not issued unseen.
    text_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, brief: Brief, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.brief = brief
        self.fields["notice"].widget = Growing(
            {"class": f"{TEXTAREA} ib-growing", "maxlength": on_the_web.LONGEST_NOTICE}
        )

    def clean_notice(self) -> str:
        """Return the notice as it is stored."""
        try:
            return on_the_web.checked(self.cleaned_data["notice"])
        except on_the_web.NotANotice as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("text_version") != self.brief.text_version:
            raise forms.ValidationError(_SAVED_SINCE)
        return cleaned


def correct_view(request: HttpRequest, brief_id: int) -> HttpResponse:
    """GET shows what a correction would change; POST issues it, or mails one that was issued."""
    brief = _brief(request, brief_id)
    form = CorrectionForm(brief)
    if request.method == "POST":
        if "mail" in request.POST:
            return _mail(request, brief)
        form = CorrectionForm(brief, request.POST)
        answer = _issue(request, brief, form) if form.is_valid() else None
        if answer:
            return answer
    wrong = brief.published_revision
    assert wrong is not None
    content = revisions.snapshot(brief)
    context = {
        **admin.site.each_context(request),
        "title": _("Correction"),
        "brief": brief,
        "publication": brief.publication,
        "wrong": wrong,
        "form": form,
        "changes": differences.compare(wrong.snapshot, content),
        "shown": differences.for_readers(wrong.snapshot, content),
        "reach": corrections.reach(brief),
        "open_edition": brief.editions.filter(status__in=Edition.OPEN).first(),
        "waits": _waits(brief, content),
        "issued": [
            {"correction": row, "mail": corrections.mail_of(row)}
            for row in brief.corrections.select_related("by", "right", "wrong")
        ],
        "latest": brief.corrections.first(),
        "tracking": content["publication"]["tracking"],
    }
    return TemplateResponse(request, "admin/deliveries/correct.html", context)


def _brief(request: HttpRequest, brief_id: int) -> Brief:
    """Return a published brief that the user may send; strangers are told that there is none."""
    brief = (
        Brief.objects.select_related("publication", "published_revision")
        .filter(pk=brief_id, status=Brief.Status.PUBLISHED)
        .first()
    )
    if brief is None or not roles.can(request.user, "write", brief.publication):
        raise Http404
    if not roles.can(request.user, "publish", brief.publication):
        raise PermissionDenied
    return brief


def _waits(brief: Brief, content: dict[str, Any]) -> bool:
    """Tell whether the text as it stands has to be approved before it can be issued."""
    if not approvals.is_demanded(brief):
        return False
    revision = _frozen_as(brief, content)
    return revision is None or approvals.standing(revision) is None


def _frozen_as(brief: Brief, content: dict[str, Any]) -> Revision | None:
    """Return the revision that says *content*, if somebody has frozen it already."""
    latest = brief.revisions.order_by("-number")[:20]
    return next((revision for revision in latest if revision.snapshot == content), None)


def _issue(request: HttpRequest, brief: Brief, form: CorrectionForm) -> HttpResponse | None:
    """Issue the correction and go to its mail or back to the brief; None leaves the page."""
    by_mail, seen = form.cleaned_data["by_mail"], form.cleaned_data["text_version"]
    try:
        correction = corrections.issue(
            brief, form.cleaned_data["notice"], editor_of(request), by_mail=by_mail, seen=seen
        )
    except text_versions.SavedMeanwhile:
        form.add_error(None, _SAVED_SINCE)  # after the form was looked at
    except planning.AlreadyScheduled as already:
        form.add_error("by_mail", _still_open(already.edition))
    except (
        corrections.NobodyToTell,
        on_the_web.NothingToCorrect,
        planning.PreflightFailed,
        workflow.WrongPublication,
        workflow.WrongStatus,
    ) as refused:
        form.add_error(None, str(refused))
    else:
        return _done(request, correction, by_mail=by_mail)
    return None


def _done(request: HttpRequest, correction: Correction, *, by_mail: bool) -> HttpResponse:
    messages.success(request, _("Corrected on the web: the notice stands above the brief."))
    edition = corrections.mail_of(correction) if by_mail else None
    if edition is None:
        return redirect("admin:deliveries_correct", correction.brief_id)
    doorbell.ring(tick)
    return _to_edition(edition)


def _mail(request: HttpRequest, brief: Brief) -> HttpResponse:
    """Mail the latest correction of *brief* to those who got it wrong."""
    latest = brief.corrections.select_related("brief__publication", "right").first()
    if latest is None:
        raise Http404
    try:
        edition = corrections.mail(latest, editor_of(request))
    except planning.AlreadyScheduled as already:
        messages.warning(request, _still_open(already.edition))
    except (
        corrections.NobodyToTell,
        planning.PreflightFailed,
        workflow.WrongStatus,
    ) as refused:
        messages.error(request, str(refused))
    else:
        doorbell.ring(tick)
        return _to_edition(edition)
    return redirect("admin:deliveries_correct", brief.pk)


def _still_open(edition: Edition) -> str:
    if not edition.is_open:
        return _("That has been mailed already (edition %(id)s).") % {"id": edition.pk}
    return _(
        "Edition %(id)s of this brief is %(status)s. Stop it first, so that nobody else gets the "
        "wrong text, or wait until it has finished; the web page can be corrected at once."
    ) % {"id": edition.pk, "status": edition.get_status_display()}


def _to_edition(edition: Edition) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:deliveries_edition_change", args=[edition.pk]))
