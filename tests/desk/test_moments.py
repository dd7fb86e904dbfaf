"""The send screen and the edition's page by the readers' clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefs.models import Brief
from deliveries import clocks, planning
from deliveries.models import Batch, Edition, Segment
from subscribers.models import Subscriber
from tests.make import make_publication, make_readers, make_subscription

pytestmark = pytest.mark.django_db


def screen(brief: Brief) -> str:
    return reverse("admin:deliveries_send", args=[brief.pk])


def plan(brief: Brief) -> str:
    return reverse("admin:deliveries_plan", args=[brief.pk])


def readers_in(brief: Brief, zone: str, count: int) -> None:
    addresses = make_readers(brief.publication, count)
    Subscriber.objects.filter(address__in=addresses).update(time_zone=zone)


def wall(zone: str, hours: float) -> str:
    ahead = timezone.now().astimezone(ZoneInfo(zone)) + dt.timedelta(hours=hours)
    return f"{ahead:%Y-%m-%dT%H:%M}"


def test_a_time_on_each_readers_wall_is_scheduled(paul: Client, brief: Brief) -> None:
    readers_in(brief, "Asia/Tokyo", 2)
    paul.post(screen(brief), {"when": "reader", "local_time": "2030-07-01T06:00"})
    edition = Edition.objects.get()
    assert (edition.clock, edition.local_time) == ("reader", "2030-07-01T06:00")
    assert edition.send_at == dt.datetime(2030, 6, 30, 21, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("local_time", ["", "soon", "2020-01-01T06:00", "2030-07-01T06:00+02:00"])
def test_a_time_that_is_on_no_wall_is_refused(paul: Client, brief: Brief, local_time: str) -> None:
    answer = paul.post(screen(brief), {"when": "reader", "local_time": local_time})
    assert answer.status_code == 200
    assert answer.context["send_form"].errors["local_time"]
    assert not Edition.objects.exists()


def test_the_screen_shows_who_gets_it_when_before_anything_is_sent(
    paul: Client, brief: Brief
) -> None:
    readers_in(brief, "Asia/Tokyo", 2)
    readers_in(brief, "America/New_York", 1)
    make_subscription(brief.publication, status="unsubscribed", time_zone="Asia/Kathmandu")
    chosen = {"when": "reader", "local_time": wall("America/New_York", 3)}
    text = paul.get(plan(brief), chosen).content.decode()
    assert "3 readers" in text
    assert "at 2 moments" in text
    assert text.index("at once") < text.index("Asia/Tokyo") < text.index("America/New_York")
    assert "Kathmandu" not in text
    page = paul.post(screen(brief), {**chosen, "plan": "1"}).content.decode()
    assert "at 2 moments" in page, "it works without a script"
    assert not Edition.objects.exists()


@pytest.mark.parametrize(
    "chosen",
    [
        {"when": "reader", "local_time": "<script>"},
        {"when": "reader"},
        {"segment": "9" * 30, "when": "x"},
        {"segment": "²"},
        {},
    ],
)
def test_whatever_is_asked_of_the_plan_it_answers(
    paul: Client, brief: Brief, chosen: dict[str, str]
) -> None:
    answer = paul.get(plan(brief), chosen)
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_strangers_and_writers_see_no_plan(stan: Client, wanda: Client, brief: Brief) -> None:
    assert stan.get(plan(brief)).status_code in (403, 404)
    assert wanda.get(plan(brief)).status_code == 403


def test_a_segment_narrows_what_is_counted_and_what_is_scheduled(
    paul: Client, brief: Brief
) -> None:
    make_readers(brief.publication, 2)
    make_subscription(brief.publication, language="de")
    german = Segment.objects.create(
        publication=brief.publication,
        name="In German",
        rules=[{"fact": "language", "is": "equal", "value": "de"}],
    )
    assert "In German" in paul.get(screen(brief)).content.decode()
    assert "1 reader<" in paul.get(plan(brief), {"segment": german.pk}).content.decode()
    paul.post(screen(brief), {"when": "now", "segment": german.pk})
    edition = Edition.objects.get()
    assert (edition.segment, edition.rules) == (german, german.rules)
    planning.start(edition)
    assert edition.deliveries.count() == 1


def test_the_segment_of_another_publication_is_no_choice(paul: Client, brief: Brief) -> None:
    other = Segment.objects.create(publication=make_publication(), name="Elsewhere")
    answer = paul.post(screen(brief), {"when": "now", "segment": other.pk})
    assert answer.context["send_form"].errors["segment"]
    assert not Edition.objects.exists()


def test_a_segment_with_a_rule_that_nobody_knows_sends_to_nobody(
    paul: Client, brief: Brief
) -> None:
    make_readers(brief.publication, 2)
    odd = Segment.objects.create(
        publication=brief.publication, name="Odd", rules=[{"fact": "shoe size"}]
    )
    assert "shoe size" in paul.get(plan(brief), {"segment": odd.pk}).content.decode()
    answer = paul.post(screen(brief), {"when": "now", "segment": odd.pk})
    assert answer.context["send_form"].errors["segment"]
    assert not Edition.objects.exists()


def test_the_page_of_an_edition_shows_its_moments_and_asks_about_missed_ones(
    paul: Client, brief: Brief
) -> None:
    readers_in(brief, "Asia/Tokyo", 2)
    readers_in(brief, "America/New_York", 1)
    paul.post(screen(brief), {"when": "reader", "local_time": wall("America/New_York", 3)})
    edition = Edition.objects.get()
    Edition.objects.update(send_at=timezone.now() - dt.timedelta(minutes=1))
    edition.refresh_from_db()
    planning.start(edition)
    page = reverse("admin:deliveries_edition_change", args=[edition.pk])
    text = paul.get(page).content.decode()
    assert "the first, and where it had passed" in text
    assert "UTC-4" in text or "UTC-5" in text
    Batch.objects.filter(planned_at=edition.send_at).update(
        planned_at=timezone.now() - dt.timedelta(hours=2)
    )
    clocks.mark_missed()
    assert "2 readers missed their time" in paul.get(page).content.decode()
    figures = paul.get(reverse("admin:deliveries_progress", args=[edition.pk])).json()
    assert (figures["missed"], len(figures["moments"])) == (2, 2)
    assert figures["verbs"][:2] == ["send-missed", "skip-missed"]
    paul.post(reverse("admin:deliveries_verb", args=[edition.pk, "skip-missed"]))
    assert edition.deliveries.filter(status="skipped", reason="missed").count() == 2
