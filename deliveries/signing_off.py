"""Signing off: the steps of a brief from its writer to the web, and the mail that tells of them."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from briefs import approvals, comments, corrections, revisions, workflow
from briefs import preflight as texts
from briefs.models import Approval, Brief, Comment, Membership, Revision, User
from deliveries import embargo, planning, preflight
from deliveries.models import Edition
from subscribers import notices

Role = Membership.Role
APPROVERS = (Role.EDITOR, Role.PUBLISHER, Role.OWNER)


def hand_in(brief: Brief, by: User) -> Revision:
    """Hand *brief* in for review and tell those who may approve it.

    Raise planning.PreflightFailed for one that could not be sent anyway, and
    what workflow.submit raises.
    """
    # Before the transaction: it asks other servers.
    findings = preflight.check(brief, outside=preflight.Outside.ASK)
    if not findings.ok:
        raise planning.PreflightFailed(findings)
    with transaction.atomic():
        revision = workflow.submit(brief, by)
        if approvals.standing(revision):
            return revision
        due = f" It is due at {brief.due_at:%Y-%m-%d %H:%M} UTC." if brief.due_at else ""
        _tell(
            approvers(brief) or _site(brief),
            brief,
            f"Waits for your approval: {brief}",
            f"{by} has handed in “{brief}” ({brief.publication}).{due}\n\n"
            "Read it, then approve it or give it back.",
        )
    return revision


def approve(revision: Revision, by: User) -> Approval:
    """Approve *revision* and tell its writers; raise what workflow.approve raises."""
    with transaction.atomic():
        approval = workflow.approve(revision, by)
        _tell_writers(
            revision.brief,
            by,
            f"Approved: {revision.brief}",
            f"{by} has approved “{revision.brief}”. It can go out as it stands; whatever is "
            "changed now has to be approved again.",
        )
    return approval


def override(revision: Revision, by: User, reason: str) -> Approval:
    """Let *revision* go out without a second person; writers and owners are told why."""
    with transaction.atomic():
        approval = workflow.override(revision, by, reason)
        brief = revision.brief
        owners = Q(memberships__publication=brief.publication_id, memberships__role=Role.OWNER)
        told = _members(brief).filter(owners | Q(pk__in=approvals.author_ids(brief)))
        _tell(
            told.exclude(pk=by.pk),
            brief,
            f"Goes out without a second person: {brief}",
            f"{by} lets “{brief}” go out without anybody else’s approval.\n\n"
            f"The reason: {approval.reason}",
        )
    return approval


def return_to_writer(brief: Brief, by: User, words: str) -> None:
    """Give *brief* back and tell its writers why; raise what workflow.return_to_writer raises."""
    with transaction.atomic():
        workflow.return_to_writer(brief, by, words)
        _tell_writers(
            brief,
            by,
            f"Given back to you: {brief}",
            f"{by} has given “{brief}” back.\n\n{words.strip() or 'No words came with it.'}",
        )


def withdraw_approval(revision: Revision, by: User, words: str) -> None:
    """Take an approval back; writers are told, and whoever scheduled an edition of it."""
    with transaction.atomic():
        workflow.withdraw_approval(revision, by, words)
        brief = revision.brief
        waits = Edition.objects.filter(revision=revision, status=Edition.Status.SCHEDULED)
        planners = list(waits.filter(by__isnull=False).values_list("by", flat=True))
        late = (
            "\n\nIts edition is scheduled still, and will not start unless this text is "
            "approved again."
            if waits.exists()
            else ""
        )
        reason = f"\n\n{words.strip()}" if words.strip() else ""
        _tell(
            _members(brief)
            .filter(pk__in={*approvals.author_ids(brief), *planners})
            .exclude(pk=by.pk),
            brief,
            f"Approval taken back: {brief}",
            f"{by} has taken back the approval of “{brief}”.{reason}{late}",
        )


def publish(brief: Brief, by: User) -> bool:
    """Put *brief* on the web as it stands, and mail it to nobody; return False if it was there.

    Raise planning.PreflightFailed for a text that is not fit to be read, WrongStatus
    where another text of it is on the web, and what corrections.require_current,
    embargo.require_over and workflow.publish raise.
    """
    with transaction.atomic():
        revision = revisions.take(brief, by)
        findings = texts.check(revision.snapshot)
        if not findings.ok:
            raise planning.PreflightFailed(findings)
        corrections.require_current(revision)
        embargo.require_over(brief, None, dt.timedelta(0))
        if brief.published_revision_id not in (None, revision.pk):
            raise workflow.WrongStatus(
                f"“{brief}” is on the web with another text. Correct it at the desk, "
                "or send it anew."
            )
        return workflow.publish(brief, revision, timezone.now(), by=by)


def comment(brief: Brief, by: User, text: str, quote: str = "") -> Comment:
    """Add a comment and tell the brief's writers and who commented before."""
    with transaction.atomic():
        said = comments.add(brief, by, text, quote)
        earlier = brief.comments.filter(by__isnull=False).values_list("by", flat=True)
        about = f"About “{said.quote}”:\n\n" if said.quote else ""
        _tell(
            _members(brief)
            .filter(pk__in={*approvals.author_ids(brief), *earlier})
            .exclude(pk=by.pk),
            brief,
            f"Comment on {brief}",
            f"{by} on “{brief}”:\n\n{about}{said.text}",
        )
    return said


