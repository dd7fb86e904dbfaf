"""Approvals: which revision may go out, who wrote it, and what changed since somebody agreed."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from briefs import audit, differences, revisions
from briefs.models import Approval, AuditEntry, Brief, Publication, Revision, User

# Who did one of these has had a hand in the text.
WRITES = ("created", "edited", "restored", "corrected", "submitted")


def standing(revision: Revision) -> Approval | None:
    """Return the approval of *revision* that nobody has taken back, None without one."""
    return revision.approvals.select_related("by").filter(withdrawn_at__isnull=True).first()


def is_demanded(brief: Brief) -> bool:
    """Tell whether *brief* may go out only once it is approved: a digest is generated."""
    if brief.digest_of is not None:
        return False
    # Asked anew: the rule may have been switched on since the caller loaded its objects.
    return Publication.objects.filter(briefs=brief.pk, needs_approval=True).exists()


def fields_changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the names of the fields that differ between two snapshots, as the desk says them."""
    labels = [change.label for change in differences.compare(before, after)]
    # A later program may keep more of a text than the one that froze it: another revision.
    return labels or ([_("how it is stored")] if before != after else [])


def fields_changed_since(revision: Revision) -> list[str]:
    """Return the names of the fields in which the brief differs from *revision* by now."""
    brief = Brief.with_digests.select_related("publication").get(pk=revision.brief_id)
    return fields_changed(revision.snapshot, revisions.snapshot(brief))


def author_ids(brief: Brief) -> frozenset[int]:
    """Return the ids of the users who wrote *brief*: they cannot approve it.

    Who began it, who changed its text or handed it in, and whose name stands
    under it.
    """
    wrote = AuditEntry.objects.filter(brief=brief, verb__in=WRITES, by__isnull=False)
    wrote = wrote.order_by("by").distinct()
    signed = brief.authors.filter(user__isnull=False)
    ids = {*wrote.values_list("by", flat=True), *signed.values_list("user", flat=True)}
    if brief.created_by_id:
        ids.add(brief.created_by_id)
    return frozenset(ids)


def is_author(user: User, brief: Brief) -> bool:
    """Tell whether *user* has had a hand in the text of *brief*."""
    return user.pk in author_ids(brief)


def not_written_by(user: User) -> Q:
    """Return the condition of briefs in whose text *user* has had no hand."""
    wrote = AuditEntry.objects.filter(brief=OuterRef("pk"), verb__in=WRITES, by=user)
    signed = Brief.authors.through.objects.filter(brief=OuterRef("pk"), author__user=user)
    began = Q(created_by__isnull=False, created_by=user)
    return ~began & ~Exists(wrote) & ~Exists(signed)


def why_not(revision: Revision) -> str:
    """Return why *revision* may not go out, and what to do, for one without an approval."""
    brief = revision.brief
    taken = revision.approvals.select_related("by").order_by("-withdrawn_at").first()
    if taken is not None:
        entry = audit.of(brief).filter(verb="approval-withdrawn", revision=revision).first()
        reason = f" ({entry.words})" if entry and entry.words else ""
        name = entry.by_name if entry and entry.by_name else "somebody"
        return (
            f"“{brief}” is not approved: {name} took the approval back{reason}. "
            "Have it approved again."
        )
    earlier = (
        Approval.objects.select_related("by", "revision")
        .filter(revision__brief=brief, withdrawn_at__isnull=True)
        .first()
    )
    if earlier is not None:
        fields = fields_changed(earlier.revision.snapshot, revision.snapshot)
        return (
            f"“{brief}” is not approved as it stands: it was changed after "
            f"{earlier.by or 'somebody'} had approved it ({', '.join(fields)}). "
            "Hand it in again, and have somebody approve it who did not write it."
        )
    if brief.submitted_revision_id == revision.pk:
        return (
            f"“{brief}” waits for its review. Somebody who did not write it has to approve it "
            "first."
        )
    return (
        f"“{brief}” is not approved. Hand it in for review; somebody who did not write it has to "
        "approve it before it goes out."
    )
