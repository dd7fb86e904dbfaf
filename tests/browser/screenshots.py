"""Takes the pictures of docs/images: `python -m tests.browser.screenshots`.

Runs an installation of its own with an invented readership; needs Chromium
and what `./test` installs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# A month of readers, two editions that went out, one draft under way.
SEED = """
import datetime as dt, random
from django.utils import timezone
from briefs import revisions
from briefs.models import Author, Brief, Publication, User
from deliveries import planning, recovery, sending
from intelbrief.ops import demo
from subscribers.models import Subscriber, Subscription, ConsentRecord
from subscribers.suppression import address_hash
random.seed(7)
now = timezone.now()
publication = Publication.objects.get(slug="demonstration")
author = Author.objects.create(name="Ines Hollander", slug="ines-hollander")
names = "ada grace katherine ines tomas lena omar yuki paul zoe".split()
subscribers = Subscriber.objects.bulk_create(
    Subscriber(address=a, address_key=a, address_hash=address_hash(a))
    for a in (f"{random.choice(names)}.{n}@example.com" for n in range(1240)))
Subscription.objects.bulk_create(
    Subscription(subscriber=s, publication=publication, status="active", source="form",
        requested_at=now - dt.timedelta(days=30 * random.random() ** 0.6, minutes=3),
        confirmed_at=now - dt.timedelta(days=30 * random.random() ** 0.6))
    for s in subscribers)
draft = Brief.objects.get()
headlines = ["The Strait Reopens, on Terms Nobody Signed", "Grain, Ice and the Northern Route"]
for days, headline in enumerate(headlines, start=1):
    brief = demo.make_brief(publication, (now - dt.timedelta(days=days)).date())
    Brief.objects.filter(pk=brief.pk).update(headline=headline)
    planning.schedule(revisions.take(brief), send_at=now)
planning.start_due()
while sending.drain("main", 60): pass
recovery.sweep()
draft.authors.add(author)
User.objects.update(name="Ines Hollander", time_zone="Europe/Brussels")
"""


def shell(environment: dict[str, str], code: str) -> None:
    """Run *code* with the installation's settings."""
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=ROOT,
        env=environment,
        check=True,
    )


class Photographer:
    """Takes pages in light and dark, on a desktop and on a phone."""

    def __init__(self, browser: Browser, url: str, password: str) -> None:
        self.browser, self.url, self.password = browser, url, password

    def page(self, scheme: str, viewport: dict[str, int], *, logged_in: bool) -> Page:
        """Return a new page with that taste."""
        context = self.browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=scheme,  # type: ignore[arg-type]
            device_scale_factor=1,
        )
        page = context.new_page()
        if logged_in:
            page.goto(f"{self.url}/admin/login/")
            page.locator("input[name=username]").fill("admin@example.com")
            page.locator("input[name=password]").fill(self.password)
            with page.expect_navigation():
                page.locator("button[type=submit]").click()
        return page

    def take(
        self,
        name: str,
        path: str,
        *,
        scheme: str = "light",
        viewport: dict[str, int] = DESKTOP,
        logged_in: bool = False,
        full: bool = False,
    ) -> None:
        """Save one picture as docs/images/*name*.png."""
        page = self.page(scheme, viewport, logged_in=logged_in)
        page.goto(self.url + path)
        page.wait_for_timeout(1200)
        page.screenshot(path=IMAGES / f"{name}.png", full_page=full)
        page.context.close()


def take_all(photographer: Photographer) -> None:
    """Take every picture that the docs show."""
    take = photographer.take
    take("subscribe", "/s/demonstration/")
    take("subscribe-dark", "/s/demonstration/", scheme="dark")
    take("subscribe-phone", "/s/demonstration/", viewport=PHONE)
    take("front", "/", full=True)
    take("brief-web", "/demonstration/", viewport=PHONE, scheme="dark")
    for scheme, end in (("light", ""), ("dark", "-dark")):
        take(f"dashboard{end}", "/admin/", scheme=scheme, logged_in=True)
        take(f"editor{end}", "/admin/briefs/brief/1/change/", scheme=scheme, logged_in=True)
        take(f"send{end}", "/admin/deliveries/edition/send/1/", scheme=scheme, logged_in=True)
        take(f"edition{end}", "/admin/deliveries/edition/1/change/", scheme=scheme, logged_in=True)
    take("editor-phone", "/admin/briefs/brief/1/change/", viewport=PHONE, logged_in=True)
    take("dashboard-phone", "/admin/", viewport=PHONE, logged_in=True)
    page = photographer.page("light", DESKTOP, logged_in=False)
    page.goto(f"{photographer.url}/inbox/")
    letter = page.locator("a[href^='/inbox/0']").first.get_attribute("href")
    page.context.close()
    assert letter
    take("inbox", letter)
    mail = {"width": 760, "height": 1000}
    take("mail", f"{letter}html/?scheme=light", viewport=mail)
    take("mail-dark", f"{letter}html/?scheme=dark", viewport=mail, scheme="dark")
    take("mail-phone", f"{letter}html/?scheme=light", viewport=PHONE)


def main() -> None:
    """Start a site, fill it, photograph it, end it."""
    os.environ.setdefault("INTELBRIEF_TEST_DATABASE", "sqlite")
    from intelbrief.ops.reaper import Reaper
    from tests import services

    services.reaper = Reaper()
    from tests.ops.installation import Installation

    installation = Installation()
    try:
        running = installation.start_and_wait()
        found = re.search(r"admin@example\.com\s+password (\S+)", running.words)
        assert found
        shell(
            {**installation.environment, "SITE_URL": f"http://127.0.0.1:{installation.port}"}, SEED
        )
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=["--no-sandbox", "--disable-background-networking"],
            )
            IMAGES.mkdir(exist_ok=True)
            take_all(Photographer(browser, f"http://127.0.0.1:{installation.port}", found[1]))
            browser.close()
        print(json.dumps(sorted(path.name for path in IMAGES.glob("*.png"))))
    finally:
        installation.remove()


if __name__ == "__main__":
    main()
