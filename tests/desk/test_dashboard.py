"""The desk's first page."""

import datetime as dt

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from analytics import chart, queries
from briefs.models import Brief, Publication, User
from deliveries import planning
from deliveries.models import Edition
from subscribers.models import Subscription
from tests.make import make_brief, make_edition, make_publication, make_readers, make_subscription

pytestmark = pytest.mark.django_db


def titles(client: Client, done: bool) -> list[str]:
    return [str(step.title) for step in client.get("/admin/").context["steps"] if step.done is done]


def test_an_empty_site_starts_with_the_checklist(root: Client) -> None:
    page = root.get("/admin/")
    assert page.status_code == 200
    assert "Set up a publication" in titles(root, done=False)
    assert reverse("admin:briefs_publication_add") in page.content.decode()


def test_each_step_is_ticked_off_when_it_is_done(root: Client, smtp_server: object) -> None:
    publication = make_publication(postal_address="", sender_address="")
    assert "Write down a postal address" in titles(root, done=False)
    Publication.objects.update(postal_address="1 Quay", sender_address="a@harbour.example")
    assert "Write down a postal address" in titles(root, done=True)
    assert "Choose the sender" in titles(root, done=True)
    make_subscription(publication, status="unconfirmed")
    assert "Welcome the first readers" in titles(root, done=False)
    make_readers(publication, 2)
    assert "Welcome the first readers" in titles(root, done=True)
    brief = make_brief(publication)
    send = reverse("admin:deliveries_send", args=[brief.pk])
    root.post(send, {"test": "1", "address": "me@harbour.example"})
    assert "Send yourself a test" in titles(root, done=True)
    planning.start(make_edition(brief))
    assert titles(root, done=False) == []  # with the last step, the list is gone
    assert root.get("/admin/").context["steps"] == []


@override_settings(LOCAL_INBOX=True)
def test_the_local_inbox_counts_as_a_try_out(root: Client) -> None:
    assert "Connect an e-mail provider" in titles(root, done=True)
    assert "try-out" in root.get("/admin/").content.decode()


@override_settings(LOCAL_INBOX=False, PROVIDERS={})
def test_without_a_provider_the_step_is_open(root: Client) -> None:
    assert "Connect an e-mail provider" in titles(root, done=False)


def test_a_writer_has_no_checklist(wanda: Client) -> None:
    assert wanda.get("/admin/").context["steps"] == []


def test_the_figures_are_those_of_ones_own_publications(
    paul: Client, publication: Publication
) -> None:
    make_readers(publication, 4)
    make_subscription(publication, status="unconfirmed")
    make_readers(make_publication(), 9)
    readers = paul.get("/admin/").context["readers"]
    assert (readers.active, readers.unconfirmed) == (4, 1)


def test_the_line_is_counted_back_from_today(publication: Publication) -> None:
    now = timezone.now()
    for days in (0, 3, 3, 40):
        at = now - dt.timedelta(days=days)
        subscription = make_subscription(publication)
        Subscription.objects.filter(pk=subscription.pk).update(confirmed_at=at)
    left = make_subscription(publication, status="unsubscribed")
    Subscription.objects.filter(pk=left.pk).update(
        confirmed_at=now - dt.timedelta(days=90), unsubscribed_at=now - dt.timedelta(days=1)
    )
    line = [count for _day, count in queries.growth(frozenset({publication.pk}), active=4)]
    assert len(line) == 30
    assert line[-5:] == [2, 4, 4, 3, 4]
    assert line[0] == 2


@pytest.mark.parametrize("counts", [[0] * 30, [5] * 30, [1_000_000] * 29 + [0], [7]])
def test_the_chart_draws_whatever_there_is(counts: list[int]) -> None:
    labels = [str(number) for number in range(len(counts))]
    for draw in (chart.lines, chart.columns):
        drawn = draw("c", "Readers", labels, [chart.Series("Readers", counts)])
        assert len(drawn.hovers) == len(drawn.rows) == len(counts)
        assert all(0 <= float(tick["y"]) <= drawn.box["floor"] for tick in drawn.ticks)


def test_what_waits_is_named(paul: Client, brief: Brief) -> None:
    soon = make_brief(brief.publication, headline="Comes tomorrow")
    make_edition(soon, send_at=timezone.now() + dt.timedelta(days=1))
    missed = make_edition(make_brief(brief.publication, headline="Was missed"))
    Edition.objects.filter(pk=missed.pk).update(status="missed", word="late")
    context = paul.get("/admin/").context
    assert {row["edition"].brief.headline for row in context["waiting"]} == {
        "Comes tomorrow",
        "Was missed",
    }
    assert brief in context["drafts"]
    assert soon not in context["drafts"]


def test_the_last_edition_shows_its_outcome(paul: Client, brief: Brief) -> None:
    make_readers(brief.publication, 3)
    edition = make_edition(brief)
    planning.start(edition)
    edition.deliveries.update(status="sent")
    last = paul.get("/admin/").context["last"]
    assert (last.audience, last.accepted, last.failed) == (3, 3, 0)


def test_the_desk_greets_by_the_editors_own_clock(paul: Client) -> None:
    import time_machine

    User.objects.filter(email="paul@harbour.example").update(time_zone="Asia/Tokyo", name="Paul")
    with time_machine.travel(dt.datetime(2026, 4, 6, 22, 0, tzinfo=dt.UTC)):
        paul.force_login(User.objects.get(email="paul@harbour.example"))
        assert "Good morning, Paul" in paul.get("/admin/").content.decode()


def test_the_dashboard_asks_the_database_a_bounded_number_of_times(
    paul: Client, publication: Publication, django_assert_max_num_queries
) -> None:
    for number in range(8):
        brief = make_brief(publication, headline=f"Brief {number}")
        planning.start(make_edition(brief))
        make_brief(publication, headline=f"Draft {number}")
    with django_assert_max_num_queries(40):
        paul.get("/admin/")
