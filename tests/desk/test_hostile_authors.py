"""An author who writes scripts: none runs at the desk, on the web, or in the mail."""

from typing import Any

import pytest
from playwright.sync_api import expect

from deliveries.models import CompiledMail
from subscribers import tokens
from tests.desk import scene
from tests.desk.browsing import Desk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]
EVIL = "</title></script></textarea>\"'><script>alert(1)</script><img src=x onerror=alert(2)>"


def test_no_script_of_an_author_runs_anywhere(desk: Desk, smtp_server: Any) -> None:
    """The trap notes each dialog, each fault of a script, and each request to another site."""
    publication = scene.make(EVIL)
    for path in scene.pages():
        desk.open(path).wait_for_timeout(50)
    form = f"/admin/briefs/brief/{scene.draft().pk}/change/"
    screen = f"/admin/deliveries/edition/send/{scene.draft().pk}/"
    for path in ("/admin/", form, screen, f"/admin/briefs/publication/{publication.pk}/change/"):
        desk.open(path).wait_for_load_state("networkidle")  # what their scripts fetch, too
    page = desk.open(form)
    page.wait_for_function("document.querySelector('[data-preview-frame]').srcdoc.length > 100")
    for button in page.locator("[data-view]").all():
        button.click()
        page.wait_for_timeout(150)
    for path in ("/", f"/{publication.slug}/", f"/s/{publication.slug}/"):
        desk.open(path).wait_for_timeout(50)
    page = desk.open(f"/{publication.slug}/")
    page.locator("article a, main li a, main h2 a").first.click()
    expect(page.locator("h1")).to_contain_text("<script>")
    mail = smtp_server.messages[0]
    html = mail.message.get_body(("html",)).get_content()
    assert "onerror=alert(2)&gt;" in html
    # A page without any policy, as of a mail program that runs scripts: the trap works there.
    trap = Desk(desk.page.context.new_page(), "about:blank")
    with trap.page.expect_event("dialog"):
        trap.page.set_content(EVIL)
    assert trap.wrong[0] == "dialog: 1"
    trap = Desk(desk.page.context.new_page(), "about:blank")
    trap.page.set_content(html)
    trap.page.wait_for_timeout(200)
    assert [word for word in trap.wrong if not word.startswith("asked http://localhost")] == []
    edition = CompiledMail.objects.get().edition_id
    desk.open(f"/v/{tokens.view.make(edition, 0)}").wait_for_timeout(100)
    assert desk.wrong == []
