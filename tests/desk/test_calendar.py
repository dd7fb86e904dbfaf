"""The calendar: editions, briefs that are due and digests to come, by the editor's clock."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from briefs.models import Brief, Publication, User
from tests.make import make_brief, make_edition, make_subscription

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 4, 6, 12, 0, tzinfo=dt.UTC)


def entries(client: Client, month: str = "2026-04") -> dict[str, list[str]]:
    page = client.get(reverse("admin:deliveries_calendar", query={"month": month}))
    days = [day for week in page.context["weeks"] for day in week]
    return {
        f"{day['date']:%d.%m.}": [f"{e.kind}: {e.title}" for e in day["entries"]]
        for day in days
        if day["entries"]
    }


def test_a_month_shows_what_goes_out_what_is_due_and_the_digests(
    paul: Client, publication: Publication
) -> None:
    publication.digest_weekday, publication.digest_hour = 4, 7
    publication.time_zone = "Asia/Tokyo"
    publication.save()
    User.objects.filter(email="paul@harbour.example").update(time_zone="UTC")
    with time_machine.travel(NOW, tick=False):
        make_subscription(publication)
        weekly = make_subscription(publication)
        weekly.rhythm = "weekly"
        weekly.save()
        make_edition(
            make_brief(publication, headline="Cranes"),
            send_at=dt.datetime(2026, 4, 20, 23, 30, tzinfo=dt.UTC),
        )
        make_brief(publication, headline="Locks", due_at=NOW + dt.timedelta(days=2))
        paul.force_login(User.objects.get(email="paul@harbour.example"))
        found = entries(paul)
        text = paul.get(reverse("admin:deliveries_calendar")).content.decode()
    assert found["20.04."] == ["edition: Cranes"]
    assert "Tue, 08:30 Asia/Tokyo" in text
    assert found["08.04."] == ["due: Locks"]
    digests = [day for day, rows in found.items() if rows == ["digest: Weekly digest"]]
    # Seven on Friday in Tokyo is Thursday evening here.
    assert digests == ["09.04.", "16.04.", "23.04.", "30.04."]


def test_any_month_may_be_asked_for_and_nonsense_is_this_one(paul: Client) -> None:
    for month in ("1850-01", "x", "2026-13", "9999-12", "2026-02"):
        assert paul.get(reverse("admin:deliveries_calendar", query={"month": month})).status_code
    assert entries(paul, "2031-02") == {}


def test_others_publications_are_not_in_it(stan: Client, brief: Brief) -> None:
    make_edition(brief, send_at=NOW)
    assert entries(stan) == {}
    assert Client().get(reverse("admin:deliveries_calendar")).status_code == 302
