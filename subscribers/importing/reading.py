"""Tables as a stream of records: CSV in any dialect, and lists of objects in JSON.

Nothing here raises because of a row: what cannot be read comes back as a
record that says why, and reading goes on with the next line.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from subscribers.importing import Unreadable
from subscribers.importing.addresses import plain
from subscribers.importing.decoding import encoding_of

DELIMITERS = ",;\t|"
MOST_COLUMNS = 500
MOST_FIELD = 100_000  # characters; attributes are the longest, and they are short
MOST_LINE = 1_000_000
BLOCK = 256 * 1024
# A quote that is never closed would take the rest of the file with it. What the reader
# swallowed is read again line by line, so this also bounds how often a line is read.
MOST_LINES = 200
MOST_JSON = 32 * 1024 * 1024
_BROKEN = re.compile("[\x00\ud800-\udfff]")


class Record(NamedTuple):
    """One row as it stands in the file."""

    number: int  # the first below the headers is 1
    cells: list[str]
    trouble: str  # a code of subscribers.importing.reasons; empty if the row could be read


@dataclass
class Look:
    """What a first look at the file told."""

    headers: list[str]
    kind: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    has_headers: bool = True
    skip_lines: int = 0
    first: list[list[str]] = field(default_factory=list)


def look(path: Path) -> Look:
    """Return what the file is, with its first rows; raise Unreadable if it is no table."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        try:
            start = file.read(MOST_LINE)
        except UnicodeError as error:
            raise Unreadable(f"The file is no text in {encoding}.") from error
    words = start.lstrip("\ufeff \t\r\n")
    if not words:
        raise Unreadable("The file is empty.")
    if words[0] in "{[":
        seen = Look(headers=_json_headers(_objects(path)), kind="json")
    else:
        seen = _look_at_table(start, encoding)
    rows = records(path, seen)
    seen.first = [record.cells for record, _count in zip(rows, range(200), strict=False)]
    return seen


