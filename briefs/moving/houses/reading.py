"""What the readers of all houses have in common: tables, JSON, and one text at a time."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from briefs.moving.items import Item, Refused, RefusedItem, Unreadable
from briefs.moving.opening import MOST_TABLE, Box, TooMuch

_LONGEST_CELL = 10_000_000


class House(NamedTuple):
    """What a reader has to know of where its texts go to."""

    slug: str  # of the publication
    zone: dt.tzinfo


class Row(NamedTuple):
    """A row of a table by the names of its columns, and the line that it ends at."""

    line: int
    cells: dict[str, str]

    def get(self, name: str) -> str:
        """Return a cell; "" where there is none."""
        return self.cells.get(name, "").strip()


def header(box: Box, name: str) -> list[str]:
    """Return the names of the columns of a table; none where it is not there or not read."""
    if not name:
        return []
    try:
        text, _other = box.text(name, MOST_TABLE)
        first = next(csv.reader(io.StringIO(text)), [])
    except (Unreadable, csv.Error):
        return []
    return [one.strip().lower() for one in first]


def table(box: Box, name: str) -> Iterator[Row]:
    """Yield the rows of a CSV file; raise Unreadable where it is none."""
    text, _other = box.text(name, MOST_TABLE)
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""))
    try:
        names = [one.strip().lower() for one in next(rows, [])]
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield Row(rows.line_num, dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        raise Unreadable(f"“{name}”, line {rows.line_num}: {error}.") from error


def load_json(box: Box, name: str) -> Any:
    """Return what a JSON file holds; raise Unreadable where it is none."""
    text, _other = box.text(name, MOST_TABLE)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        words = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Unreadable(f"“{name}” is no JSON: {words}.") from error


def each(
    found: Iterator[tuple[str, Any]], read: Callable[[str, Any], Item | None]
) -> Iterator[Item | Refused]:
    """Yield what *read* makes of each thing and its place, or why it makes nothing."""
    for where, thing in found:
        try:
            item = read(where, thing)
        except TooMuch:
            raise
        except (RefusedItem, Unreadable) as error:
            yield Refused(where, str(error))
        else:
            if item is not None:
                yield item


def rows_of(value: object) -> list[dict[str, Any]]:
    """Return a JSON list of objects; what is none of them is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def beside(name: str, other: str) -> str:
    """Return the name of *other* in the folder of the file *name*."""
    folder = PurePosixPath(name).parent.as_posix()
    return other if folder == "." else f"{folder}/{other}"


def folder_of(name: str) -> str:
    """Return the folder of the file *name*; "" at the top."""
    folder = PurePosixPath(name).parent.as_posix()
    return "" if folder == "." else folder
