"""The door of the API: past session, log-in and messages, and every error a problem."""

import datetime as dt
import logging
from http import HTTPStatus

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from api import problems
from api.limits import Allowance
from api.problems import Problem

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
LONGEST_ADDRESS = 4_000  # characters
# For what Django can make no request of: its media type, and the problem.
UNREADABLE = (
    problems.MEDIA_TYPE,
    problems.body_of(
        Problem("bad-request", "The address cannot be read. Send UTF-8, and say no other charset.")
    ),
)


def is_ours(path: str) -> bool:
    """Tell whether *path* is the API's: there, nothing is answered but its pages and problems."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def answer(request: HttpRequest) -> HttpResponseBase:
    """Answer a request to the API, whatever happens."""
    is_head = request.method == "HEAD"
    if is_head:
        request.method = "GET"  # RFC 9110, 9.3.2: the same, without the content
    # Nobody's language and zone: a program reads English words and UTC.
    with translation.override("en"), timezone.override(dt.UTC):
        try:
            found = _ask(request)
        except Problem as problem:
            found = problems.answer(problem, request)
        except Exception:  # whatever it was: a traceback is no answer to a program
            log.exception("The API could not answer %s %s.", request.method, request.path_info)
            found = problems.answer(Problem("broken", "It is written down; try again."), request)
    found.headers.setdefault("Cache-Control", "no-store")
    allowance = request.__dict__.get("_api_allowance")
    if isinstance(allowance, Allowance):
        for name, value in allowance.headers().items():
            found.headers.setdefault(name, value)
    if is_head and isinstance(found, HttpResponse):
        found.headers["Content-Length"] = str(len(found.content))
        found.content = b""
    elif is_head and isinstance(found, StreamingHttpResponse):
        found.streaming_content = iter(())  # nobody reads the rows that it would ask for
    return found


def _ask(request: HttpRequest) -> HttpResponseBase:
    # Django would read the address in the charset that the body claims, "rot13" too.
    request.encoding = "utf-8"
    try:
        request.get_host()
    except DisallowedHost as error:
        raise Problem("bad-request", "The Host header names another site.") from error
    if "\0" in request.get_full_path() or any("\0" in value for value in request.GET.values()):
        raise Problem("bad-request", "A NUL cannot stand in an address.")
    if len(request.get_full_path()) > LONGEST_ADDRESS:
        raise Problem("bad-request", f"An address has at most {LONGEST_ADDRESS:,} characters.")
    try:
        match = resolve(request.path_info, "api.urls")
        request.resolver_match = match
        found: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    except Resolver404 as error:
        where = "Nothing is asked for at this address; /api/v1/docs says what there is."
        raise problems.not_found(where) from error
    except Http404 as error:
        raise problems.not_found() from error
    if found.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = found.headers.get("Allow", "")
        raise Problem("method", f"Here is understood: {allowed}.", headers={"Allow": allowed})
    return found
