"""From the cells of a record to what they say of a reader."""

import csv
import datetime as dt
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings

from briefs.addresses import Address, InvalidAddress
from briefs.models.publications import without_turns
from subscribers.importing import attributes as attribute_cells
from subscribers.importing.addresses import plain, read
from subscribers.importing.cells import restore
from subscribers.importing.sources import OWN
from subscribers.importing.wishes import Wish, of_disabled, of_status, of_subscribed

MOST_NAME = 120
MOST_TOPIC = 80
MOST_TAGS = 50
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ZONE_WORDS = re.compile(r" *(?:([+-]\d{2}:?\d{2}) )?(?:UTC|GMT|Z)\Z")
_LOOSE_TIMES = ("%m/%d/%Y %H:%M", "%m/%d/%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")


class Row:
    """What one record says of one reader; what it does not say stands in the class."""

    wish: Wish = Wish.UNSAID
    name: str = ""
    language: str = ""
    time_zone: str = ""
    topics: Sequence[str] = ()
    asked_at: dt.datetime | None = None
    asked_ip: str | None = None
    confirmed_at: dt.datetime | None = None
    confirmed_ip: str | None = None
    left_at: dt.datetime | None = None
    why: str = ""
    rhythm: str = "each"
    paused_until: dt.date | None = None
    suppressed: str = ""  # a value of Suppression.Reason

    def __init__(self, number: int, address: Address) -> None:
        self.number = number
        self.address = address
        self.hash = ""  # of the address; parse() makes those of a chunk
        self.attributes: dict[str, Any] = {}


