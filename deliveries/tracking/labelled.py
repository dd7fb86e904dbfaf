"""Labelled hits from a file: whoever writes one calls things as they like."""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deliveries.tracking.hits import CANARY, GET, PIXEL

HUMAN, MACHINE = "human", "machine"
_NAMES: dict[str, tuple[str, ...]] = {
    "at": ("at", "time", "timestamp", "ts", "t", "when", "date", "datetime", "offset"),
    "ip": ("ip", "ip_address", "remote_addr", "remote_ip", "client_ip", "address", "src_ip"),
    "agent": ("user_agent", "useragent", "ua", "agent", "http_user_agent"),
    "method": ("method", "http_method", "request_method", "verb"),
    "headers": ("headers", "request_headers"),
    "edition": ("edition", "edition_id", "campaign", "newsletter", "issue"),
    "link": ("link", "link_id", "link_index", "link_number", "position", "target", "path", "url"),
    "what": ("event", "type", "kind", "action", "hit"),
    "delivery": (
        *("delivery", "delivery_id", "recipient", "recipient_id", "reader", "reader_id"),
        *("subscriber", "subscriber_id", "message", "message_id", "mail", "email"),
    ),
    "sent": ("sent_at", "sent", "delivered_at", "accepted_at", "mailed_at"),
    "label": ("label", "class", "truth", "expected", "is_machine", "is_bot", "machine", "bot"),
    "person": ("is_human", "human"),
}
_PEOPLE = {"human", "person", "people", "reader", "real", "user", "h"}
_MACHINES = {"machine", "bot", "scanner", "proxy", "prefetch", "robot", "automated", "m", "gateway"}
_TRUE, _FALSE = {"1", "true", "yes"}, {"0", "false", "no"}
_OPENS = {"open", "pixel", "image", "opened", "o"}
_CANARIES = {"canary", "honeypot", "trap", "hidden"}


class NotAHit(ValueError):
    """What a line says is no labelled hit; the message says why."""


@dataclass
class Labelled:
    """One hit as a file tells it."""

    at: int  # ms
    ip: str
    user_agent: str
    environ: dict[str, str]
    method: str
    edition: int
    position: int
    delivery: int
    sent: int | None
    label: str


@dataclass
class Reader:
    """Reads the lines of one file, and remembers what names in it stand for."""

    is_per_reader: bool = True
    _editions: dict[str, int] = field(default_factory=dict)
    _links: dict[tuple[int, str], int] = field(default_factory=dict)
    _deliveries: dict[str, int] = field(default_factory=dict)

    def read(self, row: Any) -> Labelled:
        """Return the hit that *row* tells of; raise NotAHit."""
        if not isinstance(row, Mapping):
            raise NotAHit("this is no object of JSON" if not isinstance(row, str) else row)
        given = {str(name).lower().replace("-", "_"): value for name, value in row.items()}
        headers = _headers(_pick(given, "headers"))
        agent = _pick(given, "agent")
        address = _pick(given, "ip") or headers.get("HTTP_X_FORWARDED_FOR", "")
        edition = _number(self._editions, str(_pick(given, "edition") or "1"))
        delivery = _pick(given, "delivery") if self.is_per_reader else None
        sent = _pick(given, "sent")
        return Labelled(
            at=_moment(_pick(given, "at"), is_ms=not any(name in given for name in _NAMES["at"])),
            ip=str(address).rpartition(",")[2].strip(),
            user_agent=str(headers.get("HTTP_USER_AGENT", "") if agent is None else agent),
            environ=headers,
            method=str(_pick(given, "method") or GET).upper(),
            edition=edition,
            position=self._position(edition, given),
            delivery=_number(self._deliveries, str(delivery)) if delivery else 0,
            sent=None if sent is None else _moment(sent, is_ms=False),
            label=_label(given),
        )

    def _position(self, edition: int, given: Mapping[str, Any]) -> int:
        what = str(_pick(given, "what") or "").lower()
        link = _pick(given, "link")
        words = str(link).strip().lower() if link is not None else what
        if words in _OPENS or what in _OPENS or words.startswith("/o/") or words == "-1":
            return PIXEL
        if words in _CANARIES or what in _CANARIES or words == "-2":
            return CANARY
        number = re.fullmatch(r"(?:link|l|#)?[-_ ]?(\d{1,4})", words)
        if number:
            return int(number[1])
        names = {name: at for (of, name), at in self._links.items() if of == edition}
        return self._links.setdefault((edition, words), len(names))


def rows(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the number of each line of *text* with what it holds; a word where that is no JSON.

    JSON lines, a JSON array, an object that holds one, or CSV with a head.
    """
    begin = text.lstrip("\ufeff \t\r\n")
    if begin.startswith("[") or (begin.startswith("{") and "\n{" not in begin.rstrip()):
        whole = _whole(begin)
        if whole is not None:
            yield from enumerate(whole, 1)
            return
    if not begin.startswith("{"):
        yield from enumerate(csv.DictReader(io.StringIO(begin)), 2)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                row = json.loads(line)
            except ValueError as error:
                yield number, f"this is no JSON ({error})"
                continue
            yield number, row


def _whole(text: str) -> list[Any] | None:
    try:
        whole = json.loads(text)
    except ValueError:
        return None
    if isinstance(whole, Mapping):
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = lists[0] if len(lists) == 1 else [whole]
    return list(whole)


def _pick(given: Mapping[str, Any], what: str) -> Any:
    """Return what *given* says of *what*, by whichever name; None if it says nothing."""
    for name in _NAMES[what]:
        value = given.get(name)
        if value is not None and value != "":
            return value
    if what == "at":
        return next((given[name] for name in given if name.endswith(("_ms", "_millis"))), None)
    if what == "agent" and any(name in given for name in _NAMES[what]):
        return ""
    return None


def _number(known: dict[str, int], name: str) -> int:
    if name.isascii() and name.isdigit() and len(name) < 16:
        return int(name)
    return known.setdefault(name, 10**16 + len(known))


def _headers(given: Any) -> dict[str, str]:
    """Return headers under their WSGI names."""
    pairs = given.items() if isinstance(given, Mapping) else given or ()
    try:
        return {
            f"HTTP_{str(name).upper().replace('-', '_').removeprefix('HTTP_')}": str(value)
            for name, value in pairs
        }
    except (TypeError, ValueError) as error:
        raise NotAHit("“headers” is neither an object nor a list of pairs") from error


def _moment(given: Any, *, is_ms: bool) -> int:
    """Return a moment in milliseconds: seconds, milliseconds since 1970, or ISO 8601."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return _written(given)
    if not abs(number) < 1e15:
        raise NotAHit(f"“{given}” is no time: write seconds, or ISO 8601")
    if is_ms or number > 1e11:
        return round(number)
    return round(number * 1_000)


def _written(given: Any) -> int:
    try:
        moment = dt.datetime.fromisoformat(str(given).strip())
    except ValueError as error:
        raise NotAHit(f"“{given}” is no time: write seconds, or ISO 8601") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return round(moment.timestamp() * 1_000)


def _label(given: Mapping[str, Any]) -> str:
    person = _pick(given, "person")
    value = _pick(given, "label") if person is None else person
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return HUMAN if (word in _TRUE) == (person is not None) else MACHINE
    first = re.split(r"[^a-z]+", word)[0]
    if first in _PEOPLE:
        return HUMAN
    if first in _MACHINES or "bot" in word or "machine" in word:
        return MACHINE
    raise NotAHit(f"“{value}” is no label: write human or machine")
