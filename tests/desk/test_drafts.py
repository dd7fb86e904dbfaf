"""Drafts: what was typed and never saved is found again, by its writer and nobody else."""

import datetime as dt
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from briefs import drafts, revisions, workflow
from briefs.models import Author, Brief, Draft, Publication, Topic, User
from tests.desk.conftest import FormOf
from tests.make import make_brief, make_user

pytestmark = pytest.mark.django_db
ADD = "/admin/briefs/brief/add/"
KEEP = "/admin/briefs/brief/drafts/keep/"
THROW = "/admin/briefs/brief/drafts/throw-away/"
COMPARE = "/admin/briefs/brief/drafts/compare/"
KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


def change(brief: Brief) -> str:
    return reverse("admin:briefs_brief_change", args=[brief.pk])


@pytest.fixture
def typed(publication: Publication, form_of: FormOf) -> dict[str, Any]:
    """Return what the page of a new brief sends while somebody types."""
    return form_of(publication, headline="Cranes in mid-sen", draft_key=KEY, draft_turn="0")


def of_brief(typed: dict[str, Any], brief: Brief, **given: Any) -> dict[str, Any]:
    return {**typed, "brief": brief.pk, "text_version": brief.text_version, **given}


def test_a_new_brief_is_kept_offered_and_listed_to_its_writer_alone(
    wanda: Client, paul: Client, typed: dict[str, Any]
) -> None:
    assert wanda.post(KEEP, typed).json()["turn"] == 1
    later = {**typed, "headline": "Cranes in mid-sentence", "draft_turn": "1"}
    assert wanda.post(KEEP, later).json()["turn"] == 2
    draft = Draft.objects.get()
    assert draft.fields["key_points"] == ["First point", "Second point"]
    assert not Brief.objects.exists()
    page = wanda.get(f"{ADD}?draft={KEY}")
    assert "never saved" in page.content.decode()
    assert page.context["draft_values"]["fields"]["headline"] == "Cranes in mid-sentence"
    assert "Cranes in mid-sentence" in wanda.get("/admin/briefs/brief/").content.decode()
    for path in (f"{ADD}?draft={KEY}", "/admin/briefs/brief/"):
        assert "mid-sentence" not in paul.get(path).content.decode()


@pytest.mark.sqlite_only
def test_what_differs_from_the_stored_brief_is_shown_in_words(
    wanda: Client, brief: Brief, typed: dict[str, Any]
) -> None:
    wanda.post(KEEP, of_brief(typed, brief, headline="The Port’s Old Cranes", body=brief.body))
    page = wanda.get(change(brief)).content.decode()
    assert "Old</ins>" in page
    assert "New</del>" in page


def test_a_draft_that_says_what_is_stored_is_not_offered(
    wanda: Client, brief: Brief, typed: dict[str, Any], form_of: FormOf
) -> None:
    wanda.post(KEEP, of_brief(typed, brief))
    wanda.post(change(brief), {**typed, "draft_turn": ""})
    assert Draft.objects.exists()
    assert "never saved" not in wanda.get(change(brief)).content.decode()
    assert not Draft.objects.exists()


def test_a_save_ends_the_draft_of_its_own_tab_only(
    wanda: Client, publication: Publication, typed: dict[str, Any]
) -> None:
    wanda.post(KEEP, {**typed, "draft_tab": "one"})
    other = "1f8fad5b-d9cb-469f-a165-70867728950e"
    wanda.post(KEEP, {**typed, "draft_key": other, "headline": "Another"})
    wanda.post(ADD, {**typed, "draft_tab": "one", "draft_turn": "0"})
    assert [draft.key for draft in Draft.objects.all()] == [other]
    brief = Brief.objects.get()
    wanda.post(KEEP, of_brief(typed, brief, headline="In tab two", draft_tab="two"))
    wanda.post(change(brief), {**typed, "headline": "In tab one", "draft_tab": "one"})
    assert Draft.objects.get(brief=brief).fields["headline"] == "In tab two"


