"""What no request may hold, refused before anything of ours reads it."""

from collections.abc import Callable, Iterable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict

from api import door as api_door
from intelbrief.middleware import is_desk, is_log_in

Next = Callable[[HttpRequest], HttpResponse]

# Django hands the charset of a Content-Type to Python's codecs, among them
# "rot13", "idna" and "unicode_escape", which raise, or make half characters.
CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1"}
LONGEST_NUMBER = 18  # digits; Python refuses to read 5,000
LARGEST = 64_000  # octets; a form of the public pages has fewer than 2,000
LARGEST_OF_WEBHOOKS = 5_000_000  # octets; an ESP posts some hundred events at a time
LARGEST_AT_THE_DESK = 8_000_000  # octets; a logo and a long brief go in several times


class EnvelopeMiddleware:
    """Answer 400 for a charset that no form has, and 413 for a body that is too large.

    Anybody may post to the public pages and to the log-in, and Django writes
    the files in a post to the disk before it looks at anything else.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the headers; the body is not touched. The API does so itself, and says why."""
        if api_door.is_ours(request.path_info):
            return self.get_response(request)
        charset = (request.content_params or {}).get("charset", "")
        if charset.strip().lower().replace("_", "-") not in CHARSETS:
            words = "Send it in UTF-8."
            return HttpResponseBadRequest(words, content_type="text/plain")
        most = _most(request)
        size = request.META.get("CONTENT_LENGTH") or "0"
        if not size.isdecimal():
            return HttpResponseBadRequest("Say how long it is.", content_type="text/plain")
        if len(size) > LONGEST_NUMBER or int(size) > most:
            words = f"This is more than {most:,} octets."
            return HttpResponse(words, status=413, content_type="text/plain")
        return self.get_response(request)


def _most(request: HttpRequest) -> int:
    if request.path_info.startswith("/webhooks/"):
        return LARGEST_OF_WEBHOOKS
    return LARGEST_AT_THE_DESK if is_desk(request) and not _is_log_in(request) else LARGEST


def _is_log_in(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/login")


class NulMiddleware:
    """Answer 400 where a NUL stands in the address, a cookie or a form of the desk.

    PostgreSQL stores and compares no NUL, so a filter or a session key with
    one would be a 500. The public forms are left to themselves: they take a
    NUL for a wrong value, and look at their size before they are read.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at what comes before the body."""
        if api_door.is_ours(request.path_info):
            return self.get_response(request)
        texts = (request.path_info, *request.COOKIES.values(), *_texts(request.GET))
        return _refuse() if _has_nul(texts) else self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Look at the body, where an error in it is answered by Django."""
        is_ours = is_desk(request) or is_log_in(request)
        if request.method == "POST" and is_ours and _has_nul(_texts(request.POST)):
            return _refuse()
        return None


def _texts(values: QueryDict) -> Iterator[str]:
    for name, given in values.lists():
        yield name
        yield from (text for text in given if isinstance(text, str))


def _has_nul(texts: Iterable[str]) -> bool:
    return any("\0" in text for text in texts)


def _refuse() -> HttpResponse:
    return HttpResponseBadRequest("A NUL cannot stand here.", content_type="text/plain")