def _look_at_table(start: str, encoding: str) -> Look:
    lines = list(io.StringIO(start.lstrip("\ufeff"), newline=""))
    skip = 0
    while skip < len(lines) and not lines[skip].strip():
        skip += 1
    told = re.match(r"sep=([,;\t|])\s*\Z", lines[skip])  # what Excel writes
    if told:
        skip += 1
    first = lines[skip] if skip < len(lines) else ""
    delimiter = told[1] if told else delimiter_of(first)
    try:
        cells = next(csv.reader(lines[skip:], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise Unreadable(f"The first line cannot be read as headers ({error}).") from error
    cells = [_BROKEN.sub("", cell).strip(" \ufeff") for cell in cells]
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(f"The file has {len(cells)} columns; {MOST_COLUMNS} are the most.")
    if any(plain(cell) for cell in cells):
        names = [f"column {number}" for number in range(1, len(cells) + 1)]
        return Look(names, "csv", encoding, delimiter, has_headers=False, skip_lines=skip)
    return Look(_told_apart(cells), "csv", encoding, delimiter, skip_lines=skip)


def _told_apart(headers: list[str]) -> list[str]:
    """Number the headers that stand there twice."""
    seen: dict[str, int] = {}
    for place, header in enumerate(headers):
        seen[header] = seen.get(header, 0) + 1
        if seen[header] > 1:
            headers[place] = f"{header} ({seen[header]})".strip()
    return headers


def delimiter_of(line: str) -> str:
    """Return the delimiter that stands most often in *line* outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def records(path: Path, seen: Look, after: int = 0) -> Iterator[Record]:
    """Yield the records behind the number *after*; the same file gives the same numbers."""
    is_json = seen.kind == "json"
    source = _from_json(path, seen.headers) if is_json else _from_table(path, seen)
    for record in source:
        if record.number > after:
            yield record


class _Lines:
    """The lines of a file, which can be given back; notes what no field may hold."""

    def __init__(self, file: io.TextIOBase) -> None:
        self._file = file
        self._again: list[str] = []
        self.taken: list[str] = []
        self.trouble = ""
        self.at_end = False

    def __iter__(self) -> "_Lines":
        return self

    @property
    def has_waiting(self) -> bool:
        """Tell whether there are lines that were read and belong to no record yet."""
        return bool(self._again)

    def plain_block(self) -> list[str]:
        """Return the lines of the next block if each of them is a row by itself.

        That is where there is no quote, nothing broken and nothing long: most
        blocks of most files. Another block is kept for who looks at each line.
        """
        text = self._file.read(BLOCK)
        self.at_end = not text
        if text and not text.endswith("\n"):
            text += self._file.readline(MOST_LINE)
        lines = text.split("\n")
        if (
            '"' in text
            or "\x00" in text
            or text.count("\r") != text.count("\r\n")
            or not (text.isascii() or _BROKEN.search(text) is None)
            or max(map(len, lines)) > MOST_FIELD
        ):
            self._again = list(io.StringIO(text, newline=""))
            self._again.reverse()
            return []
        return lines

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._file.readline(MOST_LINE)
        if not line:
            raise StopIteration
        if len(self.taken) >= MOST_LINES:
            self._again.append(line)
            raise csv.Error("a field goes on for too many lines")
        if len(line) >= MOST_LINE:
            self._drop_the_rest(line)
            self.trouble = "too-long"
            line = "\n"
        elif "\x00" in line:
            self.trouble = "nul"
        elif not line.isascii() and _BROKEN.search(line):
            self.trouble = "encoding"
        self.taken.append(line)
        return line

    def _drop_the_rest(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._file.readline(MOST_LINE)

    def next_record(self) -> None:
        """Forget the lines of the record that was read."""
        self.taken.clear()
        self.trouble = ""

    def give_back(self) -> str:
        """Take back all lines of this record but the first, which is returned."""
        self._again.extend(reversed(self.taken[1:]))
        return self.taken[0] if self.taken else ""


def _from_table(path: Path, seen: Look) -> Iterator[Record]:
    csv.field_size_limit(MOST_FIELD)
    with path.open(encoding=seen.encoding, errors="surrogateescape", newline="") as file:
        for _line in range(seen.skip_lines):
            file.readline(MOST_LINE)
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=seen.delimiter, strict=True)
        if seen.has_headers:
            next(reader, None)
        width = len(seen.headers)
        number = 0
        try:
            while True:
                for cells in csv.reader(lines.plain_block(), delimiter=seen.delimiter):
                    if cells:
                        number += 1
                        trouble = "" if len(cells) == width else _width_trouble(cells, width)
                        yield Record(number, cells, trouble)
                for cells, trouble in _with_care(reader, lines, width):
                    number += 1
                    yield Record(number, cells, trouble)
                if lines.at_end:
                    return
        except UnicodeError:
            yield Record(number + 1, [""], "encoding")


def _with_care(
    reader: Iterator[list[str]], lines: _Lines, width: int
) -> Iterator[tuple[list[str], str]]:
    """Yield the records of a block that is not plain, and of what its last one reaches into."""
    while lines.has_waiting:
        lines.next_record()
        try:
            cells, trouble = _next_record(reader, lines, width)
        except StopIteration:
            return
        if cells:  # an empty line is no row
            yield cells, trouble


def _next_record(reader: Iterator[list[str]], lines: _Lines, width: int) -> tuple[list[str], str]:
    """Return the cells of the next record, and what is wrong with it, if anything is."""
    try:
        cells = next(reader)
        trouble = lines.trouble
        # A closing quote that belongs to another row makes one row of several.
        if not trouble and len(lines.taken) > 1 and len(cells) != width:
            trouble = "quote"
    except csv.Error as error:
        cells, trouble = [], _trouble_of(error, len(lines.taken))
    if trouble in ("quote", "malformed", "too-long"):
        return [lines.give_back()[:500].rstrip("\r\n")], trouble
    if trouble or not cells:
        return cells, trouble
    return cells, _width_trouble(cells, width)


def _trouble_of(error: csv.Error, lines: int) -> str:
    if "larger than" in str(error):
        return "too-long"
    return "quote" if lines > 1 or "end of data" in str(error) else "malformed"


def _width_trouble(cells: list[str], width: int) -> str:
    """Fill up a short row; a long one may have its address in the wrong column."""
    if len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    elif len(cells) > width:
        if any(cells[width:]):
            return "too-many-cells"
        del cells[width:]
    return ""


# --- JSON -----------------------------------------------------------------


def _objects(path: Path) -> list[Any]:
    """Return the objects of a JSON file: a list of them, or the list in it."""
    if path.stat().st_size > MOST_JSON:
        most = MOST_JSON // (1024 * 1024)
        raise Unreadable(f"A JSON file may have {most} MB; export it as CSV, or in pages.")
    try:
        whole = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The file begins like JSON but is none ({error}).") from error
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = whole.get("subscribers", lists[0] if len(lists) == 1 else None)
    if not isinstance(whole, list):
        raise Unreadable("The JSON holds no list of readers.")
    return whole


def _json_headers(objects: list[Any]) -> list[str]:
    names: dict[str, None] = {}
    for one in objects:
        if isinstance(one, dict):
            names.update(dict.fromkeys(one))
    if not names:
        raise Unreadable("The JSON holds no list of readers.")
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"The file has {len(names)} columns; {MOST_COLUMNS} are the most.")
    if any(_BROKEN.search(name) for name in names):
        raise Unreadable("A name in the JSON holds NUL or half a character.")
    return list(names)


def _from_json(path: Path, headers: list[str]) -> Iterator[Record]:
    for number, one in enumerate(_objects(path), start=1):
        if not isinstance(one, dict):
            yield Record(number, [_as_cell(one)[:500]], "malformed")
            continue
        cells = [_as_cell(one.get(name)) for name in headers]
        if any(len(cell) > MOST_FIELD for cell in cells):
            yield Record(number, [cell[:500] for cell in cells], "too-long")
        elif any(_BROKEN.search(cell) for cell in cells):
            cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
            yield Record(number, cells, "nul")
        else:
            yield Record(number, cells, "")


def _as_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
