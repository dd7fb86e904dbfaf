"""One worker on one run: chunk by chunk, each in one transaction with the place in the file."""

import datetime as dt
import gc
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import DatabaseError, DataError, IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from subscribers.importing import Unreadable, files, loading, reading, sources, storing
from subscribers.importing.deciding import Decider, Known, Verdict
from subscribers.importing.reading import Look, Record
from subscribers.importing.rows import Reader, Refused, Row
from subscribers.importing.tally import Tally
from subscribers.models import ImportRun
from subscribers.suppression import address_hashes

log = logging.getLogger(__name__)

# One transaction each: on SQLite nobody else writes meanwhile.
CHUNK = 5_000
LEASE = dt.timedelta(seconds=30)
TRIES = 5
Status = ImportRun.Status
Parsed = tuple[Record, Row | Refused]
T = TypeVar("T")


class LostLease(Exception):
    """Somebody else goes on with this run."""


def held(run: ImportRun) -> QuerySet[ImportRun]:
    """Return *run* as a query that finds nothing once somebody else has it."""
    return ImportRun.objects.filter(pk=run.pk, epoch=run.epoch, status=run.status)


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
    rows = rows_of(parsed)
    # Here and not where they are asked for: the database works while the next chunk is parsed.
    for row, hashed in zip(rows, address_hashes(row.address.key for row in rows), strict=True):
        row.hash = hashed
    return parsed


@contextmanager
def without_collector() -> Iterator[None]:
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
        self._overlay = loading.Overlay() if run.status == Status.CHECKING else None

    def go_on(self, must_stop: Callable[[], bool]) -> bool:
        """Work until the file is done (True) or it is time to stop (False)."""
        records = reading.records(
            files.table_of(self.run), Look(**self.run.shape), self.run.rows_done
        )
        apply = self._look_at if self._overlay is not None else self._apply
        parsed = (parse(self._reader, chunk) for chunk in chunks(records))
        for chunk in one_ahead(parsed):
            apply(chunk)
            # A dry run keeps in memory what it saw: it is made in one go.
            if self._overlay is None and must_stop():
                return False
        self._finish()
        return True

    def _finish(self) -> None:
        checked = self._overlay is not None
        done = held(self.run).update(
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
        known = loading.load(rows_of(parsed), self.run.publication, lock=False)
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
            storing.hurry()
            if not held(run).update(lease_until=Now() + LEASE):
                raise LostLease
            known = loading.load(rows_of(parsed), run.publication, lock=True)
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
            held(run).update(
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
        moved = held(self.run).update(
            rows_done=rows_done,
            counts=tally.counts,
            reasons=tally.reasons,
            samples=tally.samples,
            lease_until=Now() + LEASE,
        )
        if not moved:
            raise LostLease
        self.run.rows_done = rows_done


def rows_of(parsed: Sequence[Parsed]) -> list[Row]:
    """Return what could be read."""
    return [what for _record, what in parsed if isinstance(what, Row)]


def chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Yield *records* by the chunk."""
    while chunk := list(itertools.islice(records, CHUNK)):
        yield chunk


def one_ahead(source: Iterator[T]) -> Iterator[T]:
    """Yield what *source* yields, and have a thread make the next one meanwhile.

    The database works without Python's lock, so a file is read while it does.
    *source* touches no database: the thread would open a connection of its own.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, source, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, source, None)
            yield item


def _refused_row(record: Record, verdict: Verdict, what: Row | Refused) -> list[str]:
    """Return a line of the file of refused rows; of who was erased nothing is written down."""
    if verdict.reason == "erasure":
        return [str(record.number), verdict.reason, ""]
    detail = what.detail if isinstance(what, Refused) else ""
    return [str(record.number), verdict.reason, detail, *record.cells]
