"""Old addresses, asked only where nothing is found."""

import re
from collections.abc import Callable

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.utils import timezone

from briefs import old_addresses
from briefs.models.publications import RESERVED_SLUGS
from briefs.pages import reader_of

LONGEST = 400
# Pages of our own have no old addresses. Below /p/ another system had its posts: /p/a-headline.
_OURS = RESERVED_SLUGS - {"p"}
_POST = re.compile(r"/p/[\w-]{1,200}")


def _may_have_stood(path: str) -> bool:
    """Tell whether a brief or publication may have been at *path*, before the database is asked."""
    first = path.lstrip("/").partition("/")[0]
    return bool(_POST.fullmatch(path)) if first == "p" else first not in _OURS


class OldAddressMiddleware:
    """Lead from where a brief stood once to where it stands now."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look for an old address once the answer is that there is nothing."""
        response = self.get_response(request)
        path = request.path_info
        is_asked = response.status_code == 404 and request.method in ("GET", "HEAD")
        if not is_asked or len(path) > LONGEST or not _may_have_stood(path):
            return response
        found = old_addresses.target(path, reader_of(request), timezone.now())
        # Two slashes at the beginning would be another host.
        if not found.path or found.path == path or found.path.startswith("//"):
            return response
        if not found.is_lasting:
            return HttpResponseRedirect(found.path)
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{found.path}?{query}" if query else found.path)
