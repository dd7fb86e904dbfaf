"""A browser that is logged in to the desk, and notes whatever goes wrong there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, Dialog, Page

from briefs.models import User

STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { transition: none !important; }");
    document.adoptedStyleSheets = [sheet];
}"""


def hold_still(page: Page) -> None:
    """End all transitions on *page*: a colour on its way to another is none to be judged."""
    page.evaluate(STILL)


class Desk:
    """A page that is logged in, and all that went wrong on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.wrong: list[str] = []
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._request)

    def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.accept()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:", "about:")):
            self.wrong.append(f"asked {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def points(self) -> list[str]:
        rows = self.page.locator("[data-point]:not([hidden]) textarea")
        return [row.input_value() for row in rows.all()]


@contextmanager
def logged_in(browser: Browser, url: str, user: User, **context: Any) -> Iterator[Desk]:
    """Open the site at *url*, where *user* has logged in; *context* has options of the browser."""
    client = Client()
    client.force_login(user)
    context.setdefault("viewport", {"width": 1440, "height": 900})
    opened = browser.new_context(**context)
    key = client.cookies["sessionid"].value
    opened.add_cookies([{"name": "sessionid", "value": key, "url": url}])
    yield Desk(opened.new_page(), url)
    opened.close()
