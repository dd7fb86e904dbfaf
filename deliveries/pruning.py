"""Pruning: the deliveries of editions that ended long ago go; what was counted of them stays.

An edition is sealed first: its tally is final, and whoever above keeps figures
of it has written them (analytics.retention). From then on `pruning_at` says
that nothing of it can be counted any more, so the rows may go in any number of
steps, by any number of processes, and a crash between two steps costs nothing.

A step deletes as many rows as can be in a few hundredths of a second, then
rests for longer than it took: SQLite has one writer at a time, and a send or a
sign-up shall hardly notice. While mail goes out, one short step is all.
"""

import datetime as dt
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet, Sum
from django.db.models.functions import Now

from briefs.models import Brief
from deliveries import reports, tallies
from deliveries.models import (
    Batch,
    CompiledMail,
    Delivery,
    DeliveryEvent,
    Edition,
    ReaderHit,
    Tally,
)

ENDED = (Edition.Status.FINISHED, *Edition.ENDED_EARLY)
# How long others may have to wait for one step, in seconds.
STEP = 0.05
FIRST_ROWS, LEAST_ROWS, MOST_ROWS = 250, 50, 5_000
# Between two steps, in times what the last one took.
REST = 2.0
LONGEST_REST = 0.5


def due(now: dt.datetime | None = None) -> Iterator[Edition]:
    """Yield the editions whose rows may go, the oldest first; *now* is for who plays with time.

    Left out is what an open correction or segment asks about, and what has
    readers in doubt whom nobody has decided on (waiting_for_a_word).
    """
    asked = _asked_about()
    # Their numbers first: SQLite cannot write while a query of the same connection is half read.
    ids = list(_old(now).order_by("finished_at", "pk").values_list("pk", flat=True))
    for pk in ids:
        edition = _old(now).select_related("tally").filter(pk=pk).first()
        if edition is None:
            continue  # another has been quicker
        if edition.is_pruned or (edition.pk not in asked and not _undecided(edition)):
            yield edition


def waiting_for_a_word(publications: frozenset[int], most: int = 20) -> list[Edition]:
    """Return old editions of *publications* that stay for readers in doubt, the oldest first."""
    rows = _old().filter(publication__in=publications, pruning_at__isnull=True)
    rows = rows.select_related("tally", "brief").order_by("finished_at", "pk")
    return [edition for edition in rows[: 10 * most] if _undecided(edition)][:most]


def _old(now: dt.datetime | None = None) -> QuerySet[Edition]:
    """Return the editions that ended longer ago than deliveries are kept and have rows yet."""
    bound = (now or Now()) - dt.timedelta(days=settings.DELIVERY_DAYS)
    rows = Edition.objects.filter(
        pruned_at__isnull=True, status__in=ENDED, finished_at__lt=bound, frozen_at__isnull=False
    )
    return rows if settings.DELIVERY_DAYS > 0 else rows.none()


def _undecided(edition: Edition) -> bool:
    tally = getattr(edition, "tally", None)
    if tally is None or not tally.report or not tally.is_final:
        return False  # nobody has counted it since: seal() does
    report = tally.report
    return bool(report["statuses"][Delivery.Status.IN_DOUBT] - reports.left(report) > 0)


def _asked_about() -> set[int]:
    """Return the editions that an open one needs the ledger of: to correct them, or by a rule."""
    found: set[int] = set()
    rows = Edition.objects.filter(status__in=Edition.OPEN).values_list("corrects", "rules")
    for corrects, rules in rows:
        found.update(corrects)
        found.update(
            int(rule["value"])
            for rule in rules
            if rule.get("fact") == "edition" and str(rule.get("value", "")).isdecimal()
        )
    return found


def seal(edition: Edition) -> Tally | None:
    """Return the final tally of *edition*, counted now where there is none; None if it moves."""
    found = Tally.objects.filter(edition=edition, is_final=True)
    tally = found.first()
    if tally is None and tallies.renew(edition):
        tally = found.first()
    if tally is None or not tally.report:
        return None
    edition.tally = tally
    return None if _undecided(edition) else tally


def begin(edition: Edition, sealed: Tally) -> bool:
    """Let the rows of *edition* go from now on; False where something changed since *sealed*.

    Whoever changes its ledger makes the tally stale in the same transaction,
    so that a tally that is as it was proves that all figures still hold.
    """
    counted = Tally.objects.filter(pk=sealed.pk, is_final=True, counted_at=sealed.counted_at)
    with transaction.atomic():
        # A correction is scheduled under this lock: before, and it is asked about, or too late.
        Brief.with_digests.select_for_update(no_key=True).get(pk=edition.brief_id)
        # Before its tally, in the order of whoever opens it again.
        Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.pk in _asked_about():
            return False
        if not counted.update(report={**sealed.report, "lanes": _by_lane(edition)}):
            return False
        begun = Edition.objects.filter(pk=edition.pk, status__in=ENDED, pruning_at__isnull=True)
        if not begun.update(pruning_at=Now()):
            return False
    edition.refresh_from_db()
    return True


