"""The body of a request: JSON that a database can hold, or a problem."""

import json
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from api.problems import Problem

# A body of 100,000 characters in JSON's longest way of writing them, and the rest of a brief.
LARGEST = 1_000_000  # octets
DEEPEST = 20
LARGEST_NUMBER = 2**63 - 1


def read(request: HttpRequest) -> Any:
    """Return the JSON in *request*, None where it has no body; raise Problem for anything else.

    Refused are what PostgreSQL cannot store (NUL, halves of character pairs,
    numbers over 64 bits), what no JSON is (NaN), a name that comes twice, and
    depths at which parsers give up.
    """
    octets = _octets(request)
    if not octets:
        return None
    if request.content_type != "application/json":
        raise Problem("media-type", "Send JSON, and say so: Content-Type: application/json.")
    try:
        # A nested list takes Python's parser a level of its stack each.
        if octets.count(b"[") + octets.count(b"{") > 50_000:
            raise Problem("bad-request", "It has too many lists and objects.")
        found = json.loads(
            octets.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        raise Problem("bad-request", "It is not in UTF-8.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem("bad-request", f"It is no JSON: {error.msg} ({where}).") from error
    except RecursionError as error:
        raise _too_deep() from error
    _require_storable(found, 0)
    return found


def _octets(request: HttpRequest) -> bytes:
    size = request.META.get("CONTENT_LENGTH") or "0"
    if not size.isdecimal() or len(size) > 18:
        raise Problem("bad-request", "Say how long the body is.")
    if int(size) > LARGEST:
        raise Problem("too-large", f"A request has at most {LARGEST:,} octets.")
    try:
        return request.body
    except RequestDataTooBig as error:
        raise Problem("too-large", f"A request has at most {LARGEST:,} octets.") from error
    except UnreadablePostError as error:
        raise Problem("bad-request", "The body ended before its length.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem("bad-request", "An object names one of its members twice.")
    return found


def _no_constant(name: str) -> Any:
    raise Problem("bad-request", f"{name} is no number of JSON (RFC 8259, 6).")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -LARGEST_NUMBER - 1 <= int(digits) <= LARGEST_NUMBER:
        raise Problem("invalid", "A number has more than 64 bits.")
    return int(digits)


def _require_storable(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise _too_deep()
    if isinstance(value, str):
        require_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Problem("invalid", "A number is larger than any that can be kept.")
    elif isinstance(value, list):
        for one in value:
            _require_storable(one, depth + 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            require_text(name)
            _require_storable(one, depth + 1)


def require_text(text: str) -> None:
    """Raise Problem where *text* has what no database stores: NUL, half of a character pair."""
    if "\0" in text:
        raise Problem("invalid", "A NUL stands in a text.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Problem("invalid", "Half of a pair of characters stands in a text (RFC 8259, 8.2).")


def _too_deep() -> Problem:
    return Problem("bad-request", f"It is nested more than {DEEPEST} deep.")
