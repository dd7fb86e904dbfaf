"""Planning: the intent to send, its start, and what an operator may do to it."""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from django.db import Error, IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from briefs import approvals, corrections, workflow
from briefs.models import Brief, Revision, User
from briefs.preflight import Findings
from deliveries import (
    audience,
    clocks,
    compiling,
    control,
    embargo,
    freezing,
    guard,
    preflight,
    segments,
    zones,
)
from deliveries.models import Batch, Edition, Segment
from subscribers import notices

log = logging.getLogger(__name__)

# A time that was missed by more than this waits for a person.
GRACE = clocks.GRACE


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


class TimeHasPassed(Exception):
    """A time on the wall has passed wherever there are readers; nothing was scheduled."""


def schedule(
    revision: Revision,
    *,
    kind: str = Edition.Kind.BRIEF,
    send_at: dt.datetime | None = None,
    hold: dt.timedelta = dt.timedelta(0),
    clock: str = Edition.Clock.PUBLICATION,
    local_time: str = "",
    segment: Segment | None = None,
    by: User | None = None,
    after: int | None = None,
    corrects: Sequence[int] = (),
) -> Edition:
    """Write down that *revision* is to go out at *send_at*; this is all that a button does.

    Without a time it goes out now, after the *hold* in which it can be taken
    back; "now" is the database's, as the tick will compare it with that.
    Raise NotApproved where the publication wants an approval of this revision,
    WrongStatus for a brief in review, PreflightFailed for one that is not fit,
    and AlreadyScheduled when it has an open edition: of two clicks, the
    database lets one through. To five readers an edition is over within
    a second, so *after* names the last edition that the caller has seen, 0
    for none: a later one means that the button was pressed twice.

    By the reader's *clock* it goes at *local_time* ("2026-11-24T06:00") in
    each reader's zone; without one, at what *send_at* is where the publication
    lives. It starts with the first zone that has a reader, or now: raise
    TimeHasPassed if even the last zone is over by more than the grace.
    A *segment* narrows the audience by the rules that it has at this moment;
    raise segments.UnknownRule for one that has none, or none that can be read.
    A correction goes to who got one of the editions that it *corrects*.
    Raise embargo.UnderEmbargo for a time before the embargo of the brief,
    embargo.PastItsEnd for one at which nobody may read it any more, and
    corrections.Superseded for a text that has been corrected since.
    """
    if (kind == Edition.Kind.CORRECTION) != bool(corrects):
        raise ValueError("A correction, and nothing else, corrects editions.")
    brief = revision.brief
    _require_fit(revision, kind, send_at)
    rules = _rules(segment, brief)
    topics = audience.topics_of(brief)
    if clock == Edition.Clock.READER:
        local_time = local_time or _on_the_wall(send_at, brief)
        send_at = _first_moment(local_time, brief, rules)
    else:
        local_time = ""
    embargo.require_over(brief, send_at, hold)
    # Now() alone, as SQLite writes a sum with more digits, which compare as later.
    moment = send_at or (Now() + hold if hold else Now())
    try:
        with transaction.atomic():
            if after is not None:
                _require_none_after(brief, after)
            edition = Edition.objects.create(
                brief=brief,
                revision=revision,
                publication=brief.publication,
                kind=kind,
                send_at=moment,
                clock=clock,
                local_time=local_time,
                topics=topics,
                segment=segment,
                rules=rules,
                corrects=sorted(corrects),
                by=by,
            )
            edition.refresh_from_db(fields=["send_at"])
            control.note("scheduled", edition, by, f"{edition.send_at:%Y-%m-%d %H:%M} UTC")
            return edition
    except IntegrityError as error:
        existing = Edition.objects.filter(brief=brief, status__in=Edition.OPEN).first()
        if existing is None:
            raise
        raise AlreadyScheduled(existing) from error


