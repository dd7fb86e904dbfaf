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

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_MOST_LINES = 200  # of one record; beyond that a quote was never closed


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
            for encoding in _ENCODINGS:
                _overwrite(path, text, encoding)
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


def _overwrite(path: Path, needle: str, encoding: str) -> None:
    """Fill the records of *path* that hold *needle*, in place."""
    pattern = re.compile(re.escape(needle.encode(encoding)), re.IGNORECASE)
    filling = "x".encode(encoding)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    with path.open("r+b") as file:
        for found in pattern.finditer(content):
            start, end = _record_around(content, found.start(), found.end(), encoding)
            file.seek(start)
            file.write(filling * ((end - start) // len(filling)))


def _record_around(content: bytes, start: int, end: int, encoding: str) -> tuple[int, int]:
    """Return where the record begins and ends that *start* to *end* is in.

    A line break within quotes ends no record: the name may stand on the line before.
    """
    line_end, quote = "\n".encode(encoding), '"'.encode(encoding)
    line = start, end = _line_around(content, start, end, line_end)
    lines = 1
    while start and content.count(quote, 0, start) % 2 and lines < _MOST_LINES:
        start, _ = _line_around(content, start - len(line_end), start, line_end)
        lines += 1
    while end < len(content) and content.count(quote, 0, end) % 2 and lines < _MOST_LINES:
        _, end = _line_around(content, end, end + len(line_end), line_end)
        lines += 1
    return line if lines >= _MOST_LINES else (start, end)


def _line_around(content: bytes, start: int, end: int, line_end: bytes) -> tuple[int, int]:
    """Return where the line begins, and where its break stands."""
    begin = content.rfind(line_end, 0, start)
    after = content.find(line_end, end)
    return (
        0 if begin < 0 else begin + len(line_end),
        len(content) if after < 0 else after,
    )