def test_a_tab_that_does_not_know_of_the_latest_words_overwrites_nothing(
    wanda: Client, brief: Brief, typed: dict[str, Any]
) -> None:
    wanda.post(KEEP, of_brief(typed, brief, headline="From tab one"))
    answer = wanda.post(KEEP, of_brief(typed, brief, headline="From tab two"))
    assert (answer.status_code, answer.json()["turn"]) == (409, 1)
    assert "open in another tab" in answer.json()["error"]
    assert Draft.objects.get().fields["headline"] == "From tab one"
    knowingly = of_brief(typed, brief, headline="From tab two", over_others="1")
    assert wanda.post(KEEP, knowingly).json()["turn"] == 2
    assert wanda.post(KEEP, of_brief(typed, brief, draft_turn="1")).status_code == 409
    assert Draft.objects.get().fields["headline"] == "From tab two"


def test_words_for_a_brief_that_was_deleted_or_closed_meanwhile_stay(
    wanda: Client, root: Client, brief: Brief, typed: dict[str, Any]
) -> None:
    wanda.post(KEEP, of_brief(typed, brief))
    root.post(reverse("admin:briefs_brief_delete", args=[brief.pk]), {"post": "yes"})
    assert Draft.objects.get().fields["headline"] == "Cranes in mid-sen"
    assert "was deleted" in wanda.post(KEEP, of_brief(typed, brief)).json()["gone"]
    answer = wanda.post(change(brief), {**typed, "headline": "Saved too late", "draft_turn": "1"})
    assert answer.headers["Location"].startswith(f"{ADD}?draft=")
    assert Draft.objects.filter(fields__headline="Saved too late").exists()
    closed = make_brief(brief.publication)
    workflow.publish(closed, revisions.take(closed), timezone.now())
    answer = wanda.post(change(closed), {**typed, "headline": "Typed till it was out"})
    page = wanda.get(answer.headers["Location"]).content.decode()
    assert "till it was out" in page
    assert "data-draft-restore" not in page


def test_a_draft_is_thrown_away_by_its_writer_and_no_later_word_with_it(
    wanda: Client, paul: Client, typed: dict[str, Any]
) -> None:
    wanda.post(KEEP, typed)
    wanda.post(KEEP, {**typed, "draft_turn": "1"})
    draft = Draft.objects.get()
    json = {"accept": "application/json"}
    for browser, turn in ((paul, 2), (wanda, 1), (wanda, "9" * 18)):
        asked = {"draft": draft.pk, "turn": turn}
        assert browser.post(THROW, asked, headers=json).status_code == 409
    assert wanda.post(THROW, {"draft": draft.pk, "turn": 2}).status_code == 302
    assert not Draft.objects.exists()


@pytest.mark.sqlite_only
def test_what_is_too_large_is_refused_with_words(
    wanda: Client, typed: dict[str, Any], monkeypatch: Any
) -> None:
    answer = wanda.post(KEEP, {**typed, "body": "ä" * 600_000})
    assert answer.status_code == 413
    assert "stays in this browser" in answer.json()["error"]
    monkeypatch.setattr(drafts, "MOST_NEW", 0)
    assert wanda.post(KEEP, typed).status_code == 413
    assert not Draft.objects.exists()


def test_nonsense_is_kept_or_refused_and_never_an_error(
    wanda: Client, brief: Brief, typed: dict[str, Any]
) -> None:
    wild = {
        "publication": "x" * 300, "date": "yesterday", "topics": ["²", "9" * 30, "-1"],
        "authors": ["9" * 18], "access": "<script>", "due_at": "\u2028", "draft_turn": "9" * 18,
        "text_version": "9" * 18, "text_base": "a:b " * 9_000, "draft_tab": "t" * 900,
        "key_points-TOTAL_FORMS": "9" * 18, "headline": "<script>alert(1)</script>",
    }  # fmt: skip
    assert wanda.post(KEEP, of_brief(typed, brief, **wild)).status_code == 200
    page = wanda.get(change(brief)).content.decode()
    assert "<script>alert" not in page
    assert wanda.post(COMPARE, of_brief(typed, brief, **wild)).status_code == 200
    assert wanda.post(KEEP, {**typed, "draft_key": "../../x"}).status_code == 400
    for path in (KEEP, THROW, COMPARE):
        assert wanda.get(path).status_code == 405
        assert wanda.post(path, {"brief": "9" * 99, "draft": "x"}).status_code in (200, 400, 302)