def _require_fit(revision: Revision, kind: str, send_at: dt.datetime | None) -> None:
    """Raise what keeps *revision* from going out: its sign-off, a correction, the preflight."""
    brief = revision.brief
    workflow.require_approved(revision)
    corrections.require_current(revision)
    if brief.status == Brief.Status.IN_REVIEW and not approvals.standing(revision):
        raise workflow.WrongStatus(f"“{brief}” waits for its review; approve it first.")
    # Digests and corrections are scheduled in a transaction, which waits for no other server.
    outside = preflight.Outside.ASK if kind == Edition.Kind.BRIEF else preflight.Outside.LEAVE
    findings = preflight.check_revision(revision, outside=outside, send_at=send_at)
    if not findings.ok:
        raise PreflightFailed(findings)


def _rules(segment: Segment | None, brief: Brief) -> list[segments.Rule]:
    if segment is None:
        return []
    if segment.publication_id != brief.publication_id:
        raise segments.UnknownRule(
            f"The segment “{segment}” belongs to another publication than “{brief}”."
        )
    return segments.rules_of(segment)


def _on_the_wall(send_at: dt.datetime | None, brief: Brief) -> str:
    """Return *send_at*, or now, as the clocks show it where the publication lives."""
    zone = ZoneInfo(zones.known(brief.publication.time_zone, "UTC"))
    return f"{(send_at or timezone.now()).astimezone(zone):%Y-%m-%dT%H:%M}"


def _first_moment(
    local_time: str, brief: Brief, rules: Sequence[segments.Rule]
) -> dt.datetime | None:
    """Return when the first zone has *local_time*; None, which is now, if it has passed there.

    Raise TimeHasPassed where it has passed in the last zone too, and
    embargo.PastItsEnd where the brief ends before that zone has its turn.
    """
    counts = audience.by_zone(audience.of_brief(brief, rules))
    stops = clocks.stops(counts, local_time, brief.publication.time_zone)
    first, last = stops[0].at, stops[-1].at
    now = timezone.now()
    if last < now - GRACE:
        raise TimeHasPassed(
            f"It has been {local_time.replace('T', ' ')} in every zone that “{brief}” has readers "
            "in. Choose a later time, or send it now."
        )
    embargo.require_not_past(brief, last)
    return first if first > now else None


def last_seen(brief: Brief, *, again: bool) -> int:
    """Return the edition after which there must be none, for who has seen no page.

    A program may run twice: only where its brief shall go out *again* does an
    edition that has gone out not stand in its way.
    """
    last = brief.editions.order_by("pk").last()
    return last.pk if last and (again or last.status in Edition.ENDED_EARLY) else 0


def _require_none_after(brief: Brief, last_seen: int) -> None:
    """Raise AlreadyScheduled if *brief* has an edition later than *last_seen*."""
    # The lock makes clicks take turns, so that each sees what the one before has made.
    Brief.objects.select_for_update(no_key=True).get(pk=brief.pk)
    later = Edition.objects.filter(brief=brief, pk__gt=last_seen).order_by("pk").last()
    if later is not None:
        raise AlreadyScheduled(later)


def start_due() -> int:
    """Start the editions whose time has come and go on with those left half-way."""
    if not guard.may_send():
        return 0
    due = Edition.objects.filter(status=Edition.Status.SCHEDULED, send_at__lte=Now())
    half_way = Edition.objects.filter(status=Edition.Status.SENDING, frozen_at__isnull=True)
    started = sum(_alone(start, edition) for edition in due.order_by("send_at"))
    for edition in half_way:
        _alone(prepare, edition)
    return started


def _alone(act: Callable[[Edition], bool], edition: Edition) -> bool:
    """Do *act*; one edition that cannot be made is paused and holds up no other."""
    with bound_contextvars(edition=edition.pk):
        try:
            return act(edition)
        except Error:
            raise  # the database is away: the next tick tries again
        except Exception as error:
            log.exception("Edition %s cannot be started.", edition.pk)
            going = Edition.objects.filter(
                pk=edition.pk, status__in=[Edition.Status.SCHEDULED, *Edition.MOVING]
            )
            _stop(edition, going, Edition.Status.PAUSED, f"It cannot be started: {error}"[:1000])
            return False


