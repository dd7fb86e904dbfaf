"""Numbers of readers on screens: exact for some thousands, of a minute ago for a million."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import queries, rollups
from analytics.models import ReaderDay
from briefs.models import AuditEntry, Brief, Publication
from deliveries import readership
from deliveries.models import Delivery, Readership, Segment
from subscribers.models import Subscription
from tests.make import make_member, make_readers, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def large(publication: Publication, monkeypatch: pytest.MonkeyPatch) -> Publication:
    """Return a publication with three readers, which counts as a large one."""
    monkeypatch.setattr(readership, "COUNTED_AT_ONCE", 2)
    make_readers(publication, 3)
    return publication


def test_some_thousands_are_counted_on_the_spot(publication: Publication) -> None:
    make_readers(publication, 2)
    make_subscription(publication, status="unsubscribed")
    assert readership.quick(publication) == (2, None)


def test_a_large_publication_shows_the_last_count_and_its_time(large: Publication) -> None:
    assert readership.quick(large).readers is None  # nobody has counted yet
    assert readership.keep() == 1
    make_readers(large, 1)
    found = readership.quick(large)
    assert found.readers == 3
    assert found.as_of is not None
    assert readership.keep() == 0  # it was a moment ago
    Readership.objects.update(counted_at=timezone.now() - dt.timedelta(minutes=2))
    readership.keep()
    assert readership.quick(large).readers == 4


def test_what_a_segment_narrows_is_counted_by_a_request_of_its_own(
    paul: Client, wanda: Client, stan: Client, large: Publication
) -> None:
    readership.keep()
    rules = [{"fact": "domain", "is": "equal", "value": "example.com"}]
    segment = Segment.objects.create(publication=large, name="Some", rules=rules)
    page = paul.get(reverse("admin:deliveries_segment_change", args=[segment.pk]))
    assert page.context["readers"] is None
    count = reverse("admin:deliveries_segment_count", args=[segment.pk])
    assert paul.get(count).json() == {"readers": 3}
    assert readership.quick(large, rules=rules).readers == 3  # remembered
    assert (wanda.get(count).status_code, stan.get(count).status_code) == (403, 404)


def test_the_send_screen_asks_for_the_exact_number_behind_its_back(
    paul: Client, wanda: Client, stan: Client, large: Publication, brief: Brief
) -> None:
    readership.keep()
    page = paul.get(reverse("admin:deliveries_send", args=[brief.pk]))
    assert "as of" in page.content.decode()
    count = reverse("admin:deliveries_readers", args=[brief.pk])
    assert paul.get(count).json() == {"readers": 3}
    assert {wanda.get(count).status_code, stan.get(count).status_code} == {403}


def test_days_of_readers_are_filled_once_and_brought_up_to_now(large: Publication) -> None:
    now = timezone.now()
    Subscription.objects.filter(pk=large.subscriptions.all()[0].pk).update(
        confirmed_at=now - dt.timedelta(days=3)
    )
    readership.keep()
    rollups.keep()
    assert ReaderDay.objects.count() == rollups.DAYS
    line = queries.growth(frozenset({large.pk}), active=3, are_many=True)
    assert [count for _day, count in line[-5:]] == [0, 1, 1, 1, 3]
    found = queries.readers(frozenset({large.pk}))
    assert (found.active, found.joined, found.left) == (3, 3, 0)
    make_readers(large, 1)
    rollups.roll_up(large, 4)
    assert ReaderDay.objects.latest("day").active == 4
    assert ReaderDay.objects.count() == rollups.DAYS


def test_a_test_goes_to_several_colleagues_and_stands_in_no_ledger(
    paul: Client, brief: Brief, smtp_server
) -> None:
    make_member(brief.publication, "writer", email="wanda@harbour.example")
    screen = reverse("admin:deliveries_send", args=[brief.pk])
    assert "wanda@harbour.example" in paul.get(screen).content.decode()
    paul.post(
        screen,
        {
            "test": "1",
            "colleagues": ["wanda@harbour.example"],
            "address": "one@harbour.example, WANDA@harbour.example; two@harbour.example",
        },
    )
    taken = [*(mail.to[0] for mail in smtp_server.messages)]
    assert taken == ["wanda@harbour.example", "one@harbour.example", "two@harbour.example"]
    assert not Delivery.objects.exists()
    assert AuditEntry.objects.get(verb="tested").words == "3"
    paul.post(screen, {"test": "1", "colleagues": ["stranger@elsewhere.example"]})
    assert len(smtp_server.messages) == 3
