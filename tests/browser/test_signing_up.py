"""Attack mode in a real browser: a reader gets through on our page and on another site."""

import functools
import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite_only]

ROOT = Path(__file__).resolve().parent.parent.parent
UP = """
from intelbrief.ops import demo
from subscribers.models import Defence
Defence.objects.create(publication=demo.make_publication("storm"), mode="on")
"""


def raise_defence(site: Site) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", UP],
        cwd=ROOT,
        env={**site.installation.environment, "SITE_URL": site.url},
        check=True,
    )


@pytest.fixture
def blog(site: Site, tmp_path: Path):
    """Serve a page of somebody else's, with our script on it."""
    script = f'<script src="{site.url}/s/storm/embed.js" async></script>'
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Blog</title><main>{script}</main>")
    in_head = script.replace("async", 'async data-into="#here"')
    (tmp_path / "head.html").write_text(
        f'<!doctype html><title>Blog</title>{in_head}<main id="here"></main>'
    )

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()


def wait_for_mail(page: Page, site: Site, address: str) -> None:
    for _try in range(400):
        page.goto(f"{site.url}/inbox/")
        if page.get_by_text(address).count():
            return
        page.wait_for_timeout(250)
    raise AssertionError(page.inner_text("body"))


def test_readers_get_through_attack_mode(browser: Browser, site: Site, blog: str) -> None:
    raise_defence(site)
    page = browser.new_page(timezone_id="Asia/Tokyo")
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Security" in line.text else None)

    page.goto(f"{site.url}/s/storm/")
    expect(page.locator("#id_time_zone")).to_have_value("Asia/Tokyo")
    page.get_by_label("E-mail address").fill("lord@byron.example")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=100_000)
    page.wait_for_timeout(1100)  # the form takes nobody for a person who is quicker
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("inbox")
    wait_for_mail(page, site, "lord@byron.example")

    elsewhere = browser.new_page()
    elsewhere.set_default_timeout(60_000)
    elsewhere.goto(f"{blog}head.html")
    expect(elsewhere.locator("#here form")).to_be_visible()
    elsewhere.goto(blog)
    elsewhere.get_by_label("E-mail address").fill("eve@gmial.com")
    elsewhere.get_by_role("button", name="Subscribe").click()
    elsewhere.get_by_role("button", name="eve@gmail.com").click()
    expect(elsewhere.get_by_role("status")).to_contain_text("Check your inbox", timeout=100_000)
    assert not elsewhere.context.cookies()
    wait_for_mail(page, site, "eve@gmail.com")
    assert not faults
