"""Asks as the web server does, undoes what was done, and tells how many rows were written."""

import io
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.db import connection, transaction

from intelbrief.wsgi import application

SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
FORM = "application/x-www-form-urlencoded"
CSRF = "c" * 32


class Answer(NamedTuple):
    """What somebody got, and how many rows were written meanwhile."""

    status: int
    headers: dict[str, str]
    body: bytes
    written: int

    def says(self, *words: bytes) -> bool:
        """Tell whether one of *words* stands in it, in whatever case."""
        whole = self.body + b" " + self.headers.get("Location", "").encode()
        return any(word.lower() in whole.lower() for word in words)


def ask(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    kind: str = FORM,
    cookie: str = "",
    with_token: bool = True,
    **headers: str,
) -> Answer:
    """Ask by the project's own entry point, doors and all, and roll back what was written.

    *with_token* is the one against forged requests, as a page of ours has it.
    """
    split = urlsplit(path)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": split.path.encode().decode("latin-1"),
        "QUERY_STRING": split.query,
        "REMOTE_ADDR": "203.0.113.9",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": f"{cookie}; csrftoken={CSRF}" if with_token else cookie,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    if with_token:
        environ["HTTP_X_CSRFTOKEN"] = CSRF
    if body or method in UNSAFE:
        environ |= {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body))}
    said: list[Any] = []
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # what is durable may stand in it
    with around:
        before = connection.connection.total_changes
        note: Any = lambda *given: said.extend(given)  # noqa: E731  (typed as what it is given for)
        answer = application(environ, note)
        got = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        written = connection.connection.total_changes - before
        transaction.set_rollback(True)
    return Answer(int(said[0].split()[0]), dict(said[1]), got, written)


class Forms(HTMLParser):
    """Reads what a browser would post: the fields of the forms of a page that lead to *path*."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.fields = path, list[tuple[str, str]]()
        self._is_ours = False
        self._select = self._area = ""
        self._options: list[tuple[str, bool]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            is_post = given.get("method", "").lower() == "post"
            self._is_ours = is_post and given.get("action", "") in ("", ".", self.path)
        if not self._is_ours or "disabled" in given:
            return
        name = given.get("name", "")
        if tag == "input" and name and _is_posted(given):
            is_box = given.get("type") in ("checkbox", "radio")
            self.fields.append((name, given.get("value", "on" if is_box else "")))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area, self._text = name, []

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_ours = False
        elif tag == "textarea" and self._area:
            self.fields.append((self._area, "".join(self._text).removeprefix("\n")))
            self._area = ""
        elif tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            some = [value for value, _is_chosen in self._options if value]
            # Where nothing is chosen yet, what comes first: a form to add wants something.
            self.fields += [(self._select, value) for value in chosen or some[:1] or [""]]
            self._select = ""


def _is_posted(given: dict[str, str]) -> bool:
    kind = given.get("type", "text")
    if kind in ("checkbox", "radio"):
        return "checked" in given
    return kind not in ("button", "image", "reset", "file", "submit")


def filled(page: str, path: str, words: dict[str, str], chosen: dict[str, str]) -> bytes:
    """Return what somebody posts who fills the form on *page*.

    *words* go where it is empty, *chosen* wherever a field ends so, rows of formsets too.
    """
    forms = Forms(path)
    forms.feed(page)
    fields = []
    for name, value in forms.fields:
        last = name.rpartition("-")[2]
        fields.append((name, chosen.get(last, value or words.get(last, ""))))
    names = {name for name, _value in fields}
    fields += [(name, value) for name, value in {**words, **chosen}.items() if name not in names]
    return urlencode(fields).encode()
