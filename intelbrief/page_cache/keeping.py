"""The pages that are kept: how each answers, and how many there may be."""

import gzip
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import parse_etags

from briefs.caching import LONGEST

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]

# Seconds. What changes without a trace in the database (a program that was replaced beneath us)
# shows after so long, and a form that is good for a day is handed out with most of it left.
KEPT = 600
LARGEST = 512_000  # octets of one page
_OVERHEAD = 3_000  # octets that a page takes beside its text, roughly
_PACKED = re.compile(r"text/|application/([a-z]+\+)?(xml|json)|image/svg")
_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?:1|0\.0*[1-9])[\d.]*\s*)?(?=,|$)")
# What is said of the page's octets, and not of the page: a 304 has none.
_OF_BODY = {"content-type", "content-length", "content-encoding"}
# What is written for each answer.
_OWN = {"etag", "cache-control", "content-length", "vary"}


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was made under a mark of the site, and holds until a moment."""

    mark: str
    until: float  # Unix time at which it is made anew
    ends: float  # Unix time at which the site changes by itself
    etag: str
    vary: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_packed: bool

    @property
    def size(self) -> int:
        """Return about how many octets of memory it takes."""
        return len(self.body) + _OVERHEAD

    def answer(self, environ: Mapping[str, Any], start_response: StartResponse) -> list[bytes]:
        """Answer the GET or HEAD of *environ*: with the page, or 304 to who has it already."""
        seconds = max(0, min(LONGEST, int(self.ends - time.time())))
        said: Headers = [
            ("Cache-Control", f"public, max-age={seconds}"),
            ("ETag", self.etag),
            ("Vary", self.vary),
        ]
        if _is_known(environ.get("HTTP_IF_NONE_MATCH", ""), self.etag):
            said += (pair for pair in self.headers if pair[0].lower() not in _OF_BODY)
            start_response("304 Not Modified", said)
            return [b""]
        body = self.body
        said += self.headers
        if self.is_packed:
            if takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")[:200]):
                said.append(("Content-Encoding", "gzip"))
            else:
                body = gzip.decompress(body)
        said.append(("Content-Length", str(len(body))))
        start_response("200 OK", said)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def make(response: HttpResponse, mark: str, at: float, ends: float) -> Kept:
    """Return *response* as it is kept; it was asked for at the Unix time *at* under *mark*."""
    is_packed = bool(_PACKED.match(response.headers.get("Content-Type", "")))
    etag, vary = response.headers["ETag"], response.headers.get("Vary", "")
    if is_packed:
        # One tag stands for both ways of writing it down (RFC 9110, 8.8.1).
        etag = etag if etag.startswith("W/") else f"W/{etag}"
        vary = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
    content = bytes(response.content)
    return Kept(
        mark=mark,
        until=min(at + KEPT, ends),
        ends=ends,
        etag=etag,
        vary=vary,
        headers=tuple(pair for pair in response.items() if pair[0].lower() not in _OWN),
        body=gzip.compress(content, 6, mtime=0) if is_packed else content,
        is_packed=is_packed,
    )


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Tell whether somebody who sends *accepted* as Accept-Encoding can read gzip."""
    return bool(_GZIP.search(accepted.lower()))


def _is_known(given: str, etag: str) -> bool:
    """Tell whether *given*, an If-None-Match, names *etag*; weakly, as RFC 9110, 13.1.2 wants."""
    if not given or given == etag:
        return bool(given)
    bare = etag.removeprefix("W/")
    return any(one == "*" or one.removeprefix("W/") == bare for one in parse_etags(given))


class Shelf:
    """The pages of this process, those that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, mark: str) -> Kept | None:
        """Return what is kept by *key*, if it was made under *mark* and holds now."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if found.mark == mark and time.time() < found.until:
                self._kept.move_to_end(key)
                return found
            # Another thread may know a later mark than we do, and loses a page by this: no more.
            self._drop(key)
            return None

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep *kept* in the place of what was there, and let go of the longest unasked for."""
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self._size += kept.size
            while self._size > settings.PAGE_CACHE_MB * 1_000_000:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= gone.size