@pytest.mark.sqlite_only
def test_nobody_keeps_or_compares_what_they_may_not_write(
    stan: Client, client: Client, brief: Brief, typed: dict[str, Any]
) -> None:
    client.force_login(make_user("nobody@harbour.example"))
    for path in (KEEP, COMPARE):
        assert stan.post(path, of_brief(typed, brief)).status_code == 403
        assert client.post(path, typed).status_code == 403
        assert Client().post(path, typed).status_code == 302
    assert stan.post(change(brief), typed).status_code in (302, 403)
    assert not Draft.objects.filter(brief=brief).exists()


def test_drafts_of_two_months_ago_are_forgotten(wanda: Client, typed: dict[str, Any]) -> None:
    wanda.post(KEEP, typed)
    Draft.objects.update(saved_at=timezone.now() - dt.timedelta(days=59))
    assert drafts.forget_old() == 0
    Draft.objects.update(saved_at=timezone.now() - dt.timedelta(days=61))
    assert drafts.forget_old() == 1


@pytest.mark.sqlite_only
def test_a_new_brief_starts_from_the_last_ones_shape(
    wanda: Client, publication: Publication
) -> None:
    topic = Topic.objects.create(publication=publication, name="Ports", slug="ports")
    publication.default_topics.add(topic)
    ada = Author.objects.create(name="Ada", slug="ada")
    last = make_brief(publication, series="Night Brief", contact_block="The night desk")
    last.authors.add(ada)
    form = wanda.get(ADD).context["adminform"].form
    names = ("series", "topics", "authors", "contact_block", "headline")
    started = {name: form[name].value() for name in names}
    assert started == {
        "series": "Night Brief", "topics": [topic.pk], "authors": [ada.pk],
        "contact_block": "The night desk", "headline": None,
    }  # fmt: skip


# --- a browser that is killed -------------------------------------------------


def _start(chromium: str, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [chromium, "--headless=new", "--no-sandbox", "--remote-debugging-port=0",
         f"--user-data-dir={folder}", "about:blank"],
        start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _address(folder: Path) -> str:
    for _look in range(300):
        if (port := folder / "DevToolsActivePort").exists() and (lines := port.read_text().split()):
            return f"http://127.0.0.1:{lines[0]}"
        time.sleep(0.05)
    raise AssertionError("Chromium did not start.")


def _log_in(context: BrowserContext, user: User, url: str) -> Page:
    """Return a page of *user*'s, who has logged in there."""
    client = Client()
    client.force_login(user)
    key = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": url}])
    return context.new_page()


@pytest.mark.browser
@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_browser_killed_in_mid_sentence_loses_no_word(
    live_server: Any, tmp_path: Path, playwright: Playwright, browser: Browser, chromium: str
) -> None:
    user = make_user(is_superuser=True)
    brief = make_brief(body="")
    form = live_server.url + change(brief)
    process = _start(chromium, tmp_path / "first")
    first = playwright.chromium.connect_over_cdp(_address(tmp_path / "first"))
    page = _log_in(first.contexts[0], user, live_server.url)
    page.goto(form)
    page.fill("#id_headline", "Two cranes arr")
    page.locator("textarea[name=body]").click()
    page.keyboard.type("The cranes came by ba")
    page.locator("[data-draft-state]", has_text="Kept").wait_for()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    # Another machine: nothing of the first browser is there.
    elsewhere = browser.new_context()
    page = _log_in(elsewhere, user, live_server.url)
    page.goto(form)
    page.click("[data-draft-restore]")
    assert page.input_value("#id_headline") == "Two cranes arr"
    assert page.input_value("textarea[name=body]") == "The cranes came by ba"
    page.locator("[data-draft-state]", has_text="Kept").wait_for()

    # A second tab of the same writer is told, and overwrites nothing.
    tab = page.context.new_page()
    tab.goto(form)
    tab.fill("#id_headline", "From the second tab")
    tab.locator("[data-draft-trouble]", has_text="open in another tab").wait_for()
    assert Draft.objects.get(user=user).fields["headline"] == "Two cranes arr"
    brief.refresh_from_db()
    assert brief.body == ""
    elsewhere.close()