def approvers(brief: Brief) -> QuerySet[User]:
    """Return who may approve *brief*: by their role, and not among its authors."""
    return (
        User.objects.filter(
            is_active=True,
            is_staff=True,
            memberships__publication=brief.publication_id,
            memberships__role__in=APPROVERS,
        )
        .exclude(pk__in=approvals.author_ids(brief))
        .distinct()
    )


def changed_since(edition: Edition) -> str:
    """Return which fields of the brief differ from what a scheduled *edition* will send."""
    if edition.status != Edition.Status.SCHEDULED or edition.kind == Edition.Kind.DIGEST:
        return ""
    return ", ".join(approvals.fields_changed_since(edition.revision))


def missing(brief: Brief) -> str:
    """Return why *brief* cannot be sent as it stands for want of an approval; empty if it can."""
    if not approvals.is_demanded(brief):
        return ""
    approved = brief.approved_revision
    if approved and approvals.standing(approved):
        fields = ", ".join(approvals.fields_changed_since(approved))
        if not fields:
            return ""
        return _(
            "It was changed since it was approved (%(fields)s): it has to be approved again."
        ) % {"fields": fields}
    if brief.submitted_revision_id:
        return _("It waits for its review: nothing can be sent before it is approved.")
    return _("It is not approved: it has to be handed in, and approved by somebody else.")


def _site(brief: Brief) -> QuerySet[User]:
    """Return who looks after the whole site, and has not written *brief*."""
    site = User.objects.filter(is_active=True, is_staff=True, is_superuser=True)
    return site.exclude(pk__in=approvals.author_ids(brief))


def _members(brief: Brief) -> QuerySet[User]:
    """Return who may see *brief* at the desk: nobody else is told of it."""
    ours = Q(memberships__publication=brief.publication_id) | Q(is_superuser=True)
    return User.objects.filter(ours, is_active=True, is_staff=True).distinct()


def _tell_writers(brief: Brief, by: User, subject: str, text: str) -> None:
    writers = _members(brief).filter(pk__in=approvals.author_ids(brief))
    _tell(writers.exclude(pk=by.pk), brief, subject, text)


def _tell(users: Iterable[User], brief: Brief, subject: str, text: str) -> None:
    address = settings.SITE_URL + reverse("admin:briefs_brief_change", args=[brief.pk])
    notices.tell(users, brief.publication, subject, f"{text}\n\n{address}")
