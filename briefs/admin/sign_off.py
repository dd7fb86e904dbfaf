"""The strip above a brief: where it stands, what is next, who may do it, and what was said."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from briefs import approvals, audit, differences, revisions, roles, workflow
from briefs.admin.desk import editor_of
from briefs.differences.excerpts import shortened
from briefs.models import Approval, AuditEntry, Brief, Membership, Revision, User

Status = Brief.Status
MOST_STEPS = 60
MOST_CHANGES = 6
MOST_NAMES = 4
ICONS = {
    "created": "edit_note",
    "edited": "edit",
    "restored": "restore",
    "submitted": "outbox",
    "returned": "undo",
    "approved": "verified",
    "overridden": "gavel",
    "approval-lost": "remove_done",
    "approval-withdrawn": "remove_done",
    "commented": "chat",
    "settled": "mark_chat_read",
    "alarmed": "alarm",
    "tested": "science",
    "scheduled": "schedule_send",
    "published": "public",
    "corrected": "build",
}
VERBS_OF_STRIP = ("hand-in", "approve", "return", "withdraw", "override", "comment", "settle")


@dataclass
class Strip:
    """What the desk says about the sign-off of one brief to one user."""

    headline: str = ""
    next: str = ""
    tone: str = "neutral"
    icon: str = "edit_note"
    may: dict[str, bool] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    revision: Revision | None = None


def context(request: HttpRequest, brief: Brief) -> dict[str, Any]:
    """Return what the strip of *brief* shows to who asks."""
    user = editor_of(request)
    now = revisions.snapshot(brief)
    demanded = approvals.is_demanded(brief)
    said = list(brief.comments.select_related("by", "settled_by"))
    strip = _strip(user, brief, now, demanded)
    return {
        "sign_off": strip,
        "sign_off_steps": _stages(brief, demanded or strip.revision is not None),
        "sign_off_changes": _changes(brief, now),
        "sign_off_override": _override_of(brief),
        "sign_off_edition": _scheduled(brief, now),
        "comments_open": [comment for comment in said if comment.settled_at is None],
        "comments_settled": [comment for comment in said if comment.settled_at is not None],
        "audit_steps": _steps(brief),
    }


def _strip(user: User, brief: Brief, now: dict[str, Any], demanded: bool) -> Strip:
    publication = brief.publication
    can = {verb: roles.can(user, verb, publication) for verb in ("write", "approve", "override")}
    is_author = approvals.is_author(user, brief)
    waits = brief.submitted_revision
    strip = Strip(revision=waits or _approved(brief))
    strip.urls = _urls(brief)
    may = strip.may = {"comment": can["write"] and bool(strip.urls)}
    if waits:
        may["approve"] = can["approve"] and not is_author
        may["return"] = can["approve"] or (is_author and can["write"])
        may["override"] = can["override"] and not may["approve"]
    elif strip.revision:
        gone = brief.published_revision_id == strip.revision.pk
        may["withdraw"] = can["approve"] and not gone
    is_current = strip.revision is not None and strip.revision.snapshot == now
    may["hand_in"] = can["write"] and not waits and not is_current and not _is_public(brief, now)
    may["take_back"] = bool(waits) and is_author and not can["approve"]
    strip.headline, strip.next, strip.tone, strip.icon = _words(brief, now, demanded, user)
    if not strip.urls:
        strip.may = {}
    return strip


def _approved(brief: Brief) -> Revision | None:
    """Return the revision that may go out, if its approval stands."""
    approved = brief.approved_revision
    return approved if approved and approvals.standing(approved) else None


def _is_approved(brief: Brief, now: dict[str, Any]) -> bool:
    approved = _approved(brief)
    return approved is not None and approved.snapshot == now


def _is_public(brief: Brief, now: dict[str, Any]) -> bool:
    published = brief.published_revision
    return published is not None and published.snapshot == now


def _words(
    brief: Brief, now: dict[str, Any], demanded: bool, user: User
) -> tuple[str, str, str, str]:
    """Return where *brief* stands, what is next, a tone and an icon."""
    if brief.submitted_revision:
        return _words_of_waiting(brief, now, user)
    if brief.status == Status.PUBLISHED:
        if _is_public(brief, now):
            return _("Published: this text is on the web."), "", "success", "public"
        if demanded and not _is_approved(brief, now):
            after = _("Hand it in once it reads as it shall; it needs an approval like the first.")
        else:
            after = _("A publisher can send it as a correction.")
        return _("Changed since it was published."), after, "info", "edit"
    if brief.status == Status.APPROVED and not _is_approved(brief, now):
        after = _("What stands around the text was changed since. Hand it in again.")
        return _said_by(brief), after, "warning", "sync_problem"
    if brief.status == Status.APPROVED:
        after = _("A publisher can send it now. Whatever is changed has to be approved again.")
        return _said_by(brief), after, "success", "verified"
    if not demanded:
        after = _("A publisher can send it as it is; hand it in for a second pair of eyes.")
        return _("A draft."), after, "neutral", "edit_note"
    after = _("Hand it in when it is ready. %(who)s can approve it.") % {"who": _who(brief)}
    if brief.approved_revision and approvals.standing(brief.approved_revision):
        return (
            _("Changed after it was approved, so the approval is gone."),
            after,
            "warning",
            "edit",
        )
    return _("A draft."), after, "neutral", "edit_note"


def _words_of_waiting(brief: Brief, now: dict[str, Any], user: User) -> tuple[str, str, str, str]:
    waits = brief.submitted_revision
    entry = audit.of(brief).filter(verb="submitted", revision=waits).first()
    name = entry.by_name if entry else ""
    head = _("In review: %(name)s has handed it in.") % {"name": name or _("somebody")}
    if brief.status == Status.PUBLISHED:
        head = _("A new text is in review; the web shows the old one.")
    if waits and waits.snapshot != now:
        after = _("It reads otherwise than what was handed in. Take it back and hand it in again.")
        return head, after, "warning", "sync_problem"
    if roles.can(user, "approve", brief.publication) and not approvals.is_author(user, brief):
        after = _("It waits for you, or for another who did not write it.")
    else:
        after = _("It waits for %(who)s.") % {"who": _who(brief)}
    return head, after, "warning", "hourglass_top"


def _said_by(brief: Brief) -> str:
    approval = approvals.standing(brief.approved_revision) if brief.approved_revision else None
    name = {"name": (approval and approval.by) or _("somebody")}
    if approval and approval.reason:
        return _("%(name)s lets it go out without a second person.") % name
    return _("Approved by %(name)s.") % name


def _who(brief: Brief) -> str:
    """Return the names of those who may approve *brief*: “Edda, Paul or Olga”."""
    ours = Q(
        memberships__publication=brief.publication_id,
        memberships__role__in=[
            Membership.Role.EDITOR,
            Membership.Role.PUBLISHER,
            Membership.Role.OWNER,
        ],
    )
    found = (
        User.objects.filter(ours, is_active=True, is_staff=True)
        .exclude(pk__in=approvals.author_ids(brief))
        .distinct()
        .order_by("name", "email")[: MOST_NAMES + 1]
    )
    names = [str(user) for user in found]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], _("another editor")]
    return str(get_text_list(names, _("or"))) if names else _("somebody who did not write it")


def _stages(brief: Brief, with_review: bool) -> list[dict[str, Any]]:
    """Return the way of a brief, and how far this one is."""
    way = [Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.PUBLISHED]
    if not with_review and brief.status in (Status.DRAFT, Status.PUBLISHED):
        way = [Status.DRAFT, Status.PUBLISHED]
    at = way.index(Status(brief.status))
    return [
        {
            "name": status.label,
            "state": "done" if n < at else "now" if n == at else "ahead",
        }
        for n, status in enumerate(way)
    ]


def _changes(brief: Brief, now: dict[str, Any]) -> dict[str, Any] | None:
    """Return what changed since the approved text, as a short diff; None where nothing did."""
    approved = brief.approved_revision
    if approved is None or approved.snapshot == now:
        return None
    if brief.published_revision_id == approved.pk:
        return None  # the history below tells a published text from the one that follows
    found = differences.compare(approved.snapshot, now)
    rows: list[tuple[str, SafeString]] = [
        (change.label, differences.to_html(row.pieces))
        for change in found
        for row in map(shortened, change.rows)
        if row.kind != "kept"
    ]
    return {
        "rows": rows[:MOST_CHANGES],
        "more": len(rows) > MOST_CHANGES,
        # 0 is the text as it stands.
        "url": _url("briefs_brief_compare", brief.pk, approved.number, 0),
    }


def _override_of(brief: Brief) -> Approval | None:
    """Return the word of who let the approved or published text out alone."""
    agreed = [
        pk for pk in (brief.approved_revision_id, brief.published_revision_id) if pk is not None
    ]
    return (
        Approval.objects.select_related("by")
        .filter(revision__in=agreed, withdrawn_at__isnull=True)
        .exclude(reason="")
        .first()
    )


def _scheduled(brief: Brief, now: dict[str, Any]) -> dict[str, Any] | None:
    """Return the edition that waits with another text than the brief has; None without one."""
    # By the relation's name: the app that sends stands above this one.
    editions: Any = brief.editions
    edition = editions.filter(status="scheduled").select_related("revision").first()
    if edition is None or edition.revision.snapshot == now:
        return None
    fields = differences.in_words(differences.compare(edition.revision.snapshot, now))
    return {
        "send_at": edition.send_at,
        "fields": fields,
        "url": _url("deliveries_edition_change", edition.pk),
    }


def _steps(brief: Brief) -> list[dict[str, Any]]:
    return [step(entry) for entry in audit.of(brief)[:MOST_STEPS]]


def step(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry of the audit trail as a line for people."""
    return {
        "entry": entry,
        "icon": ICONS.get(entry.verb, "bolt"),
        "name": entry.by_name or _("IntelBrief"),
        "did": audit.VERBS.get(entry.verb, entry.verb),
        "edition_url": _url("deliveries_edition_change", entry.edition) if entry.edition else "",
        "revision_url": _url("briefs_revision_change", entry.revision_id)
        if entry.revision_id
        else "",
    }


