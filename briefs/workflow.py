"""The editorial life of a brief: draft, in review, approved, published."""

import datetime as dt

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from briefs import approvals, audit, revisions, roles, search
from briefs.models import Approval, Brief, Publication, Revision, User

Status = Brief.Status


class WrongStatus(Exception):
    """A brief cannot go where somebody wants it to; the message says from where it can."""


class NotApproved(WrongStatus):
    """A revision may not go out: nobody but its writers has agreed to it, or not to this text."""


class Changed(WrongStatus):
    """The text is another than the one that somebody has looked at; `fields` says where."""

    def __init__(self, brief: Brief, fields: list[str]) -> None:
        self.fields = fields
        super().__init__(
            f"“{brief}” was changed since you looked at it ({', '.join(fields)}). Nothing was "
            "decided: read it again."
        )


class OwnText(WrongStatus):
    """Nobody approves what they have written themselves."""


class NoReason(ValueError):
    """A step was taken without the words that it demands."""


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


def submit(brief: Brief, by: User) -> Revision:
    """Hand *brief* in for review as it stands; return the revision that waits.

    A text that was approved before is approved at once. A published brief
    stays on the web; what waits is the text that shall follow. Raise
    WrongStatus where nothing is to be decided.
    """
    with transaction.atomic():
        row = _held(brief)
        revision = revisions.take(row, by)
        is_new = row.submitted_revision != revision
        if row.status == Status.APPROVED and row.approved_revision == revision:
            raise WrongStatus(f"“{row}” is approved already; it can be sent as it stands.")
        if row.status == Status.PUBLISHED and row.published_revision == revision:
            raise WrongStatus(f"“{row}” is on the web as it stands; change it first.")
        if row.submitted_revision_id and not is_new:
            raise WrongStatus(f"“{row}” waits for its review already.")
        held = Brief.objects.filter(pk=row.pk, status=row.status)
        if approvals.standing(revision):
            changes: dict[str, object] = {"approved_revision": revision, "submitted_revision": None}
            goes_to = Status.APPROVED
        else:
            changes, goes_to = {"submitted_revision": revision}, Status.IN_REVIEW
        if row.status != Status.PUBLISHED:
            changes["status"] = goes_to
        _require_one(held.update(**changes), row)
        audit.record("submitted", brief=row, by=by, revision=revision)
    _reload(brief)
    return revision


def approve(revision: Revision, by: User) -> Approval:
    """Let *revision* go out on the word of *by*, who has not written it.

    Raise OwnText for one of its authors, Changed where the brief reads
    otherwise by now, and WrongStatus where it does not wait any more: of two
    who approve at once, one does.
    """
    with transaction.atomic():
        row = _held(revision.brief)
        _require_current(row, revision, by)
        if approvals.is_author(by, row):
            raise OwnText(
                f"You have had a hand in “{row}”, so somebody else has to approve it. A publisher "
                "may let it go out without a second person, with a reason."
            )
        waits = Brief.objects.filter(pk=row.pk, submitted_revision=revision)
        return _agree(waits, row, revision, by)


def override(revision: Revision, by: User, reason: str) -> Approval:
    """Let *revision* go out without a second person; *reason* is kept for everybody to read.

    Raise NoReason without one, Changed where the brief reads otherwise by now,
    and WrongStatus where it is approved already.
    """
    if not reason.strip():
        raise NoReason("Say why it goes out without a second person; the reason is kept.")
    with transaction.atomic():
        row = _held(revision.brief)
        _require_current(row, revision, by)
        if approvals.standing(revision):
            raise WrongStatus(f"“{row}” is approved already; it can be sent as it stands.")
        return _agree(Brief.objects.filter(pk=row.pk), row, revision, by, reason.strip())


def _agree(
    rows: QuerySet[Brief], brief: Brief, revision: Revision, by: User, reason: str = ""
) -> Approval:
    """Move *brief* if it is among *rows* still, and write down who agreed to what."""
    changes: dict[str, object] = {"approved_revision": revision, "submitted_revision": None}
    unpublished = [Status.DRAFT, Status.IN_REVIEW]
    moved = rows.filter(status__in=unpublished).update(status=Status.APPROVED, **changes)
    _require_one(moved or rows.filter(status=Status.PUBLISHED).update(**changes), brief)
    verb = "overridden" if reason else "approved"
    audit.record(verb, brief=brief, by=by, revision=revision, words=reason)
    approval: Approval = Approval.objects.create(revision=revision, by=by, reason=reason, at=Now())
    return approval


def return_to_writer(brief: Brief, by: User, words: str = "") -> Revision:
    """Give *brief* back, with *words* on what is missing; return the revision that had waited.

    Its author takes it back by the same step, and needs no words. Raise
    NoReason where somebody else says nothing, WrongStatus where nothing waits.
    """
    with transaction.atomic():
        row = _held(brief)
        if not words.strip() and not approvals.is_author(by, row):
            raise NoReason("Say what is missing, so that the writer knows what to do.")
        waited = row.submitted_revision
        if waited is None:
            raise WrongStatus(f"“{row}” does not wait for a review any more. Reload the page.")
        rows = Brief.objects.filter(pk=row.pk, submitted_revision=waited)
        _require_one(
            rows.filter(status=Status.IN_REVIEW).update(
                status=Status.DRAFT, submitted_revision=None
            )
            or rows.filter(status=Status.PUBLISHED).update(submitted_revision=None),
            row,
        )
        audit.record("returned", brief=row, by=by, revision=waited, words=words.strip())
    _reload(brief)
    return waited


