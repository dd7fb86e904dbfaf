"""Asks for pages as granian does: past Django's test client, by the project's own entry point."""

import re
from typing import Any, NamedTuple

from django.test import RequestFactory

from intelbrief.page_cache import door
from intelbrief.wsgi import application

# The time in a form, and the seconds for which a page may be kept yet.
_MOMENT = re.compile(rb'(?<=name="stamp" value=")[^"]*')


class Answer(NamedTuple):
    """What a visitor gets, and whether it was made for them."""

    status: int
    headers: dict[str, str]
    body: bytes
    was_made: bool

    @property
    def page(self) -> bytes:
        """Return the body without the time at which its form was shown."""
        return _MOMENT.sub(b"", self.body)


def visit(path: str, method: str = "GET", during: Any = None, **headers: str) -> Answer:
    """Ask for *path*; *during* is called once the page is made and before it is kept."""
    environ: dict[str, Any] = {**RequestFactory().generic(method, path).environ}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    said: list[Any] = []
    made: list[str] = []

    def long_way(environ: dict[str, Any], start_response: Any) -> Any:
        made.append(path)
        answer = application._through_django(environ, start_response)
        if during is not None:
            during()
        return answer

    answer = door.answer(environ, lambda *given: said.extend(given), long_way)
    body = b"".join(answer)
    if made and hasattr(answer, "close"):
        answer.close()
    return Answer(int(said[0].split()[0]), dict(said[1]), body, bool(made))


def made_anew(path: str) -> Answer:
    """Ask for *path* the long way."""
    environ: dict[str, Any] = {**RequestFactory().get(path).environ}
    said: list[Any] = []
    note: Any = lambda *given: said.extend(given)  # noqa: E731  (typed as what it is given for)
    answer = application._through_django(environ, note)
    body = b"".join(answer)
    answer.close()
    return Answer(int(said[0].split()[0]), dict(said[1]), body, True)
