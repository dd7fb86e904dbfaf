"""One morning, in a real browser: a reader subscribes, an editor publishes, the mail is read."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site

# Real processes on a database of their own: one run tells all.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite_only]

HEADLINE = "The Lighthouse That Stayed Lit"
READER = "ada@lovelace.example"


def open_mail(page: Page, site: Site, words: str) -> None:
    """Open the newest message in the inbox whose lines match *words*."""
    for _try in range(400):
        page.goto(f"{site.url}/inbox/")
        line = page.get_by_role("link").filter(has_text=re.compile(words, re.DOTALL))
        if line.count():
            line.first.click()
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"No mail “{words}” came:\n{page.inner_text('body')}")


def mail(page: Page):
    """Return the HTML of the open message."""
    return page.frame_locator("iframe")


def follow(page: Page, name: str) -> Page:
    """Click a link of the open mail and return the page that it opens."""
    with page.context.expect_page() as opened:
        mail(page).get_by_role("link", name=re.compile(name)).first.click()
    opened.value.wait_for_load_state()
    return opened.value


def subscribe(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/s/demonstration/")
    page.get_by_label("E-mail address").fill(READER)
    page.wait_for_timeout(1100)  # the form takes nobody for a person who is quicker
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("inbox")


def confirm(page: Page, site: Site) -> None:
    open_mail(page, site, f"{READER}.*onfirm")
    question = follow(page, "onfirm")
    question.get_by_role("button", name="Yes, subscribe me").click()
    expect(question.get_by_role("heading", level=1)).to_contain_text("Welcome aboard")
    question.close()


def log_in(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/admin/")
    page.locator("input[name=login]").fill("Admin@Example.com")
    page.locator("input[name=password]").fill(site.password)
    page.locator("#login-form button[type=submit]").click()
    expect(page.get_by_role("link", name="Write a brief").first).to_be_visible()


def write(page: Page) -> None:
    page.get_by_role("link", name="Write a brief").first.click()
    page.locator("[name=publication]").select_option("1")
    page.locator("[name=headline]").fill(HEADLINE)
    points = page.locator("textarea[name^=key_points-]:visible")
    points.first.fill("The keeper stayed at his post")
    # The editor lays itself over the real textarea and keeps it in step.
    page.locator("textarea[name=body]").fill(
        "The storm came on Sunday, and the **light** burned.\n\n"
        "[The harbour](https://harbour.example/light) says thanks."
    )
    preview = page.frame_locator("[data-preview-frame]")
    expect(preview.get_by_role("heading", name=HEADLINE)).to_be_visible()
    expect(preview.get_by_text("The keeper stayed at his post").last).to_be_visible()
    expect(preview.locator("strong", has_text="light")).to_be_visible()


def publish(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Send…")).click()
    expect(page.get_by_text("1 active reader")).to_be_visible()
    page.get_by_role("button", name=re.compile("Send to 1 reader")).click()
    expect(
        page.get_by_text(re.compile("taken back|Held|goes out|scheduled", re.IGNORECASE)).first
    ).to_be_visible()


def test_from_the_sign_up_form_to_the_unsubscribe_link(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))

    subscribe(page, site)
    confirm(page, site)
    open_mail(page, site, f"{READER}.*elcome")

    log_in(page, site)
    # The hold is for people who change their mind; here it would only be waited for.
    page.goto(f"{site.url}/admin/briefs/publication/1/change/")
    page.get_by_text("Sender", exact=True).first.click()
    page.locator("[name=hold_seconds]").fill("0")
    with page.expect_navigation():
        page.locator("[name=_save]").first.click()
    page.goto(f"{site.url}/admin/")
    write(page)
    publish(page)
    finished = page.get_by_text(re.compile("finished", re.IGNORECASE)).first
    expect(finished).to_be_visible(timeout=100_000)

    open_mail(page, site, HEADLINE)
    expect(mail(page).get_by_text("The keeper stayed at his post").last).to_be_visible()
    in_browser = follow(page, "View in browser")
    expect(in_browser.get_by_role("heading", name=HEADLINE)).to_be_visible()
    in_browser.close()
    page.goto(f"{site.url}/demonstration/")
    page.get_by_role("link", name=HEADLINE).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HEADLINE)

    open_mail(page, site, HEADLINE)
    question = follow(page, "Unsubscribe")
    question.get_by_role("button", name="Unsubscribe").click()
    expect(question.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{site.url}/admin/subscribers/subscription/")
    expect(page.get_by_text("unsubscribed").first).to_be_visible()
    assert not faults, faults
    context.close()