def _by_lane(edition: Edition) -> list[dict[str, object]]:
    """Return what each lane has taken and refused, which only the batches know."""
    rows = Batch.objects.filter(edition=edition).order_by().values("lane")
    counted = rows.annotate(sent=Sum("sent"), refused=Sum("refused"), batches=Count("pk"))
    return [
        {"lane": row["lane"], "sent": row["sent"], "refused": row["refused"], "open": 0}
        for row in counted.order_by("lane")
    ]


def prune(edition: Edition, seconds: float, rest: float = REST) -> int:
    """Delete rows of *edition*, which begin() has marked, for about *seconds*; return how many.

    Any number may do so at once, and go on where another has stopped.
    """
    if not Edition.objects.filter(pk=edition.pk, pruning_at__isnull=False).exists():
        return 0
    gone, rows, until = 0, FIRST_ROWS, time.monotonic() + seconds
    steps = _Steps(edition.pk)
    while time.monotonic() < until:
        sending = is_sending()
        if sending:
            rows = LEAST_ROWS
        taken, took = steps.delete(rows)
        gone += taken
        if not taken:
            _close(edition)
            break
        if sending:
            break
        rows = max(LEAST_ROWS, min(MOST_ROWS, round(rows * min(2.0, max(0.5, STEP / took)))))
        time.sleep(min(rest * took, LONGEST_REST))
    return gone


def is_sending() -> bool:
    """Tell whether a worker holds a batch; an index has the few that are not done."""
    return Batch.objects.filter(done_at__isnull=True, owner__isnull=False).exists()


class _Steps:
    """Deletes in the order of the index by reader, from where the last step has ended."""

    def __init__(self, edition: int) -> None:
        self._rows = Delivery.objects.filter(edition=edition)
        self._after: int | None = 0

    def delete(self, most: int) -> tuple[int, float]:
        """Delete the next *most* rows; return how many went, and how long others were kept out."""
        # Read before the transaction: on SQLite nobody else may write during one.
        found = self._next(most)
        if not found:
            return 0, 0.0
        ids = sorted(found)
        with transaction.atomic():
            begun = time.monotonic()
            for rows in (
                DeliveryEvent.objects.filter(_among("delivery", ids)),
                ReaderHit.objects.filter(_among("delivery", ids)),
                self._rows.filter(_among("pk", ids)),
            ):
                _delete(rows)
        return len(ids), max(time.monotonic() - begun, 1e-6)

    def _next(self, most: int) -> list[int]:
        if self._after is not None:
            theirs = self._rows.filter(subscriber__gt=self._after).order_by("subscriber")
            found = list(theirs.values_list("pk", "subscriber_id")[:most])
            if found:
                # Not from the first again: PostgreSQL would walk past all that has gone.
                self._after = found[-1][1]
                return [pk for pk, _subscriber in found]
            self._after = None
        # Readers who were erased, and what another has put back since.
        return list(self._rows.order_by().values_list("pk", flat=True)[:most])


def _among(field: str, ids: list[int]) -> Q:
    """Return the condition that *field* is one of *ids*, which are sorted: mostly one run."""
    if ids[-1] - ids[0] == len(ids) - 1:
        return Q(**{f"{field}__gte": ids[0], f"{field}__lte": ids[-1]})
    return Q(**{f"{field}__in": ids})


def _delete(rows: QuerySet[Model]) -> None:
    # Not delete(), which would first look for rows that point to these: they are named above.
    rows._raw_delete(rows.db)


def _close(edition: Edition) -> None:
    """Take away what is left of *edition* without its deliveries, and note that it is done."""
    with transaction.atomic():
        if Delivery.objects.filter(edition=edition).exists():
            return
        CompiledMail.objects.filter(edition=edition).delete()
        _delete(Batch.objects.filter(edition=edition))
        Edition.objects.filter(pk=edition.pk, pruned_at__isnull=True).update(pruned_at=Now())


def drop_orphans(most: int = 2_000) -> int:
    """Delete what was told of deliveries after they had gone; return how many rows.

    A reader may follow a link of last year's mail. Deliveries go in about the
    order in which they were made, so what lies before the first is nobody's.
    """
    first = Delivery.objects.order_by("pk").values_list("pk", flat=True).first()
    gone = 0
    if first is None:
        return gone
    for model in (DeliveryEvent, ReaderHit):
        ids = list(
            model._default_manager.filter(delivery__lt=first)
            .order_by("delivery")
            .values_list("pk", flat=True)[:most]
        )
        if ids:
            _delete(model._default_manager.filter(pk__in=ids))
            gone += len(ids)
    return gone
