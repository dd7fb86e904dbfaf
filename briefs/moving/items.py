"""What is read from an archive, before any of it is stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

# What no text of ours may hold: PostgreSQL refuses the first, UTF-8 the last.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029]")


class Unreadable(Exception):
    """The archive as a whole cannot be read; the message says why and what to do."""


class RefusedItem(Exception):
    """One text of the archive cannot be taken; the message says why."""


@dataclass(frozen=True)
class Refused:
    """A text, a row or a file that was left out, and why."""

    where: str
    reason: str


@dataclass(frozen=True)
class Correction:
    """A correction that came along: `before` and `after` hold what else stood there then."""

    at: dt.datetime
    notice: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass
class Item:
    """One text of another house, or of ours, as far as it was understood.

    `source` names it there for good; `where` is for people. `is_exact` is true
    for what export_archive wrote: it is taken to the letter.
    """

    source: str
    where: str
    digest: str
    headline: str
    body: str = ""
    is_html: bool = False
    is_exact: bool = False
    series: str | None = None  # None: the publication's
    slug: str = ""
    preheader: str = ""
    contact_block: str | None = None
    key_points: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    topics: list[tuple[str, str]] = field(default_factory=list)  # name, kind
    access: str = "public"
    groups: list[str] = field(default_factory=list)
    is_published: bool = False
    published_at: dt.datetime | None = None
    date: dt.date | None = None
    embargo_until: dt.datetime | None = None
    readable_until: dt.datetime | None = None
    language: str = ""
    old_paths: list[str] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    folder: str = ""  # where its pictures are looked for first
    notes: list[str] = field(default_factory=list)


def digest_of(*parts: str | bytes) -> str:
    """Return the digest by which a text that changed in the other house is known."""
    found = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        found.update(len(raw).to_bytes(8, "big") + raw)
    return found.hexdigest()


def clean_text(value: object) -> str:
    """Return a text with the lines of ours, and without what no database stores."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(value: object, most: int = 200) -> str:
    """Return one line of at most *most* characters; what is cut off ends in an ellipsis."""
    line = " ".join(_TURNS.sub(" ", clean_text(value)).split())
    if len(line) <= most:
        return line
    short = line[: most - 1]
    return (short.rsplit(" ", 1)[0] if " " in short[most // 2 :] else short).rstrip(" ,;:") + "…"


def read_moment(value: object, zone: dt.tzinfo) -> dt.datetime | None:
    """Return a time as other houses write it; one without an offset is on *zone*'s clock.

    Raise RefusedItem for what is there and is no time.
    """
    if value in (None, ""):
        return None
    moment: dt.datetime | None = None
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime(value.year, value.month, value.day, tzinfo=zone)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        moment = _from_epoch(value)
    else:
        moment = _from_words(str(value).strip())
    if moment is None:
        raise RefusedItem(f"“{clean_line(value, 60)}” is no time.")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    # At the ends of the calendar another zone's clock has no such year.
    if not 1000 <= moment.year <= 9998:
        raise RefusedItem(f"“{clean_line(value, 60)}” is no year of any brief.")
    return moment


def _from_epoch(value: float) -> dt.datetime | None:
    try:
        # Ghost's first exports count milliseconds.
        return dt.datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _from_words(text: str) -> dt.datetime | None:
    # Jekyll: 2016-04-06 05:00:00 +0200
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text)
    for shape in (str, lambda words: words[:10]):
        try:
            return dt.datetime.fromisoformat(shape(text))
        except ValueError:
            continue
    return None
