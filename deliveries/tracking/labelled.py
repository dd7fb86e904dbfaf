"""Labelled hits from a file: whoever writes one calls things as they like."""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from deliveries.tracking.hits import CANARY, GET, PIXEL
from subscribers import tokens

HUMAN, MACHINE = "human", "machine"
_NAMES: dict[str, tuple[str, ...]] = {
    "at": (
        *("at", "time", "timestamp", "ts", "t", "when", "date", "datetime", "offset", "at_s"),
        *("time_s", "seconds", "created_at", "occurred_at", "clicked_at", "event_time"),
    ),
    "ip": (
        *("ip", "ip_address", "ipaddress", "remote_addr", "remote_ip", "client_ip", "address"),
        *("src_ip", "source_ip", "ip_addr", "x_forwarded_for", "forwarded_for", "xff", "client"),
    ),
    "agent": ("user_agent", "useragent", "ua", "agent", "http_user_agent", "user_agent_string"),
    "method": ("method", "http_method", "request_method", "verb"),
    "headers": ("headers", "request_headers"),
    "edition": ("edition", "edition_id", "campaign", "campaign_id", "newsletter", "issue"),
    "link": (
        *("link", "link_id", "link_index", "link_number", "position", "link_position"),
        *("link_url", "target", "path", "url"),
    ),
    "what": ("event", "type", "kind", "action", "hit"),
    "delivery": (
        *("delivery", "delivery_id", "recipient", "recipient_id", "reader", "reader_id"),
        *("subscriber", "subscriber_id", "message", "message_id", "mail", "email", "token"),
        *("contact", "contact_id", "user", "user_id", "to", "rcpt"),
    ),
    "sent": ("sent_at", "sent", "delivered_at", "accepted_at", "mailed_at"),
    "label": (
        *("label", "class", "truth", "ground_truth", "expected", "actor", "who"),
        *("is_machine", "is_bot", "machine", "bot"),
    ),
    "person": ("is_human", "human"),
}
_PEOPLE = {"human", "person", "people", "reader", "real", "user", "h", "legit", "genuine"}
_MACHINES = {
    *("machine", "bot", "scanner", "proxy", "prefetch", "robot", "automated", "m", "gateway"),
    *("nonhuman", "crawler", "spider", "security", "mpp", "automation", "script"),
}
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


# What a file must tell, and what its hits are without.
_WANTED = {
    "agent": "user_agent",
    "ip": "ip",
    "link": "link",
}


@dataclass
class Reader:
    """Reads the lines of one file, and remembers what names in it stand for."""

    is_per_reader: bool = True
    _editions: dict[str, int] = field(default_factory=dict)
    _links: dict[tuple[int, str], int] = field(default_factory=dict)
    _deliveries: dict[str, int] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _unknown: set[str] = field(default_factory=set)

    def missing(self) -> list[str]:
        """Return the fields that no line had, by any of their names."""
        return [name for what, name in _WANTED.items() if what not in self._told]

    def unknown(self) -> list[str]:
        """Return the names of fields that say nothing here."""
        return sorted(self._unknown)

    def read(self, row: Any) -> Labelled:
        """Return the hit that *row* tells of; raise NotAHit."""
        if not isinstance(row, Mapping):
            raise NotAHit("this is no object of JSON" if not isinstance(row, str) else row)
        given = {_snake(str(name)): value for name, value in row.items()}
        headers = _headers(_pick(given, "headers"))
        self._take_notice(given, headers)
        agent = _pick(given, "agent")
        address = _pick(given, "ip") or headers.get("HTTP_X_FORWARDED_FOR", "")
        place = _place(_pick(given, "link"))
        edition = _number(self._editions, str(_pick(given, "edition") or "1"))
        delivery = _pick(given, "delivery")
        if place is not None:
            edition, position, of = place
            delivery = of or delivery
        else:
            position = self._position(edition, given)
        if not self.is_per_reader:
            delivery = None
        sent = _pick(given, "sent")
        return Labelled(
            at=_moment(_pick(given, "at"), is_ms=not any(name in given for name in _NAMES["at"])),
            ip=str(address).rpartition(",")[2].strip(),
            user_agent=str(headers.get("HTTP_USER_AGENT", "") if agent is None else agent),
            environ=headers,
            method=str(_pick(given, "method") or GET).upper(),
            edition=edition,
            position=position,
            delivery=_number(self._deliveries, str(delivery)) if delivery else 0,
            sent=None if sent is None else _moment(sent, is_ms=False),
            label=_label(given),
        )

    def _take_notice(self, given: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self._told.update(what for what in _WANTED if _is_told(given, what))
        if "HTTP_USER_AGENT" in headers:
            self._told.add("agent")
        if "HTTP_X_FORWARDED_FOR" in headers:
            self._told.add("ip")
        if _pick(given, "what"):
            self._told.add("link")
        self._unknown.update(
            name for name in given if name not in _KNOWN and not name.endswith(_IN_MS)
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


_KNOWN = frozenset(name for names in _NAMES.values() for name in names)
_IN_MS = ("_ms", "_millis")


def _snake(name: str) -> str:
    """Return a field's *name* as it is written here: userAgent and User-Agent are user_agent."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[-\s]+", "_", words).lower()


def _is_told(given: Mapping[str, Any], what: str) -> bool:
    return any(name in given for name in _NAMES[what])


def _place(link: Any) -> tuple[int, int, int] | None:
    """Return edition, position and delivery of an address that this installation has mailed."""
    found = re.search(r"/([oc])/([\w-]+)/?$", str(link))
    if found is None:
        return None
    for purpose in (tokens.click, tokens.pixel):
        try:
            numbers = purpose.load(found[2])
        except tokens.BadToken:
            continue
        if purpose is tokens.click:
            edition, position, delivery = numbers
            return edition, position, delivery
        edition, delivery = numbers
        return edition, PIXEL if found[1] == "o" else CANARY, delivery
    return None


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
        return next((given[name] for name in given if name.endswith(_IN_MS)), None)
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


def _iso(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _of_log(text: str) -> dt.datetime | None:
    """Return the moment that a web server's log names."""
    try:
        return dt.datetime.strptime(text.strip("[]"), "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        return None


def _of_mail(text: str) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None


_FORMS = (_iso, _of_log, _of_mail)


def _written(given: Any) -> int:
    if given is None:
        raise NotAHit("it has no time: write “at”, in seconds or ISO 8601")
    moment = next((found for form in _FORMS if (found := form(str(given).strip()))), None)
    if moment is None:
        raise NotAHit(f"“{given}” is no time: write seconds, or ISO 8601")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return round(moment.timestamp() * 1_000)


def _label(given: Mapping[str, Any]) -> str:
    person = _pick(given, "person")
    value = _pick(given, "label") if person is None else person
    if value is None:
        raise NotAHit("it has no label: write “label”, human or machine")
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return HUMAN if (word in _TRUE) == (person is not None) else MACHINE
    if re.match(r"no[nt][-_ ]?(?:human|person|people|real)", word):
        return MACHINE
    first = re.split(r"[^a-z]+", word)[0]
    if first in _PEOPLE:
        return HUMAN
    if first in _MACHINES or "bot" in word or "machine" in word:
        return MACHINE
    raise NotAHit(f"“{value}” is no label: write human or machine")
