"""Where the files of imports lie: private, out of reach of the web, gone when they are done with.

All processes that import must see the same VAR_DIR.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import idna
from django.conf import settings

from subscribers.importing.cells import neutralise
from subscribers.models import ImportRun

_LINE_ENDS = (("utf-8", b"\n"), ("utf-16-le", b"\n\x00"), ("utf-16-be", b"\x00\n"))


def folder() -> Path:
    """Return the folder, made at its first use."""
    path = Path(settings.VAR_DIR) / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def table_of(run: ImportRun) -> Path:
    """Return where the file of *run* lies until the run is over."""
    return folder() / f"{run.pk}.table"


def refused_of(run: ImportRun) -> Path:
    """Return where the rows lie that *run* refused."""
    return folder() / f"{run.pk}.refused.csv"


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return *rows* as UTF-8 with cells that no spreadsheet runs."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[neutralise(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8", "replace")


def append_refused(run: ImportRun, rows: Sequence[Sequence[str]]) -> int:
    """Write *rows* behind those that are done; return the length of the file.

    What a process wrote that died before its commit lies behind that length
    and is written over.
    """
    if not rows:
        return run.refused_bytes
    path = refused_of(run)
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        if run.refused_bytes == 0:
            headers = [str(header) for header in run.shape.get("headers", [])]
            file.write(as_csv([["row", "why", "detail", *headers]]))
        else:
            file.seek(run.refused_bytes)
        file.write(as_csv(rows))
        file.truncate()
        return file.tell()


def drop(run: ImportRun) -> None:
    """Delete the file of readers; the refused rows stay."""
    table_of(run).unlink(missing_ok=True)


def drop_all(run: ImportRun) -> None:
    """Delete everything that *run* has on disk."""
    drop(run)
    refused_of(run).unlink(missing_ok=True)


def forget(address: str) -> None:
    """Write over every line that holds *address*, in all files: its reader is to be erased.

    The lines keep their length and number, so that a run goes on where it was.
    """
    for path in folder().iterdir():
        for text in _spellings(address):
            for encoding, end in _LINE_ENDS:
                _overwrite(path, text.encode(encoding), "x".encode(encoding), end)
    wanted = {text.casefold() for text in _spellings(address)}
    for run in ImportRun.objects.exclude(samples=[]).only("samples").iterator():
        kept = [one for one in run.samples if not wanted & _words(one)]
        if len(kept) != len(run.samples):
            ImportRun.objects.filter(pk=run.pk).update(samples=kept)


def _words(sample: Sequence[object]) -> set[str]:
    return {word for cell in sample for word in re.findall(r"[^\s“”:,;]+", str(cell).casefold())}


def _spellings(address: str) -> set[str]:
    local, _at, domain = address.rpartition("@")
    found = {address}
    with suppress(idna.IDNAError, UnicodeError):
        found.add(f"{local}@{idna.decode(domain)}")
    return found


def _overwrite(path: Path, needle: bytes, filling: bytes, line_end: bytes) -> None:
    """Fill the lines of *path* that hold *needle*, in place."""
    pattern = re.compile(re.escape(needle), re.IGNORECASE)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    with path.open("r+b") as file:
        for found in pattern.finditer(content):
            start = content.rfind(line_end, 0, found.start())
            start = 0 if start < 0 else start + len(line_end)
            end = content.find(line_end, found.end())
            end = len(content) if end < 0 else end
            file.seek(start)
            file.write(filling * ((end - start) // len(filling)))
