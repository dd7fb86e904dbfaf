"""Take a reader who is to be erased out of the files of imports, and leave every other in place."""

import json
import mmap
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import idna

from subscribers.importing.files import folder
from subscribers.importing.reading import MOST_JSON
from subscribers.models import ImportRun

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_MOST_LINES = 200  # of one record; beyond that a quote was never closed
_AT_A_TIME = 1 << 20  # octets, a multiple of every encoding's unit


def forget(address: str) -> None:
    """Write over every record that holds *address*, in all files: its reader is to be erased.

    The records keep their length and number, so that a run goes on where it was.
    """
    wanted = spellings(address)
    for path in folder().iterdir():
        if _forget_in_json(path, wanted):
            continue
        for text in wanted:
            for encoding in _ENCODINGS:
                _overwrite(path, text, encoding)
    folded = {text.casefold() for text in wanted}
    for run in ImportRun.objects.exclude(samples=[]).only("samples").iterator():
        kept = [one for one in run.samples if not folded & _words(one)]
        if len(kept) != len(run.samples):
            ImportRun.objects.filter(pk=run.pk).update(samples=kept)


def _words(sample: Sequence[object]) -> set[str]:
    return {word for cell in sample for word in re.findall(r"[^\s“”:,;]+", str(cell).casefold())}


def spellings(address: str) -> set[str]:
    """Return *address* as it is stored, and as people write its domain."""
    local, _at, domain = address.rpartition("@")
    found = {address}
    with suppress(idna.IDNAError, UnicodeError):
        found.add(f"{local}@{idna.decode(domain)}")
    return found


# --- JSON: a record is an object, and may be escaped in many ways ------------


def _forget_in_json(path: Path, wanted: set[str]) -> bool:
    """Empty the objects of a JSON file that name one of *wanted*; return False if it is none."""
    try:
        with path.open("rb") as file:
            begins = file.read(200).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
        if begins not in {b"{", b"["} or path.stat().st_size > MOST_JSON:
            return False
        whole = json.loads(path.read_bytes())
    except FileNotFoundError:
        return True
    except (ValueError, RecursionError):
        return False
    which = "|".join(re.escape(text) for text in wanted)
    pattern = re.compile(rf"(?<![\w.+-])(?:{which})(?![\w-]|\.\w)", re.IGNORECASE)
    left = _without(whole, pattern)
    if left != whole:
        text = json.dumps(left, ensure_ascii=False, separators=(",", ":"))
        _write_over(path, text.encode("utf-8", "surrogatepass"))
    return True


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    """Return *value* with each object emptied that holds the pattern, in itself or further down."""
    if isinstance(value, list):
        return [_without(one, pattern) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _without(one, pattern) for name, one in value.items()}
    texts = [one for one in inner.values() if isinstance(one, str)]
    return {} if any(pattern.search(text) for text in texts) else inner


def _write_over(path: Path, content: bytes) -> None:
    """Put *content* where the file was, on the very same octets of the disk."""
    with path.open("r+b") as file:
        file.write(content.ljust(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


# --- tables: a record is a line, or several where a quote holds a break ------


def _overwrite(path: Path, needle: str, encoding: str) -> None:
    """Fill the records of *path* that hold *needle*, in place, and never hold it whole."""
    words = re.escape(needle.encode(encoding))
    if encoding == "utf-8":  # ana@ is not joana@
        words = rb"(?<![\w.+-])" + words + rb"(?![\w-]|\.\w)"
    pattern = re.compile(words, re.IGNORECASE)
    filling = "x".encode(encoding)
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return
    with file:
        if not path.stat().st_size:
            return
        with mmap.mmap(file.fileno(), 0) as content:
            for found in pattern.finditer(content):
                start, end = _record_around(content, found.start(), found.end(), encoding)
                letters = (end - start) // len(filling)
                content[start : start + letters * len(filling)] = filling * letters


def _record_around(content: mmap.mmap, start: int, end: int, encoding: str) -> tuple[int, int]:
    """Return where the record begins and ends that *start* to *end* is in.

    A line break within quotes ends no record: the name may stand on the line before.
    """
    line_end, quote = "\n".encode(encoding), '"'.encode(encoding)
    line = start, end = _line_around(content, start, end, line_end)
    lines = 1
    while start and _count(content, quote, start) % 2 and lines < _MOST_LINES:
        start, _ = _line_around(content, start - len(line_end), start, line_end)
        lines += 1
    while end < len(content) and _count(content, quote, end) % 2 and lines < _MOST_LINES:
        _, end = _line_around(content, end, end + len(line_end), line_end)
        lines += 1
    return line if lines >= _MOST_LINES else (start, end)


def _count(content: mmap.mmap, what: bytes, end: int) -> int:
    return sum(
        content[start : min(start + _AT_A_TIME, end)].count(what)
        for start in range(0, end, _AT_A_TIME)
    )


def _line_around(content: mmap.mmap, start: int, end: int, line_end: bytes) -> tuple[int, int]:
    """Return where the line begins, and where its break stands."""
    begin = content.rfind(line_end, 0, start)
    after = content.find(line_end, end)
    return (
        0 if begin < 0 else begin + len(line_end),
        len(content) if after < 0 else after,
    )
