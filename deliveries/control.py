"""What an operator may do to an edition; each verb is harmless when repeated."""

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Now

from briefs import audit, corrections
from briefs.models import Brief, User
from deliveries import embargo, tallies
from deliveries.ledger import LEFT
from deliveries.models import Delivery, Edition
from deliveries.slices import skip


def note(verb: str, edition: Edition, by: User | None = None, words: str = "") -> None:
    """Write down that *by*, nobody for the program itself, did *verb* to *edition*."""
    audit.record(
        verb,
        brief=edition.brief,
        publication=edition.publication,
        by=by,
        revision=edition.revision,
        edition=edition.pk,
        words=words,
    )


def withdraw(edition: Edition, by: User | None = None) -> bool:
    """Take back an edition before its first mail; return False when it is too late."""
    waiting = [Edition.Status.SCHEDULED, Edition.Status.MISSED]
    return _move(edition, waiting, Edition.Status.WITHDRAWN, by)


def pause(edition: Edition, word: str = "", by: User | None = None) -> bool:
    """Stop handing out mail; what a worker has in hand is finished within a slice."""
    return _move(edition, list(Edition.MOVING), Edition.Status.PAUSED, by, word=word)


def resume(edition: Edition, by: User | None = None) -> bool:
    """Go on with a paused edition; one that could not even be started is now due to start.

    Raise workflow.WrongStatus where its text has been corrected meanwhile, or
    where its brief is under embargo by now.
    """
    # Its start checks it once more, and writes down what the mail is made with.
    never_begun = Edition.objects.filter(
        pk=edition.pk, status=Edition.Status.PAUSED, started_at__isnull=True
    )
    with transaction.atomic():
        require_fit(edition)
        if never_begun.update(status=Edition.Status.SCHEDULED, send_at=Now(), word=""):
            edition.refresh_from_db()
            note("resumed", edition, by)
            return True
        return _move(edition, [Edition.Status.PAUSED], Edition.Status.SENDING, by, word="")


def require_fit(edition: Edition) -> None:
    """Raise workflow.WrongStatus where nobody else may get *edition* now."""
    # A correction is issued under this lock too: before the verb, or too late for it.
    Brief.with_digests.select_for_update(no_key=True).get(pk=edition.brief_id)
    corrections.require_current(edition.revision, edition.created_at)
    embargo.require_over_now(edition)


def cancel(edition: Edition, by: User | None = None) -> bool:
    """Stop for good: who has got no mail yet is skipped.

    Only what no worker holds is touched here; the rest is skipped once its
    holder has given it back (recovery.skip_cancelled).
    """
    open_ = [*Edition.MOVING, Edition.Status.PAUSED]
    if not _move(edition, open_, Edition.Status.CANCELLED, by):
        return False
    skip_unsent(edition)
    return True


def skip_unsent(edition: Edition) -> int:
    """Skip the readers of a cancelled edition whose batch nobody holds; return how many."""
    free = Q(edition=edition) & (Q(batch__isnull=True) | Q(batch__owner__isnull=True))
    ids = Delivery.objects.filter(free, status=Delivery.Status.PENDING).values("pk")
    with transaction.atomic():
        skipped = skip(Q(pk__in=ids), "cancelled")
        if skipped:
            tallies.stale([edition.pk])
    return skipped


# How the audit trail calls it that an edition was moved there.
_VERBS = {Edition.Status.SENDING: "resumed"}


def _move(
    edition: Edition,
    old: list[Edition.Status],
    new: Edition.Status,
    by: User | None,
    **changes: object,
) -> bool:
    """Change the status of *edition* if it is one of *old*; the row count decides."""
    changes["status"] = new
    if new in (Edition.Status.WITHDRAWN, Edition.Status.CANCELLED):
        changes["finished_at"] = Now()
    with transaction.atomic():
        moved = Edition.objects.filter(pk=edition.pk, status__in=old).update(**changes)
        edition.refresh_from_db()
        if moved:
            note(_VERBS.get(new, str(new)), edition, by, str(changes.get("word", "")))
    return bool(moved)


def retry_failed(edition: Edition, by: User | None = None) -> int:
    """Try once more those that were refused; return how many."""
    return again(edition, Q(status=Delivery.Status.FAILED), by)


def send_again(edition: Edition, by: User | None = None) -> int:
    """Send once more to those in doubt; some of them may get the edition twice.

    Only a person decides this.
    """
    return again(edition, Q(status=Delivery.Status.IN_DOUBT), by)


def leave(edition: Edition, by: User | None = None) -> int:
    """Note that a person has looked at those in doubt and leaves them so; return how many.

    They stay in doubt, as nobody knows more, and ask for no attention any
    more. A webhook or a disk that comes back still settles them.
    """
    doubted = Delivery.objects.filter(edition=edition, status=Delivery.Status.IN_DOUBT)
    with transaction.atomic():
        count = doubted.exclude(reason__startswith=LEFT).update(
            reason=Concat(Value(LEFT), F("reason")), changed_at=Now()
        )
        tallies.stale([edition.pk])
        if count:
            note("left", edition, by, f"{count:,} in doubt")
    return count


def again(edition: Edition, which: Q, by: User | None = None, words: str = "") -> int:
    """Make *which* deliveries due again, and the edition move if it had finished; return how many.

    Raise StillOpen where that would leave the brief with two open editions, and
    workflow.WrongStatus as resume() does: nobody gets a text now that is known to be wrong.
    """
    try:
        with transaction.atomic():
            require_fit(edition)
            reopened = Edition.objects.filter(
                pk=edition.pk,
                frozen_at__isnull=False,
                pruning_at__isnull=True,  # what is left of its rows is on its way out
                status__in=[*Edition.MOVING, Edition.Status.PAUSED, Edition.Status.FINISHED],
            )
            if not reopened.exists():
                return 0
            count = Delivery.objects.filter(which, edition=edition).update(
                status=Delivery.Status.PENDING,
                reason="",
                batch=None,
                due_at=Now(),
                deferred_since=None,
                changed_at=Now(),
            )
            # After the letters, as whoever settles or reports one: two that wait for each other
            # would be a deadlock. recovery.finish() holds this lock too: what it has overlooked
            # of them is finished by now, and opened again.
            Edition.objects.select_for_update().get(pk=edition.pk)
            if not reopened.exists():
                transaction.set_rollback(True)
                return 0
            if count:
                reopened.filter(status=Edition.Status.FINISHED).update(
                    status=Edition.Status.FINISHING, finished_at=None
                )
                note("retried", edition, by, words or f"{count:,} readers")
                tallies.stale([edition.pk])
    except IntegrityError as error:
        # A further edition of this brief is open: the constraint keeps it at one.
        raise StillOpen(
            f"“{edition.brief}” has another edition under way; wait until it has finished."
        ) from error
    edition.refresh_from_db()
    return count


class StillOpen(Exception):
    """An edition cannot be opened again while another of its brief is."""
