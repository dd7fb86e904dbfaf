"""The desk while nothing is sent: everybody sees why, an owner lets it go on."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from briefs.models import Brief
from deliveries import control, guard, planning
from deliveries.models import Installation
from tests.make import make_edition, make_subscription

pytestmark = pytest.mark.django_db

URL = "admin:deliveries_installation"


@pytest.fixture
def held() -> None:
    """Hold this installation as a copy of another."""
    assert guard.beat()
    Installation.objects.update(fingerprint="another file", held_since="2026-04-06T06:00Z", word="It was elsewhere.")  # fmt: skip  # noqa: E501


def test_every_page_of_the_desk_says_that_nothing_is_sent(
    wanda: Client, brief: Brief, held: None
) -> None:
    for page in ("/admin/", "/admin/briefs/brief/"):
        assert reverse(URL) in wanda.get(page).content.decode(), page
    Installation.objects.update(held_since=None)
    assert reverse(URL) not in wanda.get("/admin/").content.decode()


def test_the_log_in_page_says_nothing_to_strangers(held: None) -> None:
    assert reverse(URL) not in Client().get("/admin/login/").content.decode()
    assert Client().get(reverse(URL)).status_code == 302


def test_an_owner_sees_what_waits_and_confirms(olga: Client, brief: Brief, held: None) -> None:
    make_subscription(brief.publication)
    make_edition(brief)
    page = olga.get(reverse(URL)).content.decode()
    assert "It was elsewhere." in page
    assert brief.headline in page
    assert guard.held() is not None, "a GET changes nothing"
    assert olga.post(reverse(URL)).status_code == 302
    assert guard.held() is None
    assert LogEntry.objects.filter(change_message="confirmed").exists()
    assert planning.start_due() == 1
    assert olga.get(reverse(URL)).status_code == 302, "there is nothing to be seen any more"


@pytest.mark.parametrize("who", ["paul", "wanda"])
def test_who_owns_nothing_does_not_confirm(
    who: str, request: pytest.FixtureRequest, held: None
) -> None:
    browser = request.getfixturevalue(who)
    assert "An owner of a publication" in browser.get(reverse(URL)).content.decode()
    assert browser.post(reverse(URL)).status_code == 403
    assert guard.held() is not None


def test_another_publications_editions_are_counted_and_not_named(
    stan: Client, brief: Brief, held: None
) -> None:
    make_edition(brief)
    page = stan.get(reverse(URL)).content.decode()
    assert brief.headline not in page
    assert "and 1 more" in page


def test_those_in_doubt_can_be_left_at_the_desk(paul: Client, brief: Brief) -> None:
    make_subscription(brief.publication)
    edition = make_edition(brief)
    planning.start_due()
    control.cancel(edition)
    edition.deliveries.update(status="in-doubt", reason="no-reply")
    url = reverse("admin:deliveries_verb", args=[edition.pk, "leave"])
    page = reverse("admin:deliveries_edition_change", args=[edition.pk])
    assert url in paul.get(page).content.decode()
    assert paul.post(url).status_code == 302
    assert url not in paul.get(page).content.decode()
    assert edition.deliveries.get().reason == "left: no-reply"
