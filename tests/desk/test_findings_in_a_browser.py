"""What stands against a brief leads to its field, in a real browser."""

import pytest

from tests.desk.browsing import Desk
from tests.make import make_fit_brief, make_publication, make_readers

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]


def test_each_finding_leads_to_its_field(desk: Desk) -> None:
    publication = make_publication(contact_block="", postal_address="")
    make_readers(publication, 1)
    brief = make_fit_brief(publication, key_points=("One", "TK"))
    page = desk.open(f"/admin/briefs/brief/{brief.pk}/change/")
    page.fill("[name=date]", "2026-04-06")
    page.wait_for_selector("[data-findings-list] >> text=The date line says", state="attached")
    assert page.inner_text("[data-findings-sum]") == "2 errors, 2 warnings"
    page.click("[data-findings] summary")
    rows = page.locator("[data-findings-list] li")
    kinds = rows.evaluate_all("rows => rows.map((row) => row.className)")
    assert kinds == ["ib-check-error"] * 2 + ["ib-check-warning"] * 2
    page.get_by_role("button", name="Key point 2").click()
    assert page.evaluate("document.activeElement.value") == "TK"
    page.click("[data-findings] summary")
    page.get_by_role("button", name="Contact block").press("Enter")
    assert page.evaluate("document.activeElement.closest('details').open")
    page.click("[data-findings] summary")
    href = page.locator("a.ib-finding-go").get_attribute("href")
    assert href == f"/admin/briefs/publication/{publication.pk}/change/"
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('[data-findings]').open")
    assert desk.wrong == []
