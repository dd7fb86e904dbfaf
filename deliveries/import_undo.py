"""Undoing an import of readers: only who had no edition since is taken back."""

import time

from briefs.models import Publication
from deliveries.models import Delivery, Edition
from subscribers.importing import undoing
from subscribers.models import ImportRun


def may_undo(run: ImportRun) -> bool:
    """Tell whether no edition went to any reader of *run*, so that all of it can be undone."""
    editions = _editions_since(run)
    return not Delivery.objects.filter(
        edition__in=editions,
        subscriber__subscriptions__source__in=[run.mark, f"{run.mark} confirmed"],
        subscriber__subscriptions__publication=run.publication_id,
    ).exists()


def undo(run: ImportRun) -> bool:
    """Have *run* undone by a worker; return False if that cannot be, or is under way."""
    return may_undo(run) and undoing.begin(run)


def work(seconds: float) -> bool:
    """Take readers back for about *seconds*; return True if some are left."""
    deadline = time.monotonic() + seconds
    for run in ImportRun.objects.filter(status=ImportRun.Status.UNDOING):

        def mailed(readers: list[int], publication: Publication = run.publication) -> set[int]:
            # An edition may have been frozen since the button was pressed.
            return set(
                Delivery.objects.filter(
                    edition__brief__publication=publication, subscriber__in=readers
                ).values_list("subscriber_id", flat=True)
            )

        while undoing.undo_chunk(run, mailed):
            if time.monotonic() > deadline:
                return True
    return False


def _editions_since(run: ImportRun) -> list[int]:
    """Return the editions whose audience may hold readers of *run*."""
    since = run.started_at or run.created_at
    return [
        edition.pk
        for edition in Edition.objects.filter(brief__publication=run.publication_id).only(
            "pk", "frozen_at"
        )
        if edition.frozen_at is None or edition.frozen_at >= since
    ]
