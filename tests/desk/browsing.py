"""A browser that is logged in to the desk, and notes whatever goes wrong there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from briefs.models import User

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "cranes-and-quays-7"


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
def started() -> Iterator[Browser]:
    """Start the installed Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    # Playwright's loop runs in this thread until it is stopped; meanwhile Django would
    # take each query for one from a coroutine.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def logged_in(browser: Browser, url: str, user: User, **context: Any) -> Iterator[Desk]:
    """Log *user* in at the site at *url*; options of the browser's *context* may be given."""
    user.set_password(PASSWORD)
    user.save()
    context.setdefault("viewport", {"width": 1440, "height": 900})
    opened = browser.new_context(**context)
    desk = Desk(opened.new_page(), url)
    page = desk.open("/admin/login/")
    page.fill("[name=username]", user.email.title())
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_load_state()
    yield desk
    opened.close()