def _stop(edition: Edition, going: QuerySet[Edition], status: Edition.Status, word: str) -> bool:
    """Let *edition* wait for a person if it is *going* still, and have its editors told."""
    with transaction.atomic():
        if not going.update(status=status, word=word):
            return False
        control.note(str(status), edition, words=word)
        cure = (
            "Mend the cause, then resume it."
            if status == Edition.Status.PAUSED
            else "If it shall still go out, open the send screen and send it anew."
        )
        notices.tell_editors(
            edition.publication,
            f"{status.label.capitalize()}: {edition.brief}",
            f"“{edition.brief}” was to go out and did not.\n\n{word}\n\n{cure}",
        )
        return True


def start(edition: Edition) -> bool:
    """Set *edition* going; return False if another did, or if it may not go.

    Past the grace it becomes missed, by the readers' clocks once that is so in
    the last zone; a brief that became unfit since it was scheduled, or whose
    approval was taken back, does so too. All say why and wait for a person.
    """
    scheduled = Edition.objects.filter(pk=edition.pk, status=Edition.Status.SCHEDULED)
    # The database's clock: a host that is two hours fast must miss no edition.
    word = f"Nothing could start it within {GRACE.total_seconds() / 60:.0f} minutes of its time."
    late = scheduled.filter(send_at__lt=Now() - GRACE)
    if late.exists() and not _has_a_zone_ahead(edition):
        _stop(edition, late, Edition.Status.MISSED, word)
        return False
    findings = preflight.check_revision(edition.revision)
    if not findings.ok:
        word = " ".join(finding.message for finding in findings.errors)
        _stop(edition, scheduled, Edition.Status.MISSED, word)
        return False
    try:
        segments.require_there(edition.rules, edition.publication_id)
    except segments.UnknownRule as error:
        _stop(edition, scheduled, Edition.Status.MISSED, str(error))
        return False
    try:
        if not _set_going(edition, scheduled):
            return False
    except workflow.WrongStatus as error:
        _stop(edition, scheduled, Edition.Status.MISSED, str(error))
        return False
    edition.refresh_from_db()
    log.info("Edition %s starts.", edition.pk)
    prepare(edition)
    return True


def _set_going(edition: Edition, scheduled: QuerySet[Edition]) -> int:
    """Move *edition* from *scheduled* to sending; raise WrongStatus where it may not go out."""
    sender = edition.revision.snapshot["publication"]["sender_address"]
    # A worker finishes what it has in hand of a wrong edition that was stopped just now, and
    # nobody takes more: the next tick knows from the ledger who got it.
    if Batch.objects.filter(edition__in=edition.corrects, owner__isnull=False).exists():
        return 0
    with transaction.atomic():
        # An approval is taken back under this lock too: before the start, or too late.
        Brief.with_digests.select_for_update(no_key=True).get(pk=edition.brief_id)
        workflow.require_approved(edition.revision)
        embargo.require_over_now(edition)
        corrections.require_current(edition.revision, edition.created_at)
        begun = scheduled.filter(send_at__lte=Now()).update(
            status=Edition.Status.SENDING,
            started_at=Now(),
            message_domain=sender.rpartition("@")[2],
        )
        if begun:
            control.note("started", edition)
        return begun


def _has_a_zone_ahead(edition: Edition) -> bool:
    """Tell whether some readers' time has not been missed yet: theirs is kept (clocks does it)."""
    if edition.clock != Edition.Clock.READER:
        return False
    counts = audience.by_zone(audience.of_edition(edition))
    last = clocks.stops(counts, edition.local_time, edition.publication.time_zone)[-1]
    return last.at >= clocks.now(edition) - GRACE


def prepare(edition: Edition) -> bool:
    """Compile, publish on the web and freeze: each once, however often this is called."""
    compiling.compile_edition(edition)
    if edition.kind != Edition.Kind.DIGEST:  # whose briefs stand there one by one
        _publish(edition)
    return freezing.freeze(edition)


def _publish(edition: Edition) -> None:
    """Put the text of *edition* on the web, but for one that was corrected meanwhile."""
    # The publication's web address may have changed since the revision was frozen.
    begun = edition.started_at or timezone.now()
    with transaction.atomic():
        # A correction is issued under this lock too: what was wrong must not come back.
        Brief.objects.select_for_update(no_key=True).get(pk=edition.brief_id)
        if not corrections.is_superseded(edition.revision, edition.created_at):
            workflow.publish(edition.brief, edition.revision, begun, home=edition.publication)
