"""Runs of imports: received, checked, run in slices of time, gone on with after any crash."""

import datetime as dt
import gc
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from briefs.models import Publication, User
from subscribers.import_runs import ImportRun
from subscribers.importing import Unreadable, deciding, files, reading, sources, storing, unpacking
from subscribers.importing.deciding import Decider, Known, Verdict
from subscribers.importing.reading import Look, Record
from subscribers.importing.rows import Reader, Refused, Row
from subscribers.importing.tally import Tally

log = logging.getLogger(__name__)

# One transaction each: on SQLite nobody else writes meanwhile.
CHUNK = 5_000
LEASE = dt.timedelta(seconds=30)
TRIES = 5
KEEP_UPLOADS = dt.timedelta(days=2)
KEEP_REFUSED = dt.timedelta(days=30)
Status = ImportRun.Status
Parsed = tuple[Record, Row | Refused]


class LostLease(Exception):
    """Somebody else goes on with this run."""


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
        log.warning("The file of import %s is not on this host (VAR_DIR).", pk)
        return False
    try:
        with storing.with_room(), _without_collector():
            is_over = Worker(run, _state(run)).go_on(lambda: time.monotonic() > deadline)
    except LostLease:
        return False
    except Unreadable as error:
        _held(run).update(status=Status.FAILED, error=str(error), lease_until=None)
        return False
    if not is_over:
        _held(run).update(lease_until=None)
    return not is_over


def _held(run: ImportRun) -> QuerySet[ImportRun]:
    return ImportRun.objects.filter(pk=run.pk, epoch=run.epoch, status=run.status)


def _state(run: ImportRun) -> Tally:
    if run.status == Status.CHECKING:
        # What a dry run remembers is in no database: it begins anew.
        run.rows_done = run.refused_bytes = 0
        return Tally()
    return Tally(dict(run.counts), dict(run.reasons), list(run.samples))


def reader_of(run: ImportRun) -> Reader:
    """Return what reads the rows of *run*."""
    headers = run.shape["headers"]
    if "address" not in run.mapping.values():
        raise Unreadable("No column is mapped to the address.")
    known = sources.facts_of(run.source, headers)
    if known is None:
        return Reader(headers, run.mapping, run.source)
    return Reader(headers, run.mapping, run.source, known.says, known.tag_separator)


