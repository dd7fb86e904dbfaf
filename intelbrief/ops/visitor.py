"""A visitor without a face: opens pages over HTTP, finds their forms and posts them."""

import http.cookiejar
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit


class PageRefused(RuntimeError):
    """A page answered with an error, or lacks what a visitor needs."""


@dataclass
class Form:
    """One form of a page, with what a browser would send of it."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    email_fields: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """What came back: the address it came from in the end, the status, the text."""

    url: str
    status: int
    text: str

    def form_with_email(self) -> Form:
        """Return the form that asks for an e-mail address."""
        for form in self.forms():
            if form.email_fields and form.method == "post":
                return form
        raise PageRefused(f"{self.url} has no form that asks for an e-mail address.")

    def form_to_post(self) -> Form:
        """Return the form whose button acts."""
        for form in self.forms():
            if form.method == "post":
                return form
        raise PageRefused(f"{self.url} has no button.")

    def forms(self) -> list[Form]:
        """Return all forms of the page."""
        reader = _FormReader()
        reader.feed(self.text)
        return reader.forms


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False
        self._is_pressed = False  # the form at hand has had its first submit button

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self._is_pressed = False
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif self._inside and tag in ("input", "button"):
            self._take(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _take(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if kind == "submit":
            # Sent only if it is the one that is pressed: the first, which may have no name.
            is_first, self._is_pressed = not self._is_pressed, True
            if not is_first:
                return
        if not name:
            return
        if kind == "email":
            form.email_fields.append(name)
        if kind in ("checkbox", "radio"):
            # Somebody who subscribes ticks what must be ticked, and nothing else.
            if "checked" in given or "required" in given:
                form.fields[name] = given.get("value", "on")
        elif kind not in ("reset", "button", "image", "file"):
            form.fields.setdefault(name, given.get("value", ""))


class Visitor:
    """Keeps cookies and goes from page to page."""

    def __init__(self, seconds: float = 20) -> None:
        self.seconds = seconds
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        # No proxy: the site is on this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def open(self, url: str) -> Page:
        """Return the page at *url*; raise PageRefused where it is an error."""
        return self._fetch(urllib.request.Request(url))  # noqa: S310  (our own site)

    def submit(self, page: Page, form: Form, **filled: str) -> Page:
        """Post *form* of *page* with what is *filled* in."""
        return self.post(urljoin(page.url, form.action or page.url), {**form.fields, **filled})

    def post(self, url: str, fields: dict[str, str]) -> Page:
        """Post *fields* to *url* as a form does."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        headers = {"Origin": origin, "Referer": url}
        body = urlencode(fields).encode()
        return self._fetch(urllib.request.Request(url, body, headers))  # noqa: S310  (our own site)

    def _fetch(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=self.seconds) as answer:
                return Page(answer.url, answer.status, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            with error:
                error.read()
            raise PageRefused(f"{request.full_url} answered {error.code}.") from error
        except OSError as error:
            raise PageRefused(f"{request.full_url} cannot be reached: {error}.") from error
