"""What answers with a page that is kept, before Django's middleware, and keeps what it answers.

Only what every shared cache may keep is kept: what `briefs.caching` made for
all, asked for by nobody in particular. Everything else goes the long way.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpResponse
from django.utils import timezone

from briefs import caching
from briefs.models.publications import RESERVED_SLUGS
from intelbrief.languages import preferred
from intelbrief.page_cache import keeping, state
from intelbrief.page_cache.keeping import Shelf, StartResponse
from subscribers import reading

shelf = Shelf()

# What is no page of the archive is not looked for.
_ELSEWHERE = (RESERVED_SLUGS | {"favicon.ico"}) - {"robots.txt", "sitemap.xml"}
# A page of a list; other words in an address change nothing, and would fill the memory.
_QUERY = re.compile(r"(?:page=[0-9]{1,5})?")
# What campaigns and mail programs hang on to links, for the eyes of scripts that we have none of.
_HANGERS_ON = re.compile(r"(?:utm_[a-z]+|fbclid|gclid|mc_[a-z]+)=[^&]*")
# Conditions but the one that is answered here, parts of a page, and whatever proves somebody.
_LONG_WAY = (
    "HTTP_AUTHORIZATION",
    "HTTP_RANGE",
    "HTTP_IF_MATCH",
    "HTTP_IF_UNMODIFIED_SINCE",
    "CONTENT_TYPE",
)
_VARIES_BY = {"cookie", "accept-language", "accept-encoding"}


class Asked(NamedTuple):
    """A page as far as an address says which one it is."""

    scheme: str
    proxy: str
    host: str
    path: str
    query: str


def answer(environ: dict[str, Any], start_response: StartResponse, long_way: Any) -> Any:
    """Answer one request: from memory, or by *long_way*, a WSGI application."""
    asked = asked_for(environ)
    if asked is None or not settings.PAGE_CACHE_MB:
        return long_way(environ, start_response)
    try:
        # Before anything is rendered: what changes meanwhile has another mark already.
        mark = state.mark()
    except DatabaseError:
        mark = None
    if mark is None:
        return long_way(environ, start_response)
    kept = shelf.get((asked, ""), mark) or shelf.get((asked, _language(environ)), mark)
    if kept is not None:
        return kept.answer(environ, start_response)
    return _made(asked, mark, environ, start_response, long_way)


def asked_for(environ: Mapping[str, Any]) -> Asked | None:
    """Return which page *environ* asks for; None if it is none that could be kept."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("SCRIPT_NAME"):
        return None
    path = environ["PATH_INFO"]
    if path.lstrip("/").partition("/")[0] in _ELSEWHERE or _is_special(environ):
        return None
    query = _telling(environ.get("QUERY_STRING", ""))
    if not _QUERY.fullmatch(query) or not _is_nobody(environ.get("HTTP_COOKIE", "")):
        return None
    proxy = settings.SECURE_PROXY_SSL_HEADER[0] if settings.SECURE_PROXY_SSL_HEADER else ""
    return Asked(
        environ["wsgi.url_scheme"],
        environ.get(proxy, ""),
        environ.get("HTTP_HOST", ""),
        path,
        query,
    )


def _is_special(environ: Mapping[str, Any]) -> bool:
    """Tell whether *environ* wants something else than the page, as it is or if it is another."""
    if environ.get("CONTENT_LENGTH", "") not in ("", "0"):
        return True
    by_date_alone = "HTTP_IF_MODIFIED_SINCE" in environ and "HTTP_IF_NONE_MATCH" not in environ
    return by_date_alone or any(environ.get(name) for name in _LONG_WAY)


def _telling(query: str) -> str:
    """Return *query* without what no page of ours looks at."""
    return "&".join(one for one in query.split("&") if one and not _HANGERS_ON.fullmatch(one))


def _is_nobody(cookies: str) -> bool:
    """Tell whether *cookies* are none of ours; what a proxy sets does not tell who somebody is."""
    if not cookies:
        return True
    ours = {reading.COOKIE, settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages"}
    names = {one.partition("=")[0].strip() for one in cookies.split(";")}
    return not (names & ours or "\0" in cookies)


def _language(environ: Mapping[str, Any]) -> str:
    return preferred(environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def _made(
    asked: Asked,
    mark: str,
    environ: dict[str, Any],
    start_response: StartResponse,
    long_way: Any,
) -> Any:
    """Have the page made, keep it if that may be, and answer with it."""
    at = timezone.now()
    # Asked as if nothing were known of it: an answer of 304 could not be kept.
    known = environ.pop("HTTP_IF_NONE_MATCH", None)
    said: list[Any] = []
    response = long_way(environ, lambda *status_and_headers: said.extend(status_and_headers))
    if not _may_be_kept(response):
        start_response(*said)
        return response
    try:
        ends = state.next_change(mark, at).timestamp()
    except DatabaseError:
        ends = at.timestamp()  # for this visitor, and nobody after
    kept = keeping.make(response, mark, at.timestamp(), ends)
    response.close()
    by_browser = "accept-language" in kept.vary.lower()
    shelf.put((asked, _language(environ) if by_browser else ""), kept)
    if known is not None:
        environ["HTTP_IF_NONE_MATCH"] = known
    return kept.answer(environ, start_response)


def _may_be_kept(response: object) -> bool:
    """Tell whether *response* is one that may be given to everybody."""
    if not isinstance(response, HttpResponse) or response.status_code != 200:
        return False
    if not caching.is_for_all(response) or response.cookies or response.has_header("Set-Cookie"):
        return False
    varies = {one.strip().lower() for one in response.headers.get("Vary", "").split(",")} - {""}
    return varies <= _VARIES_BY and len(response.content) <= keeping.LARGEST
