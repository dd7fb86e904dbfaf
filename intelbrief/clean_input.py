"""What no request may hold, refused before anything of ours reads it."""

from collections.abc import Callable, Iterable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict

from intelbrief.middleware import is_desk

Next = Callable[[HttpRequest], HttpResponse]


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
        texts = (request.path_info, *request.COOKIES.values(), *_texts(request.GET))
        return _refuse() if _has_nul(texts) else self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Look at the body, where an error in it is answered by Django."""
        if request.method == "POST" and is_desk(request) and _has_nul(_texts(request.POST)):
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
