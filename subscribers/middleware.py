"""Who reads: found out from a cookie, and only where somebody asks."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from briefs import access
from subscribers import reading


class ReaderMiddleware:
    """Set `request.reader`, which briefs.access takes as the one who asks.

    It is looked up where a view first asks for it. From then on the answer
    depends on the cookie, and says so to caches; what a known reader gets
    is stored by none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and keep what is one reader's out of caches."""
        asked: list[access.Reader] = []

        def find() -> access.Reader:
            cookie = request.COOKIES.get(reading.COOKIE, "")
            asked.append(reading.reader_with(cookie) if cookie else access.ANONYMOUS)
            return asked[-1]

        request.reader = SimpleLazyObject(find)  # type: ignore[attr-defined]  # ours alone
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NOT_FOUND and not asked:
            find()  # else the headers would tell what is not there from what is hidden
        if asked:
            patch_vary_headers(response, ["Cookie"])
        if asked and asked[0] != access.ANONYMOUS:
            response.headers["Cache-Control"] = "private, no-store"
        return response
