"""What an ESP's answer means, for one letter or for all of a call (RFC 9110, 15)."""

import datetime as dt
import email.utils
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deliveries.lanes import LaneTrouble, LogInRefused
from deliveries.ledger import Fate

# The ESP did not begin with the call (RFC 9110, 15.5.9; RFC 6585, 4; RFC 9110, 15.6.4).
NOT_BEGUN = {408, 429, 503}
NOT_LET_IN = {401, 403}
OUR_FAULT = {402, 404, 405}  # a plan, or an address of the API: not the reader's
MOST_WORDS = 500


@dataclass(frozen=True)
class Verdict:
    """What an answer means for one letter.

    *is_readers* tells that the ESP named the reader's address as the reason.
    """

    fate: Fate
    reason: str = ""
    words: str = ""
    is_readers: bool = False


SENT = Verdict(Fate.SENT)


class Malformed(Exception):
    """The ESP refused the call as a whole: nobody of it was taken, and nobody is named."""


class Unclear(Exception):
    """The call may have been carried out: the answer is missing, or cannot be read."""

    def __init__(self, words: str, reason: str = "unclear-answer") -> None:
        super().__init__(words[:MOST_WORDS])
        self.reason = reason


def refused(words: str, *, is_readers: bool = False) -> Verdict:
    """Return the verdict on a letter that was refused."""
    return Verdict(Fate.FAILED, "refused", words[:MOST_WORDS], is_readers)


def judge_status(esp: str, status: int, words: str, headers: Mapping[str, str]) -> None:
    """Raise what *status* of a whole call means; return only if the body is to be read.

    Malformed stands for a refusal of the call itself, whose body names nobody.
    """
    said = f"{esp}: {status} {words}"[:MOST_WORDS]
    if 200 <= status < 300:
        return
    if status in NOT_BEGUN:
        raise LaneTrouble(said, seconds=rest(headers))
    if status in NOT_LET_IN:
        raise LogInRefused(said)
    if status in OUR_FAULT or 300 <= status < 400:
        raise LaneTrouble(said)
    if 400 <= status < 500 and status != 409:
        raise Malformed(said)
    # 5xx, or a call that is just being carried out (409).
    raise Unclear(said)


def rest(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks for (RFC 9110, 10.2.3); None if it does not say."""
    value = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return max(1.0, float(value[:9]))
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(1.0, (until - dt.datetime.now(dt.UTC)).total_seconds())


def read(
    esp: str,
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    count: int,
    reader: Callable[[Any, int], list[Verdict]],
) -> list[Verdict]:
    """Return the verdict on each of *count* letters; raise what concerns the whole call."""
    words = body[:MOST_WORDS].decode("utf-8", "replace")
    is_good = 200 <= status < 300
    if is_good or status in (400, 422):
        try:
            return reader(json.loads(body), count)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            if is_good:
                raise Unclear(f"{esp}: {status}, not understood: {words}") from error
    judge_status(esp, status, words, headers)
    raise AssertionError(status)


# --- the bodies, by ESP; each takes the parsed JSON and the number of letters -------------


def postmark(content: Any, count: int) -> list[Verdict]:
    """Read Postmark's answer: an object, or a list of them in the order of the letters."""
    items = content if isinstance(content, list) else [content]
    _count(items, count)
    return [_postmark_item(item) for item in items]


def _postmark_item(item: Any) -> Verdict:
    words = str(item["Message"])
    code = item.get("ErrorCode", 0)  # missing where Postmark is slow to deliver
    if code == 0:
        return SENT
    # 406: the address is on their list of bounces; 300: something is malformed.
    of_reader = code == 406 or (code == 300 and "'To'" in words)
    return refused(f"{code} {words}", is_readers=of_reader)


def resend(content: Any, count: int) -> list[Verdict]:
    """Read Resend's answer: an id, or one for each letter."""
    ids = content.get("data", [content])
    _count(ids, count)
    for item in ids:
        str(item["id"])
    return [SENT] * count


def brevo(content: Any, count: int) -> list[Verdict]:
    """Read Brevo's answer: an id, or one for each letter."""
    _count(content["messageIds"] if "messageIds" in content else [content["messageId"]], count)
    return [SENT] * count


def mailjet(content: Any, count: int) -> list[Verdict]:
    """Read Mailjet's answer: one object for each letter, with its errors."""
    items = content["Messages"]
    _count(items, count)
    return [_mailjet_item(item) for item in items]


def _mailjet_item(item: Any) -> Verdict:
    if item["Status"] == "success":
        return SENT
    errors = item.get("Errors") or [{}]
    words = "; ".join(
        f"{one.get('ErrorCode', '')} {one.get('ErrorMessage', '')}".strip() for one in errors
    )
    about = {str(field) for one in errors for field in one.get("ErrorRelatedTo") or ()}
    return refused(words, is_readers=bool(about) and all(f.startswith("To") for f in about))


def _count(items: Any, count: int) -> None:
    if not isinstance(items, list) or len(items) != count:
        raise ValueError(f"not an answer to {count} letters")
