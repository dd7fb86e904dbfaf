"""Where the strip above a brief leads: hand in, approve, give back, comment; POST only."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from briefs import approvals, comments, roles, workflow
from briefs.admin.desk import editor_of, number
from briefs.models import Brief, Comment, Revision, User
from deliveries import planning, signing_off
from deliveries.models import Edition

if TYPE_CHECKING:
    from briefs.roles import Verb

LONGEST = 2_000  # characters of a reason
MOST_FINDINGS = 3


def sign_off_view(request: HttpRequest, brief_id: int, verb: str) -> HttpResponse:
    """Take one step in the sign-off of a brief, and show the brief again."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if verb not in _STEPS:
        raise Http404
    brief = get_object_or_404(Brief.objects.select_related("publication"), pk=brief_id)
    user = editor_of(request)
    # Who has nothing to do with the publication does not learn that there is such a brief.
    if not roles.can(user, "write", brief.publication):
        raise Http404
    demanded, act = _STEPS[verb]
    if not (roles.can(user, demanded, brief.publication) or _is_their_own(verb, user, brief)):
        raise PermissionDenied
    try:
        messages.success(request, act(request, brief, user))
    except planning.PreflightFailed as failed:
        said = " ".join(finding.message for finding in failed.findings.errors[:MOST_FINDINGS])
        messages.error(request, _("It was saved, but not handed in: %(why)s") % {"why": said})
    except (workflow.WrongStatus, workflow.NoReason, comments.NothingSaid) as refused:
        messages.warning(request, str(refused))
    return HttpResponseRedirect(reverse("admin:briefs_brief_change", args=[brief.pk]) + "#sign-off")


def of_edition(edition: Edition) -> dict[str, Any]:
    """Return what the page of *edition* says about its approval, and what was changed since."""
    return {
        "edition": edition,
        "changed": signing_off.changed_since(edition),
        "approval": approvals.standing(edition.revision),
    }


def of_brief(brief: Brief, edition: Edition | None) -> dict[str, Any]:
    """Return what the send screen of *brief*, with its open *edition*, says about approvals."""
    return {
        "brief": brief,
        "edition": edition,
        "changed": signing_off.changed_since(edition) if edition else "",
        "missing": signing_off.missing(brief),
    }


def _is_their_own(verb: str, user: User, brief: Brief) -> bool:
    """Tell whether a writer takes back what they have handed in."""
    return verb == "return" and approvals.is_author(user, brief)


def _hand_in(request: HttpRequest, brief: Brief, user: User) -> str:
    revision = signing_off.hand_in(brief, user)
    if approvals.standing(revision):
        return _("This text was approved before, so it is approved.")
    return _("Handed in. Those who may approve it are told by mail.")


def _approve(request: HttpRequest, brief: Brief, user: User) -> str:
    signing_off.approve(_seen(request, brief), user)
    return _("Approved. Its writers are told.")


def _override(request: HttpRequest, brief: Brief, user: User) -> str:
    signing_off.override(_seen(request, brief), user, _posted(request, "reason"))
    return _("It may go out without a second person; your reason is kept.")


def _return(request: HttpRequest, brief: Brief, user: User) -> str:
    signing_off.return_to_writer(brief, user, _posted(request, "words"))
    return _("Given back; it is a draft again.")


def _withdraw(request: HttpRequest, brief: Brief, user: User) -> str:
    signing_off.withdraw_approval(_seen(request, brief), user, _posted(request, "words"))
    return _("The approval is taken back.")


def _comment(request: HttpRequest, brief: Brief, user: User) -> str:
    text, quote = request.POST.get("text", ""), request.POST.get("quote", "")
    signing_off.comment(brief, user, text, quote)
    return _("Your comment is added; who writes and who commented is told.")


def _settle(request: HttpRequest, brief: Brief, user: User) -> str:
    ours = Comment.objects.filter(brief=brief)
    comment = get_object_or_404(ours, pk=number(request.POST.get("comment", "")))
    comments.settle(comment, user)
    return _("Settled.")


def _seen(request: HttpRequest, brief: Brief) -> Revision:
    """Return the revision that the page showed: what is decided is decided about that text."""
    shown = number(request.POST.get("revision", ""))
    revision: Revision = get_object_or_404(brief.revisions.select_related("brief"), pk=shown)
    return revision


def _posted(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:LONGEST]


_Act = Callable[[HttpRequest, Brief, User], str]
_STEPS: "dict[str, tuple[Verb, _Act]]" = {
    "hand-in": ("write", _hand_in),
    "approve": ("approve", _approve),
    "override": ("override", _override),
    "return": ("approve", _return),
    "withdraw": ("approve", _withdraw),
    "comment": ("write", _comment),
    "settle": ("write", _settle),
}
