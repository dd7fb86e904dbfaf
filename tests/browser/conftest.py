"""A browser, and an installation for it to visit."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.ops.installation import Installation

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Site:
    """A running installation with the demonstration in it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.running = installation.start_and_wait()
        self.url = f"http://127.0.0.1:{installation.port}"
        found = re.search(r"admin@example\.com\s+password (\S+)", self.running.words)
        assert found, self.running.words
        self.password = found[1]


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Return Debian's or the system's own Chromium, headless."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this machine (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(Path(path)), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """Start everything, as ./run does, on a free port."""
    installation = Installation()
    yield Site(installation)
    installation.remove()
