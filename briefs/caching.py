"""What caches may keep of the site, for how long, and when they are told that nothing changed.

Only what a stranger gets is kept, for a minute at most and never past the end
of a brief in it. Its ETag is made of the answer. Our own cache of whole pages
(intelbrief.page_cache) keeps what is said here to be for all, and nothing else.
"""

import datetime as dt
import hashlib
import re
import time
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag

from briefs import access
from briefs.models import Brief
from briefs.pages import reader_of

# Seconds for which a page may be older than the site: the bound in docs/archive.md.
LONGEST = 60
# A form that is shown tells when, signed, and is good for a day: two that differ in this alone
# are one page, for half of that time (ETags that are weak: RFC 9110, 8.8.1).
_STAMP = re.compile(rb'(?<=name="stamp" value=")[^"]*')
_HALF_A_DAY = 12 * 3600
# A date has whole seconds: one that has just passed may stand for two different texts.
SETTLED = dt.timedelta(seconds=2)


def tag_of(content: bytes) -> str:
    """Return the strong ETag of *content*, which another byte changes."""
    return quote_etag(hashlib.sha256(content).hexdigest()[:32])


def seconds_left(briefs: Iterable[Brief], at: dt.datetime) -> int:
    """Return for how long a page that shows *briefs* holds, in seconds: LONGEST at most."""
    ends = [brief.readable_until for brief in briefs if brief.readable_until is not None]
    return max(0, min([LONGEST, *(int((end - at).total_seconds()) for end in ends)]))


def page(request: HttpRequest, response: HttpResponse, shown: Iterable[Brief]) -> HttpResponse:
    """Return *response*, a page with the briefs *shown*, or 304 to who has it already.

    To a known reader it goes as it is: it depends on their cookie, and the
    middleware keeps it out of all caches.
    """
    if response.status_code != 200 or reader_of(request) != access.ANONYMOUS:
        return response
    bare, forms = _STAMP.subn(b"", response.content)
    if forms:
        response.headers["ETag"] = f"W/{tag_of(bare + b'%d' % (time.time() // _HALF_A_DAY))}"
    return for_all(request, response, seconds_left(shown, timezone.now()))


def for_all(
    request: HttpRequest,
    response: HttpResponse,
    seconds: int,
    modified: dt.datetime | None = None,
) -> HttpResponse:
    """Return *response*, which all may have and keep for *seconds*, or 304 to who has it.

    With an ETag of its own it keeps that. *modified* must be later than
    whatever could have changed it.
    """
    etag = response.headers.get("ETag") or tag_of(response.content)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    stamp = None
    if modified is not None and modified < timezone.now() - SETTLED:
        stamp = int(modified.timestamp())
        response.headers["Last-Modified"] = http_date(stamp)
    answer = get_conditional_response(request, etag=etag, last_modified=stamp, response=response)
    assert isinstance(answer, HttpResponse)
    # A cache takes the headers of a 304 over to the page that it holds.
    policy = response.headers.get("Content-Security-Policy")
    if policy:
        answer.headers["Content-Security-Policy"] = policy
    answer.is_for_all = True  # type: ignore[attr-defined]  # for is_for_all() alone
    return answer


def is_for_all(response: HttpResponse) -> bool:
    """Tell whether for_all() made *response*, and nobody has made it private since."""
    is_public = response.headers.get("Cache-Control", "").startswith("public")
    return is_public and getattr(response, "is_for_all", False)