class Refused(Exception):
    """The record says nothing that can be imported; *code* is one of reasons.REASONS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


Setter = Callable[[Row, str], None]
_SUPPRESSED = {
    Wish.BOUNCED: "bounce",
    Wish.BLOCKED: "manual",
    Wish.COMPLAINED: "complaint",
}


class Reader:
    """Reads the records of one file by its mapping; made once, called for each row."""

    def __init__(
        self,
        headers: Sequence[str],
        mapping: Mapping[str, str],
        source: str,
        says: Wish = Wish.UNSAID,
        tag_separator: str = ",",
    ) -> None:
        self._own = source == OWN
        self._says = says
        self._separator = tag_separator
        self._address = -1
        self._setters: list[tuple[int, Setter]] = []
        self._status: list[tuple[int, Callable[[str], Wish]]] = []
        self._names = {"first_name": -1, "last_name": -1}
        self._left_at = -1
        for column, header in enumerate(headers):
            self._map(column, header, mapping.get(header, ""))

    def _map(self, column: int, header: str, target: str) -> None:
        if target == "address":
            self._address = column
        elif target in self._names:
            self._names[target] = column
        elif target in _STATUS_CELLS:
            self._status.append((column, self._own_status if self._own else _STATUS_CELLS[target]))
        elif target == "topics":
            self._setters.append((column, self._set_topics))
        elif target == "attribute":
            self._setters.append((column, _keep_as(header)))
        elif target in _SETTERS:
            self._setters.append((column, _SETTERS[target]))
            if target == "left_at":
                self._left_at = column

    def read(self, number: int, cells: Sequence[str]) -> Row:
        """Return what the record says; raise Refused with the reason."""
        raw = cells[self._address].strip() if self._address >= 0 else ""
        address = plain(raw) or _look_closer(restore(raw))
        row = Row(number, address)
        row.wish = self._wish_of(cells)
        for column, put in self._setters:
            cell = cells[column]
            if cell:
                put(row, restore(cell) if cell[0] == "'" else cell)
        first, last = self._names["first_name"], self._names["last_name"]
        if first >= 0 or last >= 0:
            self._join_names(row, cells, first, last)
        if row.wish >= Wish.BOUNCED and not row.suppressed:
            row.suppressed = _SUPPRESSED[row.wish]
        return row

    def _join_names(self, row: Row, cells: Sequence[str], first: int, last: int) -> None:
        parts = [restore(cells[place].strip()) for place in (first, last) if place >= 0]
        joined = _line(" ".join(part for part in parts if part))
        row.name = joined or row.name

    def _wish_of(self, cells: Sequence[str]) -> Wish:
        wish = self._says
        for column, says in self._status:
            wish = max(wish, says(cells[column]))
        if not self._status and self._says == Wish.UNSAID and self._left_at >= 0:
            # Nothing but the day of leaving tells who left.
            return Wish.LEFT if cells[self._left_at].strip() else wish
        if wish == Wish.UNKNOWN:
            words = ", ".join(f"“{cells[column][:40]}”" for column, _says in self._status)
            raise Refused("status", words)
        return wish

    def _own_status(self, cell: str) -> Wish:
        return _OWN_WISHES.get(cell, Wish.UNKNOWN)

    def _set_topics(self, row: Row, cell: str) -> None:
        names = _tags_of(cell, "," if self._own else self._separator)
        row.topics = list(dict.fromkeys(names))


def _look_closer(raw: str) -> Address:
    if not raw:
        raise Refused("no-address")
    try:
        return read(raw)
    except InvalidAddress as error:
        raise Refused("address", f"“{raw[:80]}”: {error}") from error


_OWN_WISHES = {
    "active": Wish.ACTIVE,
    "paused": Wish.PAUSED,
    "unconfirmed": Wish.UNCONFIRMED,
    "unsubscribed": Wish.LEFT,
}
_STATUS_CELLS: dict[str, Callable[[str], Wish]] = {
    "status": of_status,
    "subscribed": of_subscribed,
    "disabled": of_disabled,
    "receives": lambda cell: Wish.ACTIVE if cell.strip() else Wish.NOT_MAILED,
    "deleted_at": lambda cell: Wish.LEFT if cell.strip() else Wish.UNSAID,
}

# --- cells ----------------------------------------------------------------


def _line(text: str) -> str:
    """Return *text* as one line that may stand in a header, cut to what a name may have."""
    if not text.isprintable():
        text = _CONTROLS.sub(" ", without_turns(text))
    return text[:MOST_NAME].strip()


def _set_name(row: Row, cell: str) -> None:
    row.name = _line(cell)


def _set_language(row: Row, cell: str) -> None:
    row.language = _language(cell)


def _set_time_zone(row: Row, cell: str) -> None:
    zone = cell.strip()
    if zone in _zones():
        row.time_zone = zone


def _set_attributes(row: Row, cell: str) -> None:
    try:
        row.attributes.update(attribute_cells.parse(cell))
    except ValueError as error:
        raise Refused("attributes", str(error)) from error


def _set_why(row: Row, cell: str) -> None:
    row.why = _CONTROLS.sub(" ", cell)[:200].strip()


def _set_rhythm(row: Row, cell: str) -> None:
    row.rhythm = "weekly" if cell == "weekly" else "each"


def _set_paused_until(row: Row, cell: str) -> None:
    moment = moment_of(cell)
    row.paused_until = moment.date() if moment else None


def _set_suppressed(row: Row, cell: str) -> None:
    row.suppressed = cell if cell in ("bounce", "complaint") else "manual"


def _moment_into(name: str) -> Setter:
    def put(row: Row, cell: str) -> None:
        setattr(row, name, moment_of(cell))

    return put


def _ip_into(name: str) -> Setter:
    def put(row: Row, cell: str) -> None:
        setattr(row, name, ip_of(cell))

    return put


def _keep_as(header: str) -> Setter:
    key = attribute_cells.key_of(header)

    def put(row: Row, cell: str) -> None:
        value = cell.strip()
        if value:
            row.attributes[key] = value

    return put


_SETTERS: dict[str, Setter] = {
    "name": _set_name,
    "language": _set_language,
    "time_zone": _set_time_zone,
    "attributes": _set_attributes,
    "why": _set_why,
    "rhythm": _set_rhythm,
    "paused_until": _set_paused_until,
    "suppressed": _set_suppressed,
    "left_at": _moment_into("left_at"),
    "asked_at": _moment_into("asked_at"),
    "confirmed_at": _moment_into("confirmed_at"),
    "asked_ip": _ip_into("asked_ip"),
    "confirmed_ip": _ip_into("confirmed_ip"),
}


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=200)
def _language(cell: str) -> str:
    codes = {code.lower(): code for code, _name in settings.LANGUAGES}
    names = {name.lower(): code for code, name in settings.LANGUAGES}
    word = cell.strip().lower()
    return codes.get(word) or names.get(word) or codes.get(re.split(r"[-_]", word)[0], "")


def moment_of(cell: str) -> dt.datetime | None:
    """Return the time that a cell tells, UTC where it does not say; None if it tells none."""
    text = cell.strip()
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        found = _loose(text)
        if found is None:
            return None
        moment = found
    if moment.tzinfo is None:
        return moment.replace(tzinfo=dt.UTC)
    if moment.tzinfo is dt.UTC:
        return moment
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        return None


def _loose(text: str) -> dt.datetime | None:
    bare = _ZONE_WORDS.sub(lambda found: found[1] or "", text)
    if bare != text:
        try:
            return dt.datetime.fromisoformat(bare)
        except ValueError:
            return None
    for pattern in _LOOSE_TIMES:
        try:
            return dt.datetime.strptime(text, pattern).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    return None


def ip_of(cell: str) -> str | None:
    """Return the IP address in a cell in its usual form, None if there is none."""
    text = cell.strip()
    with suppress(OSError, ValueError):  # ValueError: a NUL, which C does not take
        socket.inet_pton(socket.AF_INET, text)
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        return None


@lru_cache(maxsize=2_000)
def _tags_of(cell: str, separator: str) -> tuple[str, ...]:
    try:
        parts = next(csv.reader([cell], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        parts = cell.split(separator)
    names = (_line(part)[:MOST_TOPIC].strip() for part in parts[:MOST_TAGS])
    return tuple(name for name in names if name)
