"""Two who write one brief at once: nobody's words go silently."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisIsAway

from briefs import text_versions
from briefs.models import AuditEntry, Brief, Publication
from tests.desk.conftest import FormOf
from tests.make import make_member

pytestmark = pytest.mark.django_db
PRESENCE = "/admin/briefs/brief/drafts/presence/"


def change(brief: Brief) -> str:
    return reverse("admin:briefs_brief_change", args=[brief.pk])


def opened(browser: Client, brief: Brief, form_of: FormOf, **typed: Any) -> dict[str, Any]:
    """Return what the form of *brief* posts once it was opened and typed in."""
    page = browser.get(change(brief)).context
    form = page["adminform"].form
    shown = {name: form[name].value() for name in ("headline", "body", "series", "date")}
    points = [point.text for point in brief.key_points.all()]
    hidden = {name: page[name] for name in ("text_version", "text_base", "draft_key")}
    return form_of(brief.publication, points, **{**shown, **hidden, "_continue": "1", **typed})


@pytest.fixture
def late(wanda: Client, paul: Client, brief: Brief, form_of: FormOf) -> dict[str, Any]:
    """Return what Wanda posts: her own headline, on a brief whose text Paul has saved since."""
    typed = opened(wanda, brief, form_of, headline="Cranes, by Wanda", body=brief.body)
    theirs = opened(paul, brief, form_of, headline="Cranes, by Paul", body="Paul’s body.")
    assert paul.post(change(brief), theirs).status_code == 302
    return typed


def chosen(page: str, typed: dict[str, Any], **choices: str) -> dict[str, Any]:
    """Return the refused form as it is sent with *choices*: {"headline": "theirs"}."""
    hidden = dict(re.findall(r'name="((?:seen|mine)[^"]*)" value="([^"]*)"', page))
    takes = {f"take-{name}": choice for name, choice in choices.items()}
    return {**typed, **hidden, **takes, "_resolve": "1"}


def test_a_save_from_an_older_version_is_refused_and_keeps_all_that_was_typed(
    wanda: Client, brief: Brief, late: dict[str, Any]
) -> None:
    answer = wanda.post(change(brief), late)
    page = answer.content.decode()
    brief.refresh_from_db()
    assert (brief.headline, brief.body) == ("Cranes, by Paul", "Paul’s body.")
    assert "Nothing was saved yet" in page
    assert answer.context["adminform"].form["headline"].value() == "Cranes, by Wanda"
    assert "paul@harbour.example saved this brief while you were writing" in page
    found = {one.name: one.is_both for one in answer.context["conflict"]["differences"]}
    assert found == {"headline": True, "body": False}
    assert "<ins>" in page
    # The same again is no way to overwrite.
    assert wanda.post(change(brief), late).context["conflict"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("choices", "headline", "body"),
    [
        ({"headline": "mine", "body": "theirs"}, "Cranes, by Wanda", "Paul’s body."),
        ({"headline": "theirs", "body": "theirs"}, "Cranes, by Paul", "Paul’s body."),
        ({"headline": "mine", "body": "mine"}, "Cranes, by Wanda", "The cranes arrived"),
    ],
    ids=["field-by-field", "theirs", "on-top"],
)
def test_the_later_writer_chooses_field_by_field(
    wanda: Client, brief: Brief, late: dict[str, Any], choices: Any, headline: str, body: str
) -> None:
    page = wanda.post(change(brief), late).content.decode()
    assert wanda.post(change(brief), chosen(page, late, **choices)).status_code == 302
    brief.refresh_from_db()
    assert brief.headline == headline
    assert brief.body.startswith(body)


@pytest.mark.sqlite_only
def test_what_is_typed_on_the_refused_page_goes_before_a_choice(
    wanda: Client, brief: Brief, late: dict[str, Any]
) -> None:
    page = wanda.post(change(brief), late).content.decode()
    posted = chosen(page, {**late, "body": "Both in one."}, headline="mine", body="theirs")
    assert wanda.post(change(brief), posted).status_code == 302
    brief.refresh_from_db()
    assert brief.body == "Both in one."


def test_a_third_save_meanwhile_is_asked_about_again(
    wanda: Client, paul: Client, brief: Brief, late: dict[str, Any], form_of: FormOf
) -> None:
    page = wanda.post(change(brief), late).content.decode()
    paul.post(change(brief), opened(paul, brief, form_of, body="Paul again."))
    answer = wanda.post(change(brief), chosen(page, late, headline="mine", body="mine"))
    assert [one.name for one in answer.context["conflict"]["differences"]] == ["body"]
    brief.refresh_from_db()
    assert brief.body == "Paul again."


def test_a_row_that_a_colleague_removed_can_be_put_back(
    wanda: Client, paul: Client, brief: Brief, form_of: FormOf
) -> None:
    first, second = brief.key_points.all()
    typed = opened(wanda, brief, form_of, headline="Mine")
    typed |= {
        "key_points-INITIAL_FORMS": 2, "key_points-0-id": first.pk, "key_points-1-id": second.pk,
    }  # fmt: skip
    theirs = opened(paul, brief, form_of, **{"key_points-1-DELETE": "on"})
    assert paul.post(change(brief), theirs).status_code == 302
    page = wanda.post(change(brief), typed).content.decode()
    wanda.post(change(brief), chosen(page, typed, key_points="mine"))
    assert [point.text for point in brief.key_points.all()] == [first.text, second.text]


def test_the_same_save_twice_is_no_conflict(wanda: Client, brief: Brief, form_of: FormOf) -> None:
    typed = opened(wanda, brief, form_of, body="One line.\r\n\r\nAnother.")
    for _click in range(2):
        assert wanda.post(change(brief), typed).status_code == 302
    assert AuditEntry.objects.filter(brief=brief, verb="edited").count() == 1


def test_a_save_that_comes_between_look_and_write_is_seen(
    wanda: Client, brief: Brief, form_of: FormOf, monkeypatch: Any
) -> None:
    typed = opened(wanda, brief, form_of, headline="Wanda’s")
    real = text_versions.advance
    calls: list[Brief] = []

    def late_advance(row: Brief) -> None:
        if not calls:
            calls.append(row)
            raise text_versions.SavedMeanwhile
        real(row)

    monkeypatch.setattr(text_versions, "advance", late_advance)
    assert wanda.post(change(brief), typed).status_code == 302
    brief.refresh_from_db()
    assert brief.headline == "Wanda’s"


def test_a_version_that_is_none_overwrites_nothing(
    wanda: Client, brief: Brief, form_of: FormOf
) -> None:
    for version in ("", "9" * 400):
        typed = opened(wanda, brief, form_of, headline="New", text_version=version, text_base="?")
        assert "Nothing was saved yet" in wanda.post(change(brief), typed).content.decode()
    brief.refresh_from_db()
    assert brief.headline != "New"


@pytest.mark.sqlite_only
def test_who_else_is_here_is_told_with_name_and_time(
    wanda: Client, paul: Client, brief: Brief
) -> None:
    asked = {"brief": brief.pk, "text_version": brief.text_version}
    assert paul.post(PRESENCE, asked).json()["lines"] == []
    (line,) = wanda.post(PRESENCE, {**asked, "typing": "1"}).json()["lines"]
    assert re.match(r"paul@harbour.example has this brief open, since \d\d:\d\d", line)
    assert "wanda@harbour.example is writing" in paul.get(change(brief)).content.decode()
    Brief.objects.update(text_version=7)
    assert "saved this brief after you opened it" in paul.post(PRESENCE, asked).json()["lines"][1]


@pytest.mark.sqlite_only
def test_without_redis_nobody_is_warned_and_nothing_fails(
    wanda: Client, brief: Brief, monkeypatch: Any
) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise RedisIsAway

    for name in ("add", "touch", "get_many"):
        monkeypatch.setattr(cache, name, away)
    assert wanda.post(PRESENCE, {"brief": brief.pk}).json()["lines"] == []
    assert wanda.get(change(brief)).status_code == 200


@pytest.mark.sqlite_only
def test_a_stranger_learns_nothing_of_who_is_here(
    stan: Client, client: Client, brief: Brief
) -> None:
    assert stan.post(PRESENCE, {"brief": brief.pk}).status_code == 403
    assert client.post(PRESENCE, {"brief": brief.pk}).status_code == 302
    assert stan.get(PRESENCE).status_code == 405


def test_times_are_read_in_the_editors_zone_and_only_years_that_are_meant(
    client: Client, publication: Publication, form_of: FormOf
) -> None:
    client.force_login(make_member(publication, "writer", time_zone="Asia/Tokyo"))
    add = "/admin/briefs/brief/add/"
    for year in ("0001", "9999"):
        posted = form_of(publication, due_at=f"{year}-01-01T00:00")
        assert "Write a year between 2000 and 2100" in client.post(add, posted).content.decode()
    client.post(add, form_of(publication, due_at="2026-04-06T06:00"))
    assert Brief.objects.get().due_at == dt.datetime(2026, 4, 5, 21, tzinfo=dt.UTC)
