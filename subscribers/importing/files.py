"""Where the files of imports lie: private, out of reach of the web, gone when they are done with.

All processes that import must see the same SHARED_DIR.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings

from subscribers.importing.cells import neutralise
from subscribers.models import ImportRun


def folder() -> Path:
    """Return the folder, made at its first use."""
    path = Path(settings.SHARED_DIR) / "imports"
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