def parse(reader: Reader, records: Sequence[Record]) -> list[Parsed]:
    """Return each record with what it says, or why it was refused."""
    parsed: list[Parsed] = []
    for record in records:
        if record.trouble:
            parsed.append((record, Refused(record.trouble)))
            continue
        try:
            parsed.append((record, reader.read(record.number, record.cells)))
        except Refused as refused:
            # Not itself: with its traceback it would hold this frame, and the whole chunk.
            parsed.append((record, Refused(refused.code, refused.detail)))
    return parsed


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python from looking for cycles, of which a chunk has none: a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Worker:
    """Takes one run on, chunk by chunk."""

    def __init__(self, run: ImportRun, tally: Tally) -> None:
        self.run = run
        self.tally = tally
        self._reader = reader_of(run)
        self._overlay = storing.Overlay() if run.status == Status.CHECKING else None

    def go_on(self, must_stop: Callable[[], bool]) -> bool:
        """Work until the file is done (True) or it is time to stop (False)."""
        records = reading.records(
            files.table_of(self.run), Look(**self.run.shape), self.run.rows_done
        )
        apply = self._look_at if self._overlay is not None else self._apply
        for chunk in _chunks(records):
            apply(parse(self._reader, chunk))
            # A dry run keeps in memory what it saw: it is made in one go.
            if self._overlay is None and must_stop():
                return False
        self._finish()
        return True

    def _finish(self) -> None:
        checked = self._overlay is not None
        done = _held(self.run).update(
            status=Status.CHECKED if checked else Status.FINISHED,
            rows_total=self.run.rows_done,
            lease_until=None,
            **({} if checked else {"finished_at": Now()}),
        )
        if done and not checked:
            files.drop(self.run)

    # --- a dry run --------------------------------------------------------

    def _look_at(self, parsed: Sequence[Parsed]) -> None:
        assert self._overlay is not None
        known = storing.load(_rows(parsed), self.run.publication, lock=False)
        self._overlay.lay_over(known)
        decider = self._decider()
        for record, verdict, what in self._verdicts(parsed, known, decider):
            self.tally.count(record, verdict, what)
        self._overlay.remember(known)
        self._move(parsed[-1][0].number)

    # --- a run ------------------------------------------------------------

    def _apply(self, parsed: Sequence[Parsed]) -> None:
        """Store a chunk; where the database refuses it, find the row that it refuses."""
        for _try in range(TRIES):
            try:
                self._apply_once(parsed)
            except (storing.Collision, IntegrityError, OperationalError) as error:
                log.info("Import %s: once more (%s).", self.run.pk, type(error).__name__)
                trouble: DatabaseError | storing.Collision = error
            except DataError as error:
                trouble = error
                break
            else:
                return
        if isinstance(trouble, OperationalError):
            raise trouble
        if len(parsed) > 1:
            half = len(parsed) // 2
            self._apply(parsed[:half])
            self._apply(parsed[half:])
        else:
            record, _what = parsed[0]
            self._apply_once([(record, Refused("unstorable", type(trouble).__name__))])

    def _apply_once(self, parsed: Sequence[Parsed]) -> None:
        run, tally = self.run, self.tally.copy()
        with transaction.atomic():
            if not _held(run).update(lease_until=Now() + LEASE):
                raise LostLease
            known = storing.load(_rows(parsed), run.publication, lock=True)
            decider = self._decider()
            refused = []
            for record, verdict, what in self._verdicts(parsed, known, decider):
                tally.count(record, verdict, what)
                if verdict.outcome == "refused":
                    refused.append(_refused_row(record, verdict, what))
            storing.save(
                known.values(),
                decider.evidence,
                run.publication,
                storing.Stamp(
                    run.mark, run.by_id, run.basis, decider.now, run.source == sources.OWN
                ),
            )
            length = files.append_refused(run, refused)
            _held(run).update(
                rows_done=parsed[-1][0].number,
                refused_bytes=length,
                counts=tally.counts,
                reasons=tally.reasons,
                samples=tally.samples,
            )
        run.rows_done, run.refused_bytes, self.tally = parsed[-1][0].number, length, tally

    # --- both -------------------------------------------------------------

    def _decider(self) -> Decider:
        return Decider(self.run.pk, timezone.now(), own=self.run.source == sources.OWN)

    def _verdicts(
        self, parsed: Sequence[Parsed], known: dict[str, Known], decider: Decider
    ) -> Iterator[tuple[Record, Verdict, Row | Refused]]:
        for record, what in parsed:
            if isinstance(what, Refused):
                yield record, Verdict("refused", what.code), what
            else:
                yield record, decider.decide(what, known[what.address.key]), what

    def _move(self, rows_done: int) -> None:
        tally = self.tally
        moved = _held(self.run).update(
            rows_done=rows_done,
            counts=tally.counts,
            reasons=tally.reasons,
            samples=tally.samples,
            lease_until=Now() + LEASE,
        )
        if not moved:
            raise LostLease
        self.run.rows_done = rows_done


def _rows(parsed: Sequence[Parsed]) -> list[Row]:
    return [what for _record, what in parsed if isinstance(what, Row)]


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(itertools.islice(records, CHUNK)):
        yield chunk


def _refused_row(record: Record, verdict: Verdict, what: Row | Refused) -> list[str]:
    """Return a line of the file of refused rows; of who was erased nothing is written down."""
    if verdict.reason == "erasure":
        return [str(record.number), verdict.reason, ""]
    detail = what.detail if isinstance(what, Refused) else ""
    return [str(record.number), verdict.reason, detail, *record.cells]


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
    tally, overlay = Tally(), storing.Overlay()
    for chunk in _chunks(reading.records(table, seen)):
        parsed = parse(reader, chunk)
        known = storing.load(_rows(parsed), publication, lock=False)
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


__all__ = ["NoBasis", "Unreadable", "check", "deciding", "receive", "start", "work"]