def withdraw_approval(revision: Revision, by: User, words: str = "") -> None:
    """Take back that *revision* may go out; an edition of it that waits will not start.

    Raise WrongStatus where it was not approved, or is on the web already.
    """
    with transaction.atomic():
        row = _held(revision.brief)
        if row.published_revision_id == revision.pk:
            raise WrongStatus(f"“{row}” has gone out with this text. Correct it instead.")
        taken = Approval.objects.filter(revision=revision, withdrawn_at__isnull=True)
        _require_one(taken.update(withdrawn_at=Now()), row)
        rows = Brief.objects.filter(pk=row.pk, approved_revision=revision)
        if not rows.filter(status=Status.APPROVED).update(
            status=Status.DRAFT, approved_revision=None
        ):
            rows.update(approved_revision=None)
        audit.record("approval-withdrawn", brief=row, by=by, revision=revision, words=words.strip())


def _held(brief: Brief) -> Brief:
    """Return *brief* as it is, locked: who saves it, approves it or starts it takes turns."""
    # Without a lock on its key: whoever holds an edition and writes its row of the audit trail
    # would wait for us, while we wait for that edition.
    return Brief.with_digests.select_for_update(no_key=True).get(pk=brief.pk)


def _reload(brief: Brief) -> None:
    brief.refresh_from_db(fields=["status", "submitted_revision", "approved_revision", "slug"])


def _require_one(changed: int, brief: Brief) -> None:
    """Raise WrongStatus unless the row was changed: somebody else was quicker."""
    if not changed:
        now = Brief.with_digests.get(pk=brief.pk)
        raise WrongStatus(
            f"Somebody was quicker: “{now}” is {now.get_status_display()} by now. Reload the page."
        )


def _require_current(brief: Brief, revision: Revision, by: User) -> None:
    """Raise Changed where *brief* reads otherwise than *revision*."""
    now = revisions.take(brief, by)
    if now != revision:
        raise Changed(brief, approvals.fields_changed(revision.snapshot, now.snapshot))


def text_changed(brief: Brief, by: User | None, words: str = "") -> bool:
    """Note that *by* has changed the text of *brief*; return whether that cost an approval.

    Call it after the save and in its transaction, where a field of the text
    has changed; *words* say which. What was approved or handed in and reads
    otherwise now is a draft again. A text that is changed back to what was
    approved is approved.
    """
    with transaction.atomic():
        row = _held(brief)
        held = row.submitted_revision or row.approved_revision
        revision = revisions.take(row, by) if held else None
        if held and held == revision and row.status != Status.DRAFT:
            return False  # saved, and not a comma was changed
        audit.record("edited", brief=row, by=by, revision=revision, words=words)
        lost = revision is not None and _follow_text(row, revision, by)
    _reload(brief)
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
    brief: Brief,
    revision: Revision,
    at: dt.datetime,
    home: Publication | None = None,
    by: User | None = None,
) -> bool:
    """Put *revision* on the web as of *at*; return False if that had been done already.

    A brief goes from draft (sign-off is off, or this revision was approved
    before somebody went on writing) or approved to published; a published one
    may point at a further revision. Raise NotApproved where the publication
    wants an approval, WrongStatus while it is in review, and WrongPublication
    where the revision carries the name and sender of a publication that the
    brief has left. Who knows that publication says so by *home*: its web
    address may have been changed since. *by* is nobody where an edition starts.
    """
    with transaction.atomic():
        # An approval is taken back under this lock too.
        _held(brief)
        require_approved(revision)
        done = _publish(brief, revision, at, home)
        if done:
            audit.record("published", brief=brief, by=by, revision=revision)
        return done


def take_over(
    brief: Brief, revision: Revision, at: dt.datetime, words: str, by: User | None
) -> bool:
    """Put *revision* on the web as of *at*, when another system had published it.

    Nobody is mailed and nobody has to approve it: what was read for years is
    no news. *words*, kept in the trail, say where it came from. Return False
    if it is on the web already.
    """
    with transaction.atomic():
        _held(brief)
        done = _publish(brief, revision, at, brief.publication)
        if done:
            audit.record("imported", brief=brief, by=by, revision=revision, words=words)
        return done


def _publish(brief: Brief, revision: Revision, at: dt.datetime, home: Publication | None) -> bool:
    frozen_for = revision.snapshot["publication"]["slug"]
    at_home = Brief.objects.filter(pk=brief.pk)
    at_home = (
        at_home.filter(publication=home) if home else at_home.filter(publication__slug=frozen_for)
    )
    open_to_it = [Status.DRAFT, Status.APPROVED]
    if approvals.standing(revision):
        open_to_it.append(Status.IN_REVIEW)  # of a later text, which goes on waiting
    row = Brief.with_digests.get(pk=brief.pk)
    shown = revisions.at_its_address(row, revision) if row.published_at else revision
    ready = at_home.filter(status__in=open_to_it)
    published = at_home.filter(status=Status.PUBLISHED)
    changed = ready.update(
        status=Status.PUBLISHED, published_at=at, published_revision=revision
    ) or published.exclude(published_revision=shown).update(published_revision=shown)
    if changed or published.exists():
        # What is out waits for nobody's word any more.
        published.filter(submitted_revision=revision).update(submitted_revision=None)
        # Only now: until it is published, its form may empty the web address again.
        row = Brief.objects.select_related("publication").get(pk=brief.pk)
        revisions.settle_slug(row)
        if changed:
            search.keep(row, shown)
        return bool(changed)
    if not at_home.exists():
        raise WrongPublication(
            f"“{brief.headline}” was frozen for /{frozen_for}/ and stands elsewhere now. "
            "Cancel its edition and send it anew."
        )
    raise WrongStatus(
        f"“{brief.headline}” waits for its review; it can be published once it is approved."
    )
