"""The date line of a brief, in the ways English writes one."""

from __future__ import annotations

import datetime as dt
import re

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_PREFIX = re.compile(r"^(?:date|dated|published|issued)\s*:?\s+", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+", re.IGNORECASE
)
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}",
        rf"(?:the\s+)?{_DAY}(?:\s+of)?[\s-]+{_MONTH},?[\s-]+{_YEAR}",
        rf"{_YEAR}\s+{_MONTH}\s+{_DAY}",
        r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
    )
)
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")


class DoubtfulDate(ValueError):
    """The line has the shape of a date but names no certain day."""


def read_date(line: str) -> dt.date | None:
    """Return the day that *line* names, or None where it is no date line.

    Raises DoubtfulDate for 31 April, and for 4/6/2016, which is two days.
    """
    line = _WEEKDAY.sub("", _PREFIX.sub("", line.strip())).strip().rstrip(".,")
    slashed = _SLASHED.fullmatch(line)
    if slashed:
        return _read_slashed(*map(int, slashed.groups()), line=line)
    for shape in _SHAPES:
        match = shape.fullmatch(line)
        month = _month(match["month"]) if match else 0
        if match and month:
            return _day(int(match["year"]), month, int(match["day"]), line)
    return None


def _read_slashed(first: int, second: int, year: int, *, line: str) -> dt.date:
    if first > 12 or first == second:
        return _day(year, second, first, line)
    if second > 12:
        return _day(year, first, second, line)
    raise DoubtfulDate(f"“{line}” can be read as two days. Write the month as a word.")


def _month(word: str) -> int:
    if word.isdigit():
        return int(word)
    word = "september" if word.lower() == "sept" else word.lower()
    return next((n for n, name in enumerate(_MONTHS, 1) if word in {name, name[:3]}), 0)


def _day(year: int, month: int, day: int, line: str) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise DoubtfulDate(f"“{line}” is no day of the calendar.") from error
