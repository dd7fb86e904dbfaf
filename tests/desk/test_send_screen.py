"""The send screen and the page of an edition."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefs.models import Brief, Publication, User
from deliveries import control, planning
from deliveries.models import Delivery, Edition
from deliveries.tasks import tick
from tests.make import make_brief, make_edition, make_readers, make_subscription

pytestmark = pytest.mark.django_db


def screen(brief: Brief) -> str:
    return reverse("admin:deliveries_send", args=[brief.pk])


def page(edition: Edition) -> str:
    return reverse("admin:deliveries_edition_change", args=[edition.pk])


def test_the_screen_says_what_goes_out_and_to_how_many(paul: Client, brief: Brief) -> None:
    make_readers(brief.publication, 1204)
    make_subscription(brief.publication, status="unconfirmed")
    Brief.objects.update(date=timezone.now().date(), preheader="Two cranes stand.")
    text = paul.get(screen(brief)).content.decode()
    assert "Harbour Brief: The Port’s New Cranes" in text
    assert "Harbour Watch &lt;brief@harbour.example&gt;" in text
    assert "1,204 active readers" in text
    assert "all clear" in text


def test_now_means_after_the_hold(paul: Client, brief: Brief) -> None:
    Publication.objects.update(hold_seconds=60)
    before = timezone.now() - dt.timedelta(seconds=1)  # SQLite's clock counts milliseconds
    answer = paul.post(screen(brief), {"when": "now"})
    edition = Edition.objects.get()
    assert before < edition.send_at - dt.timedelta(seconds=60) <= timezone.now()
    assert answer.headers["Location"] == page(edition)
    assert edition.by == User.objects.get(email="paul@harbour.example")


def test_a_chosen_time_is_meant_in_the_editors_zone(paul: Client, brief: Brief) -> None:
    User.objects.filter(email="paul@harbour.example").update(time_zone="Asia/Tokyo")
    with time_machine.travel(dt.datetime(2026, 4, 5, 12, 0, tzinfo=dt.UTC)):
        paul.post(screen(brief), {"when": "later", "send_at": "2026-04-06T06:00"})
    tokyo = dt.datetime(2026, 4, 6, 6, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert Edition.objects.get().send_at == tokyo


def test_the_screen_proposes_six_in_the_morning_where_the_publication_is(
    paul: Client, brief: Brief
) -> None:
    Publication.objects.update(time_zone="America/New_York")
    with time_machine.travel(dt.datetime(2026, 4, 6, 12, 0, tzinfo=dt.UTC)):
        text = paul.get(screen(brief)).content.decode()
    assert 'value="2026-04-07T10:00"' in text  # six in New York, in Paul's UTC


@pytest.mark.parametrize("when", ["2020-01-01T06:00", "", "soon"])
def test_a_time_that_cannot_be_is_refused_with_a_word(
    paul: Client, brief: Brief, when: str
) -> None:
    answer = paul.post(screen(brief), {"when": "later", "send_at": when})
    assert answer.status_code == 200
    assert answer.context["send_form"].errors
    assert not Edition.objects.exists()


def test_the_hour_that_the_clocks_skip_is_refused(paul: Client, brief: Brief) -> None:
    User.objects.filter(email="paul@harbour.example").update(time_zone="Europe/Berlin")
    with time_machine.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)):
        answer = paul.post(screen(brief), {"when": "later", "send_at": "2026-03-29T02:30"})
    assert answer.context["send_form"].errors
    assert not Edition.objects.exists()


def test_a_second_click_shows_the_edition_that_the_first_one_made(
    paul: Client, brief: Brief
) -> None:
    paul.post(screen(brief), {"when": "now"})
    answer = paul.post(screen(brief), {"when": "now"}, follow=True)
    assert Edition.objects.count() == 1
    assert "on its way already" in answer.content.decode()


def test_what_a_colleague_saved_since_is_not_sent_unseen(paul: Client, brief: Brief) -> None:
    shown = paul.get(screen(brief)).context["shown"]
    Brief.objects.update(body="The cranes **sank** on Monday.")
    answer = paul.post(screen(brief), {"when": "now", "shown": shown})
    assert "changed since you opened this page" in answer.content.decode()
    assert not Edition.objects.exists()
    # The page that says so shows it as it is now.
    paul.post(screen(brief), {"when": "now", "shown": answer.context["shown"]})
    edition = Edition.objects.get()
    assert "sank" in edition.revision.snapshot["body"]
    assert brief.headline in paul.get(page(edition)).content.decode().partition("</title>")[0]


def test_errors_stand_on_the_screen_and_nothing_is_scheduled(paul: Client, brief: Brief) -> None:
    Publication.objects.update(postal_address="")
    text = paul.get(screen(brief)).content.decode()
    assert "no postal address" in text
    answer = paul.post(screen(brief), {"when": "now"})
    assert answer.status_code == 200
    assert "no postal address" in answer.content.decode()
    assert not Edition.objects.exists()


def test_the_bell_rings_for_the_workers(
    paul: Client, brief: Brief, django_capture_on_commit_callbacks, monkeypatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(
        "subscribers.doorbell.ring_now", lambda task, *_args: rung.append(task.name)
    )
    with django_capture_on_commit_callbacks(execute=True):
        paul.post(screen(brief), {"when": "now"})
    assert rung == [tick.name]


def test_a_test_goes_to_one_address_and_into_no_ledger(
    paul: Client, brief: Brief, smtp_server
) -> None:
    make_readers(brief.publication, 3)
    answer = paul.post(screen(brief), {"test": "1", "address": "me@harbour.example"}, follow=True)
    assert "on its way to me@harbour.example" in answer.content.decode()
    assert len(smtp_server.messages) == 1
    assert not Delivery.objects.exists()
    assert not Edition.objects.exists()


def test_a_test_to_what_is_no_address_is_refused(paul: Client, brief: Brief) -> None:
    answer = paul.post(screen(brief), {"test": "1", "address": "me@"})
    assert answer.context["test_form"].errors


def test_an_edition_is_taken_back_while_it_is_held(paul: Client, brief: Brief) -> None:
    edition = make_edition(brief, send_at=timezone.now() + dt.timedelta(hours=1))
    assert "Take it back" in paul.get(page(edition)).content.decode()
    paul.post(reverse("admin:deliveries_verb", args=[edition.pk, "withdraw"]))
    edition.refresh_from_db()
    assert edition.status == "withdrawn"


def test_pause_resume_and_cancel_follow_each_other(paul: Client, brief: Brief) -> None:
    make_readers(brief.publication, 3)
    edition = make_edition(brief)
    planning.start(edition)
    for verb, status in [("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")]:
        paul.post(reverse("admin:deliveries_verb", args=[edition.pk, verb]))
        edition.refresh_from_db()
        assert edition.status == status


def test_what_comes_too_late_is_said(paul: Client, brief: Brief) -> None:
    edition = make_edition(brief)
    control.withdraw(edition)
    answer = paul.post(reverse("admin:deliveries_verb", args=[edition.pk, "pause"]), follow=True)
    assert "Too late" in answer.content.decode()


def test_a_link_moves_no_edition(paul: Client, brief: Brief) -> None:
    edition = make_edition(brief)
    answer = paul.get(reverse("admin:deliveries_verb", args=[edition.pk, "withdraw"]))
    assert answer.status_code == 405
    edition.refresh_from_db()
    assert edition.status == "scheduled"


def test_the_live_page_counts_every_reader_once(paul: Client, brief: Brief) -> None:
    make_readers(brief.publication, 5)
    edition = make_edition(brief)
    planning.start(edition)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids[:2]).update(status="sent")
    Delivery.objects.filter(pk=ids[2]).update(
        status="failed", reason="refused", reply="550 5.1.1 no such user <b>here</b>"
    )
    Delivery.objects.filter(pk=ids[3]).update(status="in-doubt", reason="no reply")
    figures = paul.get(reverse("admin:deliveries_progress", args=[edition.pk])).json()
    assert figures["audience"] == 5
    assert sum(figures["counts"].values()) == 5
    assert (figures["settled"], figures["percent"]) == (4, 80.0)
    assert {row["reason"] for row in figures["words"]} == {"refused", "no reply"}
    text = paul.get(page(edition)).content.decode()
    assert "550 5.1.1 no such user &lt;b&gt;here" in text
    assert "<b>here</b>" not in text


def test_a_brief_that_went_out_warns_before_it_goes_again(paul: Client, brief: Brief) -> None:
    edition = make_edition(brief)
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=timezone.now())
    assert "a second time" in paul.get(screen(brief)).content.decode()


def test_the_ledger_finds_one_readers_mail(paul: Client, brief: Brief) -> None:
    addresses = make_readers(brief.publication, 3)
    planning.start(make_edition(brief))
    planning.start(make_edition(make_brief(brief.publication, headline="Another")))
    found = paul.get(f"/admin/deliveries/delivery/?q={addresses[0].upper()}").context["cl"]
    assert found.result_count == 2
    in_doubt = "/admin/deliveries/delivery/?status__exact=in-doubt"
    by_status = paul.get(in_doubt, follow=True).context["cl"]
    assert by_status.result_count == 0
