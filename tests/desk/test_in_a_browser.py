"""The desk in a real browser: what its scripts do (test_every_page: that no others run)."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from briefs.models import Brief, Publication
from deliveries.models import Edition
from subscribers.models import Subscriber
from tests.desk.browsing import Desk
from tests.make import make_brief, make_publication, make_readers

# What the pages show of the database is tested without a browser, on both.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]


def test_a_brief_is_written_with_its_preview_beside_it(desk: Desk) -> None:
    make_publication()
    page = desk.open("/admin/briefs/brief/add/")
    page.fill("#id_headline", "Two cranes arrive")
    page.locator("[data-point] textarea").first.click()
    page.keyboard.type("Second")
    page.keyboard.press("Enter")
    page.keyboard.type("First")
    page.keyboard.press("Alt+ArrowUp")
    page.locator("textarea[name=body]").click()
    page.keyboard.type("They **came** by barge.")
    page.wait_for_function(
        "document.querySelector('[data-preview-frame]').srcdoc.includes('>came<')"
    )
    assert "Harbour Brief: Two cranes arrive" in page.inner_text("[data-inbox]")
    page.click("[data-view=text]")
    assert "• First" in page.inner_text("[data-preview-text]")
    page.click("[data-save]")
    page.wait_for_url("**/change/")
    brief = Brief.objects.get()
    assert [point.text for point in brief.key_points.all()] == ["First", "Second"]
    assert brief.body == "They **came** by barge."
    assert desk.wrong == []


def test_key_points_are_removed_and_pasted_by_the_line(desk: Desk) -> None:
    brief = make_brief(key_points=("One", "Two", "Three"))
    page = desk.open(f"/admin/briefs/brief/{brief.pk}/change/")
    page.locator("[data-point-remove]").nth(1).click()
    page.locator("[data-point]:not([hidden]) textarea").last.click()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "• Four\\n- Five\\n");
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
            );
        }"""
    )
    assert desk.points() == ["One", "Three", "Four", "Five"]
    page.click("[data-save]")
    page.wait_for_load_state()
    texts = [point.text for point in brief.key_points.all()]
    assert texts == ["One", "Three", "Four", "Five"]


def test_a_pasted_brief_fills_the_form(desk: Desk) -> None:
    make_publication()
    page = desk.open("/admin/briefs/brief/add/")
    page.click("[data-paste-open]")
    page.fill(
        "[data-paste-text]",
        "April 6, 2016\n\nHarbour Brief: Cranes for the north quay\n\n• Two cranes arrived\n"
        "• A third is delayed\n\nThe cranes came by barge on Monday morning, before noon.\n\n"
        "For more information contact:\n",
    )
    page.click("[data-paste-go]")
    page.wait_for_selector(".ib-note-warning")
    assert page.input_value("#id_headline") == "Cranes for the north quay"
    assert page.input_value("#id_date") == "2016-04-06"
    assert desk.points() == ["Two cranes arrived", "A third is delayed"]
    assert "by barge" in page.input_value("textarea[name=body]")


def test_sent_from_the_screen_and_taken_back_from_its_page(desk: Desk) -> None:
    publication = make_publication(hold_seconds=60)
    make_readers(publication, 3)
    brief = make_brief(publication)
    page = desk.open(f"/admin/deliveries/edition/send/{brief.pk}/")
    page.click("text=Send to 3 readers")
    page.wait_for_selector("text=goes out in")
    page.click("text=Take it back")
    page.wait_for_selector("text=Taken back")
    assert Edition.objects.get().status == "withdrawn"
    assert desk.wrong == []


def test_the_brief_can_be_written_without_any_script(
    desk: Desk, browser: Browser, live_server: Any
) -> None:
    publication = Publication.objects.first() or make_publication()
    state = desk.page.context.storage_state()
    plain = browser.new_context(java_script_enabled=False, storage_state=state)
    page = plain.new_page()
    page.goto(f"{live_server.url}/admin/briefs/brief/add/")
    page.select_option("#id_publication", str(publication.pk))
    page.fill("#id_headline", "Written by hand")
    page.fill("#id_key_points-0-text", "A point")
    page.fill("#id_body", "A body.")
    page.click("[name=_continue]")
    plain.close()
    brief = Brief.objects.get()
    assert brief.headline == "Written by hand"
    assert [point.text for point in brief.key_points.all()] == ["A point"]


def test_the_screen_foresees_who_gets_it_when_and_a_segment_shows_what_its_rule_needs(
    desk: Desk,
) -> None:
    publication = make_publication()
    addresses = make_readers(publication, 3)
    Subscriber.objects.filter(address__in=addresses[:2]).update(
        time_zone="Asia/Tokyo", language="de"
    )
    page = desk.open("/admin/deliveries/segment/add/")
    page.select_option("#id_publication", str(publication.pk))
    page.fill("#id_name", "In German")
    row = page.locator("[data-rule]").first
    assert row.locator("[data-part]:visible").count() == 1
    row.locator("[data-part=kind] select").select_option("language:equal")
    assert row.locator("[data-part]:visible").count() == 2
    row.locator("[data-part=language] select").select_option("de")
    page.click("[data-segment] [type=submit]")
    page.get_by_text("2 readers as of now", exact=True).wait_for()

    page = desk.open(f"/admin/deliveries/edition/send/{make_brief(publication).pk}/")
    assert not page.locator("[name=local_time]").is_visible()
    page.check("[name=when][value=reader]")
    page.fill("[name=local_time]", "2030-07-01T06:00")
    page.locator("[data-plan]").get_by_text("Asia/Tokyo").wait_for()
    assert page.locator("[data-plan] tbody tr").count() == 2
    page.select_option("[name=segment]", label="In German")
    page.locator("[data-plan]").get_by_text("2 readers").wait_for()
    assert page.locator("[data-send-button]").inner_text().endswith("Schedule for this segment")
    page.click("[data-send-button]")
    page.wait_for_url("**/change/")
    edition = Edition.objects.get()
    assert (edition.clock, edition.local_time) == ("reader", "2030-07-01T06:00")
    assert edition.segment is not None
    assert desk.wrong == []


def test_on_a_phone_no_field_leaves_its_card_and_no_headline_is_clipped(
    desk: Desk, browser: Browser, live_server: Any
) -> None:
    publication = make_publication()
    make_brief(publication, headline="Veldhaven’s Ferries and the Price of a Quiet, Long Winter")
    phone = browser.new_context(
        viewport={"width": 375, "height": 740},
        is_mobile=True,
        storage_state=desk.page.context.storage_state(),
    )
    page = phone.new_page()
    for path in (f"{publication.pk}/change/", "add/"):
        page.goto(f"{live_server.url}/admin/briefs/publication/{path}")
        page.wait_for_selector(".overtype-toolbar, [data-markdown]")
        fields = page.locator("fieldset :is(input, textarea, .ib-markdown):visible")
        ends = [box["x"] + box["width"] for one in fields.all() if (box := one.bounding_box())]
        assert len(ends) > 4
        assert max(ends) <= 375 - 16
    page.goto(f"{live_server.url}/admin/briefs/brief/")
    cells = page.locator("#result_list tbody :is(th, td)")
    heights = cells.evaluate_all("cells => cells.map(c => [c.scrollHeight, c.clientHeight])")
    phone.close()
    assert len(heights) > 4
    assert all(whole <= shown for whole, shown in heights)
