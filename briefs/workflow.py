"""The editorial life of a brief: draft, in review, approved, published."""

import datetime as dt

from django.db import transaction
from django.db.models import F, QuerySet

from briefs import approvals, audit, revisions, roles
from briefs.models import Brief, Publication, Revision, User

Status = Brief.Status


class WrongStatus(Exception):
    """A brief cannot go where somebody wants it to; the message says from where it can."""


class NotApproved(WrongStatus):
    """A revision may not go out: nobody but its writers has agreed to it, or not to this text."""


class WrongPublication(Exception):
    """A revision was frozen for another publication than its brief belongs to now."""


def require_approved(revision: Revision) -> None:
    """Raise NotApproved where the publication wants *revision* approved and nobody has."""
    if approvals.is_demanded(revision.brief) and not approvals.standing(revision):
        raise NotApproved(approvals.why_not(revision))


def waiting() -> QuerySet[Brief]:
    """Return the briefs that were handed in and wait for a word, the most urgent first.

    A published one waits with a text that shall follow the one on the web.
    """
    return Brief.objects.filter(
        status__in=[Status.IN_REVIEW, Status.PUBLISHED], submitted_revision__isnull=False
    ).order_by(F("due_at").asc(nulls_last=True), "date", "pk")


def waiting_for(user: User) -> QuerySet[Brief]:
    """Return the briefs that *user* may approve now: handed in, and written by others."""
    theirs = roles.publication_ids(user, "approve")
    return waiting().filter(approvals.not_written_by(user), publication__in=theirs)


def text_changed(brief: Brief, by: User | None, words: str = "") -> bool:
    """Note that *by* has changed the text of *brief*; return whether that cost an approval.

    Call it after the save and in its transaction, where a field of the text
    has changed; *words* say which. What was approved or handed in and reads
    otherwise now is a draft again. A text that is changed back to what was
    approved is approved.
    """
    with transaction.atomic():
        row = Brief.with_digests.select_for_update().get(pk=brief.pk)
        held = row.submitted_revision or row.approved_revision
        revision = revisions.take(row, by) if held else None
        if held and held == revision and row.status != Status.DRAFT:
            return False  # saved, and not a comma was changed
        audit.record("edited", brief=row, by=by, revision=revision, words=words)
        lost = revision is not None and _follow_text(row, revision, by)
    brief.refresh_from_db(fields=["status", "submitted_revision", "approved_revision"])
    return lost


def _follow_text(brief: Brief, revision: Revision, by: User | None) -> bool:
    """Let the status of *brief* say what holds for *revision*, its text now."""
    row = Brief.with_digests.filter(pk=brief.pk)
    if brief.status == Status.PUBLISHED:
        # Its page stays; what waited for a second pair of eyes was another text.
        waited = row.filter(submitted_revision__isnull=False).update(submitted_revision=None)
        if waited:
            audit.record("approval-lost", brief=brief, by=by, revision=revision)
        return bool(waited)
    if brief.status == Status.DRAFT:
        if approvals.standing(revision):
            row.update(status=Status.APPROVED, approved_revision=revision)
        return False
    was = brief.submitted_revision or brief.approved_revision
    assert was is not None  # as constraints demand for these statuses
    row.update(status=Status.DRAFT, submitted_revision=None)
    fields = ", ".join(approvals.fields_changed(was.snapshot, revision.snapshot))
    audit.record("approval-lost", brief=brief, by=by, revision=revision, words=fields)
    return True


def publish(
    brief: Brief, revision: Revision, at: dt.datetime, home: Publication | None = None
) -> bool:
    """Put *revision* on the web as of *at*; return False if that had been done already.

    A brief goes from draft (sign-off is off, or this revision was approved
    before somebody went on writing) or approved to published; a published one
    may point at a further revision. Raise NotApproved where the publication
    wants an approval, WrongStatus while it is in review, and WrongPublication
    where the revision carries the name and sender of a publication that the
    brief has left. Who knows that publication says so by *home*: its web
    address may have been changed since.
    """
    with transaction.atomic():
        # An approval is taken back under this lock too.
        Brief.with_digests.select_for_update().filter(pk=brief.pk).first()
        require_approved(revision)
        return _publish(brief, revision, at, home)


def _publish(brief: Brief, revision: Revision, at: dt.datetime, home: Publication | None) -> bool:
    frozen_for = revision.snapshot["publication"]["slug"]
    at_home = Brief.objects.filter(pk=brief.pk)
    at_home = (
        at_home.filter(publication=home) if home else at_home.filter(publication__slug=frozen_for)
    )
    open_to_it = [Status.DRAFT, Status.APPROVED]
    if approvals.standing(revision):
        open_to_it.append(Status.IN_REVIEW)  # of a later text, which goes on waiting
    ready = at_home.filter(status__in=open_to_it)
    published = at_home.filter(status=Status.PUBLISHED)
    changed = ready.update(
        status=Status.PUBLISHED, published_at=at, published_revision=revision
    ) or published.exclude(published_revision=revision).update(published_revision=revision)
    if changed or published.exists():
        # Only now: until it is published, its form may empty the web address again.
        revisions.settle_slug(Brief.objects.get(pk=brief.pk))
        return bool(changed)
    if not at_home.exists():
        raise WrongPublication(
            f"“{brief.headline}” was frozen for /{frozen_for}/ and stands elsewhere now. "
            "Cancel its edition and send it anew."
        )
    raise WrongStatus(
        f"“{brief.headline}” waits for its review; it can be published once it is approved."
    )
