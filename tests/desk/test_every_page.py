"""Every page of the desk, full of an author's scripts: none runs, and axe finds no grave fault.

Then what authors reach besides: the preview, the pages of readers, and the mail.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from briefs.models import Publication
from deliveries.models import CompiledMail
from subscribers import tokens
from tests.desk import scene
from tests.desk.browsing import Desk, hold_still

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]
EVIL = "</title></script></textarea>\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
AXE = Axe().axe_script
GRAVE = {"serious", "critical"}
RUN = "([part, options]) => axe.run(part, options)"
DRESS = "is_dark => document.documentElement.classList.toggle('dark', is_dark)"


def faults_of(page: Page, path: str) -> Iterator[str]:
    """Yield what axe finds: labels, order, contrast in light and in dark.

    What stands around the main part is the same on each page, and is looked at on one.
    """
    part = "html" if path == "/admin/" else "#main"
    if page.locator("h1").count() != 1 or not page.title().removesuffix(" | IntelBrief"):
        yield f"{path} has not one title, and one heading of the first level"
    hold_still(page)
    # A form to add is the form to change, in its colours too.
    has_own_colours = not path.endswith("/add/")
    for scheme in ("light", "dark") if has_own_colours else ("light",):
        page.emulate_media(color_scheme=scheme)
        # The desk looks at the system's scheme when a page is loaded; this is what it does.
        page.evaluate(DRESS, scheme == "dark")
        # The preview's frame holds a mail, which tests/rendering looks at.
        options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
        if scheme == "dark":
            options["runOnly"] = ["color-contrast"]
        elif not has_own_colours:
            options["rules"] = {"color-contrast": {"enabled": False}}
        for found in page.evaluate(RUN, [part, options])["violations"]:
            if found["impact"] in GRAVE:
                yield f"{path} ({scheme}) {found['id']}: {found['nodes'][0]['html'][:160]}"


def look_at_the_preview(desk: Desk, publication: Publication) -> None:
    """Look at every view of it, and wherever scripts fetch something."""
    form = f"/admin/briefs/brief/{scene.draft().pk}/change/"
    screen = f"/admin/deliveries/edition/send/{scene.draft().pk}/"
    for path in ("/admin/", form, screen, f"/admin/briefs/publication/{publication.pk}/change/"):
        desk.open(path).wait_for_load_state("networkidle")
    page = desk.open(form)
    page.wait_for_function("document.querySelector('[data-preview-frame]').srcdoc.length > 100")
    for button in page.locator("[data-view]").all():
        button.click()
        page.wait_for_timeout(150)


def look_as_a_reader(desk: Desk, publication: Publication) -> None:
    """Look at the pages on the web and at the mail's view in a browser."""
    for path in ("/", f"/{publication.slug}/", f"/s/{publication.slug}/"):
        desk.open(path).wait_for_timeout(50)
    page = desk.open(f"/{publication.slug}/")
    page.locator("article a, main li a, main h2 a").first.click()
    expect(page.locator("h1")).to_contain_text("<script>")
    edition = CompiledMail.objects.get().edition_id
    desk.open(f"/v/{tokens.view.make(edition, 0)}").wait_for_timeout(100)


def trapped(desk: Desk, html: str, *, is_evil: bool = False) -> list[str]:
    """Return what *html* does on a page without any policy, as of a mail program with scripts."""
    trap = Desk(desk.page.context.new_page(), "about:blank")
    if is_evil:
        with trap.page.expect_event("dialog"):
            trap.page.set_content(html)
    else:
        trap.page.set_content(html)
        trap.page.wait_for_timeout(200)
    return trap.wrong


def test_no_page_has_a_grave_fault_and_no_script_of_an_author_runs_anywhere(
    desk: Desk, smtp_server: Any
) -> None:
    """The trap notes each dialog, each fault of a script, and each request to another site."""
    publication = scene.make(EVIL)
    pages = scene.pages()
    assert len(pages) > 30
    assert "/admin/" in pages
    desk.page.add_init_script(AXE)
    faults = [fault for path in pages for fault in faults_of(desk.open(path), path)]
    assert not faults, "\n".join(faults)
    look_at_the_preview(desk, publication)
    look_as_a_reader(desk, publication)
    assert desk.wrong == []

    html = smtp_server.messages[0].message.get_body(("html",)).get_content()
    assert "onerror=alert(2)&gt;" in html
    assert trapped(desk, EVIL, is_evil=True)[0] == "dialog: 1"
    found = trapped(desk, html)
    # What is ours: pictures of the site, and the pixel that counts opens.
    ours = ("asked http://localhost", f"asked {settings.SITE_URL}/o/")
    assert [word for word in found if not word.startswith(ours)] == []
