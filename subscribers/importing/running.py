"""Runs of imports: received, checked, run in slices of time, gone on with after any crash."""

import datetime as dt
import logging
import time
from pathlib import Path
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from briefs.models import Publication, User
from subscribers.importing import Unreadable, files, loading, reading, sources, storing, unpacking
from subscribers.importing.deciding import Decider, Verdict
from subscribers.importing.reading import Look
from subscribers.importing.rows import Refused
from subscribers.importing.tally import Tally
from subscribers.importing.working import (
    LEASE,
    LostLease,
    Worker,
    chunks,
    held,
    parse,
    reader_of,
    rows_of,
    without_collector,
)
from subscribers.models import ImportRun

log = logging.getLogger(__name__)

KEEP_UPLOADS = dt.timedelta(days=2)
KEEP_REFUSED = dt.timedelta(days=30)
Status = ImportRun.Status


class NoBasis(ValueError):
    """An import states on what basis its readers get mail."""


# --- what a person does ---------------------------------------------------


def receive(publication: Publication, path: Path, *, name: str, by: User | None) -> ImportRun:
    """Take over the file at *path*; raise Unreadable if it cannot be imported as a whole."""
    run = ImportRun.objects.create(
        publication=publication,
        by=by,
        file_name=name[:200],
        digest=unpacking.digest(path),
        size=path.stat().st_size,
    )
    try:
        table = files.table_of(run)
        table.touch(mode=0o600)
        unpacking.unpack(path, table)
        seen = reading.look(table)
        recognised = sources.recognise(seen)
    except Unreadable:
        discard(run)
        raise
    run.source, run.mapping, run.shape = recognised.source, recognised.mapping, shape_of(seen)
    run.bytes_total = table.stat().st_size
    run.save(update_fields=["source", "mapping", "shape", "bytes_total"])
    return run


def shape_of(seen: Look) -> dict[str, Any]:
    """Return what is kept of a first look, to read the file again in the same way."""
    return {
        "headers": seen.headers,
        "kind": seen.kind,
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "has_headers": seen.has_headers,
        "skip_lines": seen.skip_lines,
    }


def discard(run: ImportRun) -> bool:
    """Forget an upload that was never run; return False if it was."""
    unused = ImportRun.objects.filter(
        pk=run.pk, status__in=[Status.NEW, Status.CHECKING, Status.CHECKED, Status.FAILED]
    )
    if not unused.filter(started_at__isnull=True).delete()[0]:
        return False
    files.drop_all(run)
    return True


def change_mapping(run: ImportRun, mapping: dict[str, str]) -> bool:
    """Set what the columns mean; a check that was made no longer counts."""
    return bool(
        ImportRun.objects.filter(
            pk=run.pk, status__in=[Status.NEW, Status.CHECKING, Status.CHECKED]
        ).update(mapping=mapping, status=Status.NEW, epoch=F("epoch") + 1, **_blank())
    )


def check(run: ImportRun) -> bool:
    """Have the dry run made; return False if it is under way or over."""
    return bool(
        ImportRun.objects.filter(pk=run.pk, status__in=[Status.NEW, Status.CHECKED]).update(
            status=Status.CHECKING, **_blank()
        )
    )


def start(run: ImportRun, *, basis: str, by: User | None) -> bool:
    """Have the import run on the stated *basis*; return False if it runs or ran already."""
    basis = " ".join(basis.split())
    if not basis:
        raise NoBasis("State the basis: how and when these readers agreed to get the mail.")
    return bool(
        ImportRun.objects.filter(pk=run.pk, status__in=[Status.NEW, Status.CHECKED]).update(
            status=Status.RUNNING, basis=basis, by=by, started_at=Now(), **_blank()
        )
    )


def _blank() -> dict[str, Any]:
    return {
        "counts": {},
        "reasons": {},
        "samples": [],
        "rows_done": 0,
        "refused_bytes": 0,
        "lease_until": None,
    }


# --- what a worker does ---------------------------------------------------


def waiting() -> QuerySet[ImportRun]:
    """Return the runs on which nobody works and somebody should."""
    return ImportRun.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=Now()),
        status__in=[Status.CHECKING, Status.RUNNING],
    ).order_by("pk")


def work(seconds: float) -> bool:
    """Work on the runs that wait for about *seconds*; return True if something is left."""
    deadline = time.monotonic() + seconds
    for pk in list(waiting().values_list("pk", flat=True)):
        if time.monotonic() > deadline:
            return True
        if work_on(pk, deadline):
            return True
    return False


def work_on(pk: int, deadline: float) -> bool:
    """Work on one run until *deadline* (time.monotonic); return True if something is left."""
    if not waiting().filter(pk=pk).update(epoch=F("epoch") + 1, lease_until=Now() + LEASE):
        return False
    run = ImportRun.objects.select_related("publication").get(pk=pk)
    if not files.table_of(run).exists():
        # Another host may have it. A lease keeps the question from being asked all the time.
        log.warning("The file of import %s is not on this host (SHARED_DIR).", pk)
        return False
    try:
        with storing.with_room(), without_collector():
            is_over = Worker(run, _state(run)).go_on(lambda: time.monotonic() > deadline)
    except LostLease:
        return False
    except Unreadable as error:
        held(run).update(status=Status.FAILED, error=str(error), lease_until=None)
        return False
    if not is_over:
        held(run).update(lease_until=None)
    return not is_over


def _state(run: ImportRun) -> Tally:
    if run.status == Status.CHECKING:
        # What a dry run remembers is in no database: it begins anew.
        run.rows_done = run.refused_bytes = 0
        return Tally()
    return Tally(dict(run.counts), dict(run.reasons), list(run.samples))


def remapped(mapping: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    """Return *mapping* with *changes*; raise Unreadable for a column that is not there."""
    for header in changes:
        if header not in mapping:
            raise Unreadable(f"There is no column “{header}”. There are: {', '.join(mapping)}.")
    return {**mapping, **changes}


def preview(
    publication: Publication, table: Path, mapped: dict[str, str] | None = None
) -> tuple[ImportRun, Tally]:
    """Make a dry run of the file at *table* that leaves nothing behind, not even its own row."""
    seen = reading.look(table)
    recognised = sources.recognise(seen)
    run = ImportRun(
        publication=publication,
        status=Status.CHECKING,
        source=recognised.source,
        mapping=remapped(recognised.mapping, mapped or {}),
        shape=shape_of(seen),
    )
    reader = reader_of(run)
    tally, overlay = Tally(), loading.Overlay()
    for chunk in chunks(reading.records(table, seen)):
        parsed = parse(reader, chunk)
        known = loading.load(rows_of(parsed), publication, lock=False)
        overlay.lay_over(known)
        decider = Decider(0, timezone.now(), own=run.source == sources.OWN)
        for record, what in parsed:
            if isinstance(what, Refused):
                tally.count(record, Verdict("refused", what.code), what)
            else:
                tally.count(record, decider.decide(what, known[what.address.key]), what)
        overlay.remember(known)
    return run, tally


def tidy() -> None:
    """Delete uploads that nobody ran, and refused rows that nobody has fetched for long."""
    now = timezone.now()
    for run in ImportRun.objects.filter(created_at__lt=now - KEEP_UPLOADS, started_at__isnull=True):
        discard(run)
    for run in ImportRun.objects.filter(finished_at__lt=now - KEEP_REFUSED, refused_bytes__gt=0):
        files.refused_of(run).unlink(missing_ok=True)
        ImportRun.objects.filter(pk=run.pk).update(refused_bytes=0, samples=[])
