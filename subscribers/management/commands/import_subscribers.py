"""Bring readers in from a file."""

import json
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs.models import Publication
from subscribers.importing import Unreadable, files, running, unpacking, working
from subscribers.importing.reasons import REASONS
from subscribers.importing.sources import FIELDS
from subscribers.importing.tally import Tally
from subscribers.models import ImportRun

POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Bring readers in from a CSV, TSV or JSON file, plain or in a ZIP. Who left, complained, "
        "bounced or was erased does not come back. Run again after a crash, it goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the exported file")
        parser.add_argument("--publication", required=True, metavar="SLUG")
        parser.add_argument(
            "--basis", default="", help="how and when these readers agreed to get the mail"
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help=f"what a column means, if it is not recognised: {', '.join(FIELDS)}",
        )
        parser.add_argument("--dry-run", action="store_true", help="count, and store nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: Path, publication: str, **options: Any) -> None:
        owner = _publication(publication)
        mapped = _mapped(options["map"])
        try:
            if options["dry_run"]:
                run, tally = self._preview(owner, file, mapped)
            else:
                basis = options["basis"] or f"imported from {file.name} at the command line"
                run, tally = self._import(owner, file, basis, mapped)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except Unreadable as error:
            raise CommandError(f"{file}: {error}") from error
        result = {"source": run.source, "mapping": run.mapping, **tally.as_dict()}
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(_as_lines(run, tally))

    def _preview(
        self, owner: Publication, file: Path, mapped: dict[str, str]
    ) -> tuple[ImportRun, Tally]:
        with tempfile.TemporaryDirectory(dir=files.folder()) as folder:
            table = Path(folder) / "table"
            unpacking.unpack(file, table)
            return running.preview(owner, table, mapped)

    def _import(
        self, owner: Publication, file: Path, basis: str, mapped: dict[str, str]
    ) -> tuple[ImportRun, Tally]:
        """Import *file*, or go on with the import of the very same file that was cut short."""
        run = ImportRun.objects.filter(
            publication=owner, digest=unpacking.digest(file), status=ImportRun.Status.RUNNING
        ).first()
        if run is None:
            run = running.receive(owner, file, name=file.name, by=None)
            if mapped:
                run.mapping = running.remapped(run.mapping, mapped)
                running.change_mapping(run, run.mapping)
            try:
                working.reader_of(run)
            except Unreadable:
                running.discard(run)
                raise
            running.start(run, basis=basis, by=None)
        else:
            self.stderr.write(f"Import {run.pk} of this file goes on behind row {run.rows_done}.")
        while not _is_over(run):
            # A worker may have it, or may have had it when it was killed.
            if not running.work_on(run.pk, time.monotonic() + 3600) and not _is_over(run):
                time.sleep(POLL_SECONDS)
        run.refresh_from_db()
        if run.status == ImportRun.Status.FAILED:
            raise Unreadable(run.error)
        if run.refused_bytes:
            self.stderr.write(f"The refused rows are in {files.refused_of(run)}.")
        return run, Tally(run.counts, run.reasons, run.samples)


def _is_over(run: ImportRun) -> bool:
    run.refresh_from_db(fields=["status"])
    return run.status != ImportRun.Status.RUNNING


def _publication(slug: str) -> Publication:
    try:
        return Publication.objects.get(slug=slug)
    except Publication.DoesNotExist as error:
        known = ", ".join(Publication.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no publication “{slug}”. There are: {known}.") from error


def _mapped(given: list[str]) -> dict[str, str]:
    mapped = {}
    for pair in given:
        column, is_told, target = pair.rpartition("=")
        if not is_told or (target and target not in FIELDS):
            raise CommandError(
                f"--map {pair}: write COLUMN=FIELD, with one of {', '.join(FIELDS)}, "
                "or nothing to leave the column out."
            )
        mapped[column] = target
    return mapped


def _as_lines(run: ImportRun, tally: Tally) -> str:
    lines = [f"Recognised as {run.source}"]
    lines += [f"  {header} → {target or 'left out'}" for header, target in run.mapping.items()]
    counts = tally.as_dict()
    lines += [f"  {name:<13}{counts[name]}" for name in counts if name != "reasons"]
    lines += [f"    {count} × {REASONS[code]}" for code, count in tally.reasons.items()]
    return "\n".join(lines)
