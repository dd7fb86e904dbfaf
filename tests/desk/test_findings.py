"""Findings beside the form and on the send screen: said without waiting, to whom they concern."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from briefs import revisions
from deliveries.preflight import lookups, reachable, targets
from deliveries.preflight.targets import State, Verdict
from tests.make import make_fit_brief, make_member, make_publication, make_readers

pytestmark = pytest.mark.django_db
LINK = "https://news.harbour-watch.org/cranes"


@pytest.fixture
def publication():
    publication = make_publication()
    make_readers(publication, 1)
    return publication


def typed(brief, **changes):
    """Return what the form of *brief* posts."""
    points = {f"key_points-{row}-text": text for row, text in enumerate(["One.", "Two."])}
    return {
        "publication": brief.publication_id, "headline": brief.headline, "date": brief.date,
        "series": "", "preheader": brief.preheader, "body": brief.body, "contact_block": "",
        "key_points-TOTAL_FORMS": 2, **points, **changes,
    }  # fmt: skip


def ask(client, brief=None, **changes):
    url = reverse("admin:deliveries_findings") + (
        f"?brief={brief.pk}" if brief and brief.pk else ""
    )
    return client.post(url, typed(brief, **changes))


def rules(answer):
    found = answer.json()
    return [finding["rule"] for kind in ("errors", "warnings") for finding in found[kind]]


def test_a_writer_is_told_what_stands_against_the_mail_while_they_write(client, publication):
    client.force_login(make_member(publication, "writer"))
    brief = make_fit_brief(publication)
    assert rules(ask(client, brief)) == []
    assert rules(ask(client, brief, body="words " * 13_000)) == ["large"]
    assert rules(ask(client, brief, date="2026-04-05")) == ["date-not-today"]
    tomorrow = timezone.now() + dt.timedelta(days=1)
    due = {"due_at": f"{tomorrow:%Y-%m-%dT%H:%M}", "date": f"{tomorrow:%Y-%m-%d}"}
    assert rules(ask(client, brief, **due)) == []
    until = f"{tomorrow + dt.timedelta(hours=1):%Y-%m-%dT%H:%M}"
    assert rules(ask(client, brief, **due, embargo_until=until)) == ["embargo-later"]
    unsaved = type(brief)(publication=publication, headline="New", date=brief.date)
    assert rules(ask(client, unsaved, due_at="2026-", body="")) == []


def test_the_preview_names_rule_and_place(client, publication):
    client.force_login(make_member(publication, "writer"))
    answer = client.post(
        reverse("admin:briefs_brief_preview"),
        typed(make_fit_brief(publication), headline="TK"),
        headers={"Accept": "application/json"},
    )
    (warning,) = answer.json()["warnings"]
    assert (warning["rule"], warning["where"]) == ("left-over", "headline")


@pytest.mark.parametrize("who", ["nobody", "outsider", "of another brief"])
def test_nobody_else_is_told(client, publication, who):
    other = make_publication()
    brief = make_fit_brief(publication)
    if who != "nobody":
        client.force_login(make_member(other, "owner"))
    values = {"publication": other.pk} if who == "of another brief" else {}
    assert ask(client, brief, **values).status_code == (302 if who == "nobody" else 403)
    card = reverse("admin:deliveries_checks", args=[brief.pk])
    assert client.get(card).status_code == (302 if who == "nobody" else 403)


def test_a_writer_has_no_send_screen_and_so_no_card_of_it(client, publication):
    client.force_login(make_member(publication, "writer"))
    card = reverse("admin:deliveries_checks", args=[make_fit_brief(publication).pk])
    assert client.get(card).status_code == 403


def test_a_link_is_looked_at_behind_the_page(client, publication, settings, monkeypatch):
    settings.CHECK_OUTSIDE = True
    ordered = []
    monkeypatch.setattr(lookups._Crew, "order", lambda _crew, key, _lookup: ordered.append(key))
    cache.set(reachable.key_of("main"), "", 60)
    client.force_login(make_member(publication, "publisher"))
    brief = make_fit_brief(publication, body=f"[The cranes]({LINK})")
    key = targets.key_of(LINK)

    assert ask(client, brief).json()["pending"] == 1
    screen = reverse("admin:deliveries_send", args=[brief.pk])
    card = reverse("admin:deliveries_checks", args=[brief.pk])
    assert 'data-pending="1"' in client.get(screen).content.decode()
    assert ordered == [key, key]

    cache.set(key, Verdict(State.GONE, "The server says 404: there is no such page."), 60)
    assert rules(ask(client, brief)) == ["link-broken"]
    page = client.get(card).content.decode()
    assert "data-errors" in page
    assert "data-pending" not in page
    assert f"The link “{LINK}” is broken" in page


def test_a_hostile_author_writes_no_markup_into_the_card(client, publication):
    brief = make_fit_brief(publication, headline="<script>alert(1)</script> TK")
    brief.body = "{{<img src=x onerror=alert(1)>}}"
    brief.save()
    assert revisions.snapshot(brief)["headline"].startswith("<script>")
    client.force_login(make_member(publication, "publisher"))
    page = client.get(reverse("admin:deliveries_checks", args=[brief.pk])).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.sqlite_only
@pytest.mark.parametrize("year", ["0001", "0202", "9999"])
def test_a_year_that_is_still_being_typed_is_no_trouble(client, publication, year):
    client.force_login(make_member(publication, "writer"))
    times = {"due_at": f"{year}-01-01T00:00", "embargo_until": f"{year}-12-31T23:59"}
    assert rules(ask(client, make_fit_brief(publication), **times)) == []
