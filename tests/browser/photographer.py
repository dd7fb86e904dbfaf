"""Takes pages in light and in dark, on a desktop and on a phone, as small PNG files."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SCHEMES = (("light", ""), ("dark", "-dark"))
# An interface has few colours; with these a picture is a third as large, and looks the same.
COLOURS = (128, 64)
LARGEST = 80_000  # octets
DRESS = """is_dark => {
    if (document.querySelector('.ib-page, #page, #login-form'))
        document.documentElement.classList.toggle('dark', is_dark);
}"""


@dataclass(frozen=True)
class Shot:
    """One page to be taken, and what is done on it first."""

    name: str
    path: str
    prepare: Callable[[Page], object] | None = None
    who: str = "ines"  # "" is a stranger
    is_plain: bool = False  # one picture, light and on a desktop, is enough


class Photographer:
    """Takes pictures of one site for whoever is logged in."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.browser, self.url, self.folder = browser, url, folder
        self.contexts: dict[str, BrowserContext] = {"": self._context()}
        self.faults: list[str] = []

    def _context(self) -> BrowserContext:
        context = self.browser.new_context(
            viewport=DESKTOP,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Brussels",
        )
        context.set_default_timeout(20_000)
        return context

    def log_in(self, who: str, address: str, password: str) -> None:
        """Let *who* in, to be named by shots."""
        context = self.contexts[who] = self._context()
        page = context.new_page()
        page.goto(f"{self.url}/admin/login/")
        page.locator("input[name=login]").fill(address)
        page.locator("input[name=password]").fill(password)
        with page.expect_navigation():
            page.locator("#login-form button[type=submit]").click()
        page.close()

    def open(self, path: str, who: str, viewport: ViewportSize = DESKTOP) -> Page:
        """Return the page at *path* as *who* sees it, once it has settled."""
        page = self.contexts[who].new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{path}: {error}"))
        page.set_viewport_size(viewport)
        answer = page.goto(self.url + path)
        if answer is None or not answer.ok:
            self.faults.append(f"{path}: {answer.status if answer else 'no answer'}")
        page.wait_for_timeout(700)
        return page

    def take(self, shot: Shot) -> None:
        """Save *shot* as name.png, name-dark.png, name-phone.png and name-phone-dark.png."""
        for viewport, place in ((DESKTOP, ""), (PHONE, "-phone")):
            page = self.open(shot.path, shot.who, viewport)
            if shot.prepare:
                shot.prepare(page)
            for scheme, end in SCHEMES:
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal of theirs
                # The desk looks at the system's scheme only when a page is loaded.
                page.evaluate(DRESS, scheme == "dark")
                page.wait_for_timeout(250)
                self._save(page, f"{shot.name}{place}{end}")
                if shot.is_plain:
                    break
            self._note_overflow(page, shot.name + place)
            page.close()
            if shot.is_plain:
                return

    def take_wide(self, name: str, path: str, size: ViewportSize) -> None:
        """Save the page at *path* as a stranger with a window of *size* sees it."""
        page = self.open(path, "", size)
        for scheme, end in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal of theirs
            page.wait_for_timeout(100)
            self._save(page, name + end)
        self._note_overflow(page, name)
        page.close()

    def _save(self, page: Page, name: str) -> None:
        whole = Image.open(BytesIO(page.screenshot())).convert("RGB")
        file = self.folder / f"{name}.png"
        for colours in COLOURS:
            small = whole.quantize(colours, dither=Image.Dither.NONE)
            small.save(file, optimize=True)
            if file.stat().st_size <= LARGEST:
                return

    def _note_overflow(self, page: Page, name: str) -> None:
        """Note a page that is wider than its window: something in it does not fit."""
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            self.faults.append(f"{name}: {wide} pixels wider than the window")
