"""Planning: the intent to send, its start, and what an operator may do to it."""

import datetime as dt
import logging
from collections.abc import Callable

from django.db import Error, IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from briefs import workflow
from briefs.models import Brief, Revision, User
from briefs.preflight import Findings
from deliveries import compiling, freezing, guard, preflight
from deliveries.models import Edition

log = logging.getLogger(__name__)

# A time that was missed by more than this waits for a person.
GRACE = dt.timedelta(hours=1)


class PreflightFailed(Exception):
    """The brief is not fit to be sent; `findings` says why and what to do."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        super().__init__(" ".join(finding.message for finding in findings.errors))


class AlreadyScheduled(Exception):
    """The brief has an open edition, or one that the caller has not seen; `edition` is that one."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        cure = (
            "Withdraw or cancel that one first."
            if edition.is_open
            else "To send it once more, open the send screen anew or say --again."
        )
        super().__init__(
            f"“{edition.brief}” is {edition.get_status_display()} already (edition {edition.pk}). "
            f"{cure}"
        )


def schedule(
    revision: Revision,
    *,
    kind: str = Edition.Kind.BRIEF,
    send_at: dt.datetime | None = None,
    hold: dt.timedelta = dt.timedelta(0),
    clock: str = Edition.Clock.PUBLICATION,
    by: User | None = None,
    after: int | None = None,
) -> Edition:
    """Write down that *revision* is to go out at *send_at*; this is all that a button does.

    Without a time it goes out now, after the *hold* in which it can be taken
    back; "now" is the database's, as the tick will compare it with that.
    Raise PreflightFailed for a brief that is not fit, WrongStatus for one in
    review, and AlreadyScheduled when it has an open edition: of two clicks,
    the database lets one through. To five readers an edition is over within
    a second, so *after* names the last edition that the caller has seen, 0
    for none: a later one means that the button was pressed twice.
    """
    brief = revision.brief
    if brief.status == Brief.Status.IN_REVIEW:
        raise workflow.WrongStatus(f"“{brief}” waits for its review; approve it first.")
    findings = preflight.check_revision(revision)
    if not findings.ok:
        raise PreflightFailed(findings)
    try:
        with transaction.atomic():
            if after is not None:
                _require_none_after(brief, after)
            edition = Edition.objects.create(
                brief=brief,
                revision=revision,
                publication=brief.publication,
                kind=kind,
                # Now() alone, as SQLite writes a sum with more digits, which compare as later.
                send_at=send_at or (Now() + hold if hold else Now()),
                clock=clock,
                by=by,
            )
            edition.refresh_from_db(fields=["send_at"])
            return edition
    except IntegrityError as error:
        existing = Edition.objects.filter(brief=brief, status__in=Edition.OPEN).first()
        if existing is None:
            raise
        raise AlreadyScheduled(existing) from error


def _require_none_after(brief: Brief, last_seen: int) -> None:
    """Raise AlreadyScheduled if *brief* has an edition later than *last_seen*."""
    # The lock makes clicks take turns, so that each sees what the one before has made.
    Brief.objects.select_for_update().get(pk=brief.pk)
    later = Edition.objects.filter(brief=brief, pk__gt=last_seen).order_by("pk").last()
    if later is not None:
        raise AlreadyScheduled(later)


def start_due() -> int:
    """Start the editions whose time has come and go on with those left half-way."""
    if not guard.may_send():
        return 0
    due = Edition.objects.filter(status=Edition.Status.SCHEDULED, send_at__lte=Now())
    started = sum(_alone(start, edition) for edition in due.order_by("send_at"))
    half_way = Edition.objects.filter(status=Edition.Status.SENDING, frozen_at__isnull=True)
    for edition in half_way:
        _alone(prepare, edition)
    return started


def _alone(act: Callable[[Edition], bool], edition: Edition) -> bool:
    """Do *act*; one edition that cannot be made is paused and holds up no other."""
    try:
        return act(edition)
    except Error:
        raise  # the database is away: the next tick tries again
    except Exception as error:
        log.exception("Edition %s cannot be started.", edition.pk)
        Edition.objects.filter(pk=edition.pk, status__in=Edition.OPEN).update(
            status=Edition.Status.PAUSED, word=f"It cannot be started: {error}"[:1000]
        )
        return False


def start(edition: Edition) -> bool:
    """Set *edition* going; return False if another did, or if it may not go.

    Past the grace it becomes missed; a brief that became unfit since it was
    scheduled does so too. Both say why and wait for a person.
    """
    scheduled = Edition.objects.filter(pk=edition.pk, status=Edition.Status.SCHEDULED)
    # The database's clock: a host that is two hours fast must miss no edition.
    word = f"Nothing could start it within {GRACE.total_seconds() / 60:.0f} minutes of its time."
    if scheduled.filter(send_at__lt=Now() - GRACE).update(status=Edition.Status.MISSED, word=word):
        return False
    findings = preflight.check_revision(edition.revision)
    if not findings.ok:
        word = " ".join(finding.message for finding in findings.errors)
        scheduled.update(status=Edition.Status.MISSED, word=word)
        return False
    sender = edition.revision.snapshot["publication"]["sender_address"]
    if not scheduled.filter(send_at__lte=Now()).update(
        status=Edition.Status.SENDING,
        started_at=Now(),
        message_domain=sender.rpartition("@")[2],
    ):
        return False
    edition.refresh_from_db()
    log.info("Edition %s starts.", edition.pk)
    prepare(edition)
    return True


def prepare(edition: Edition) -> bool:
    """Compile, publish on the web and freeze: each once, however often this is called."""
    compiling.compile_edition(edition)
    workflow.publish(edition.brief, edition.revision, edition.started_at or timezone.now())
    return freezing.freeze(edition)