def _urls(brief: Brief) -> dict[str, str]:
    found = {verb: _url("deliveries_sign_off", brief.pk, verb) for verb in VERBS_OF_STRIP}
    return (
        {**{verb.replace("-", "_"): url for verb, url in found.items()}}
        if all(found.values())
        else {}
    )


def _url(name: str, *arguments: object) -> str:
    """Return a page of the desk that another module or app has; empty where there is none."""
    try:
        return reverse(f"admin:{name}", args=arguments)
    except NoReverseMatch:
        return ""


# --- what the form does ----------------------------------------------------


def follow(request: HttpRequest, brief: Brief, fields: str) -> None:
    """Note that *fields* of the text were changed, and say so where that cost an approval."""
    was_approved = brief.status == Status.APPROVED
    if not workflow.text_changed(brief, editor_of(request), fields):
        return
    if was_approved:
        message = _("Saved. What was approved read otherwise, so the approval is gone: %(fields)s.")
    else:
        message = _("Saved. It is a draft again and waits for nobody; hand it in anew: %(fields)s.")
    messages.warning(request, message % {"fields": fields})


def go_to_hand_in(request: HttpRequest, brief: Brief) -> HttpResponse | None:
    """Hand in what was just saved where that was the button: the browser repeats its POST there."""
    url = _url("deliveries_sign_off", brief.pk, "hand-in")
    if "_hand_in" not in request.POST or not url:
        return None
    answer = HttpResponseRedirect(url)
    answer.status_code = 307  # RFC 9110, 15.4.8: with the same method and body
    return answer
