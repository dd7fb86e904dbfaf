"""A morning at the desk: pasted, checked, signed off, changed, approved anew, sent, corrected."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.test_journey import mail, open_mail

# Real processes on a database of their own: one run tells all.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite_only]

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "kelp-and-anchors-9"
HEADLINE = "Northern Quay Opens a Week Early"
# In the shape in which briefs are pasted; its contact line is left empty.
PASTED = """March 3, 2026

Demonstration: Northern Quay Opens a Week Early

• The quay took its first ship on Monday
• Two of its four cranes work already
• The railway is not ready

The harbour opened its northern quay a week before the day it had announced. The first
ship lay alongside by noon.

Two cranes stand idle, since their drivers are still in training. The railway has asked
for another month.

For more information contact:
"""
COLLEAGUES = f"""
from briefs.models import Membership, Publication, User
from intelbrief.ops import demo
from tests.make import make_readers
publication = demo.make_publication("morning")
Publication.objects.filter(pk=publication.pk).update(
    needs_approval=True, contact_block="", hold_seconds=0
)
for name, role in (("wanda", "writer"), ("edgar", "editor"), ("paula", "publisher")):
    user = User.objects.create_user(
        f"{{name}}@harbour.example", "{PASSWORD}", name=name.title(), is_staff=True
    )
    Membership.objects.create(user=user, publication=publication, role=role)
make_readers(publication, 3)
"""


class Colleague:
    """Somebody at the desk, in a browser of their own."""

    def __init__(self, browser: Browser, site: Site, name: str, faults: list[str]) -> None:
        self.page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))
        self.url = site.url
        self.page.goto(f"{site.url}/admin/login/")
        self.page.locator("input[name=login]").fill(f"{name}@harbour.example")
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("#login-form button[type=submit]").click()
        expect(self.page.get_by_role("link", name="Write a brief").first).to_be_visible()

    def at(self, brief: str) -> Page:
        """Open the brief anew."""
        self.page.goto(brief)
        return self.page

    def press(self, name: str) -> None:
        """Press a button that leads to a page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=re.compile(name)).first.click()


def says(page: Page, words: str) -> None:
    """Expect *words* on the page, where a person would see them."""
    expect(page.get_by_text(re.compile(words)).locator("visible=true").first).to_be_visible()


def draft(wanda: Colleague) -> str:
    """Write a brief by pasting it; return the address of its form."""
    page = wanda.page
    page.get_by_role("link", name="Write a brief").first.click()
    page.get_by_role("button", name="Paste a whole brief").click()
    page.get_by_label("The brief as plain text").fill(PASTED)
    page.get_by_role("button", name="Fill the fields").click()
    expect(page.locator("[name=headline]")).to_have_value(HEADLINE)
    preview = page.frame_locator("[data-preview-frame]")
    expect(preview.get_by_role("heading", name=HEADLINE)).to_be_visible()
    expect(preview.get_by_text("Two of its four cranes work already").last).to_be_visible()
    with page.expect_navigation():
        page.locator("[data-save]").click()
    brief = page.url.partition("#")[0]
    wanda.press("Save and hand in")
    return brief


def hand_in_and_approve(wanda: Colleague, edgar: Colleague, brief: str) -> None:
    wanda.at(brief)
    wanda.press("Save and hand in")
    says(wanda.page, "Those who may approve it are told")
    edgar.at(brief)
    edgar.press("Approve")
    says(edgar.page, "Approved")


def test_a_brief_is_signed_off_sent_and_corrected(browser: Browser, site: Site) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", COLLEAGUES],
        cwd=ROOT,
        env={**site.installation.environment, "SITE_URL": site.url},
        check=True,
    )
    faults: list[str] = []
    wanda, edgar, paula = (
        Colleague(browser, site, name, faults) for name in ("wanda", "edgar", "paula")
    )

    brief = draft(wanda)
    says(wanda.page, "not handed in: The contact block")
    wanda.page.get_by_text("Contact block, web address").click()
    wanda.page.locator("textarea[name=contact_block]").fill("Ask [us](mailto:us@harbour.example).")
    wanda.press("Save and hand in")
    says(wanda.page, "Those who may approve it are told")
    expect(wanda.page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)

    edgar.page.goto(f"{site.url}/admin/")
    edgar.page.get_by_role("link", name=re.compile(HEADLINE)).first.click()
    edgar.press("Approve")
    says(edgar.page, "Approved")

    # One comma, and what was approved is not what would be mailed.
    body = wanda.at(brief).locator("textarea[name=body]")
    body.fill(body.input_value().replace("by noon", "by noon, exactly"))
    wanda.page.locator("[data-save]").click()
    says(wanda.page, "Changed since it was approved")
    page = paula.at(brief)
    page.get_by_role("button", name=re.compile("Send…")).click()
    says(page, "changed since it was approved")
    paula.press("Send to 3 readers")
    says(page, "not approved as it stands: it was changed after Edgar had approved it")
    expect(page).to_have_url(re.compile("/send/"))

    hand_in_and_approve(wanda, edgar, brief)
    paula.at(brief)
    page.get_by_role("button", name=re.compile("Send…")).click()
    paula.press("Send a test")
    says(page, "test is on its way")
    paula.press("Send to 3 readers")
    expect(page.get_by_text("finished", exact=False).first).to_be_visible(timeout=100_000)
    expect(page.get_by_text(re.compile(r"\b100(\.0)? ?%")).first).to_be_visible(timeout=100_000)

    open_mail(page, site, f"Demonstration: {HEADLINE}")  # not the word that it was approved
    expect(mail(page).get_by_text("The railway is not ready").last).to_be_visible()

    body = wanda.at(brief).locator("textarea[name=body]")
    expect(body).to_have_count(0)  # what was sent is no writer's draft
    body = paula.at(brief).locator("textarea[name=body]")
    body.fill(body.input_value().replace("another month", "another fortnight"))
    page.locator("[data-save]").click()
    says(page, "Changed since it was sent")
    paula.press("Save and hand in")
    edgar.at(brief)
    edgar.press("Approve")
    paula.at(brief)
    page.get_by_role("link", name="Issue a correction").click()
    page.get_by_label("Notice").fill("The railway asked for a fortnight, not a month.")
    by_mail = page.locator("[name=by_mail]")
    by_mail.check()
    says(page, "exactly those who got the wrong text, 3 at most")
    paula.press("Issue the correction")

    page.goto(f"{site.url}/morning/")
    page.get_by_role("link", name=HEADLINE).first.click()
    says(page, "The railway asked for a fortnight, not a month")
    open_mail(page, site, "Correction: ")
    expect(mail(page).get_by_text("not a month").first).to_be_visible()
    page.goto(f"{site.url}/inbox/")
    expect(page.get_by_role("link").filter(has_text="Correction: ")).to_have_count(3)
    assert not faults, faults
