"""What the dashboard says of the machinery, and of what waits for whom."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from analytics import health
from briefs import workflow
from briefs.models import Brief, Publication
from deliveries import guard, lanes, tasks
from deliveries.models import Installation
from tests.make import make_brief, make_member

pytestmark = pytest.mark.django_db


def tones() -> dict[str, str]:
    return {sign.name: sign.tone for sign in health.signs(frozenset())}


def test_a_worker_that_is_silent_or_held_is_told_with_a_cure() -> None:
    assert tones()["Worker"] == "danger"  # never seen
    guard.beat()
    assert tones()["Worker"] == "success"
    Installation.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=2))
    assert tones()["Worker"] == "danger"
    Installation.objects.update(seen_at=timezone.now(), held_since=timezone.now())
    sign = health.signs(frozenset())[0]
    assert (sign.state, bool(sign.url)) == ("held", True)


def test_who_rings_is_noted_and_a_scheduler_that_does_not_is_told() -> None:
    tasks.heartbeat()
    assert tones()["Scheduler"] == "warning"
    cache.delete("heartbeat")
    tasks.heartbeat("scheduler")
    assert tones()["Scheduler"] == "success"


def test_a_broken_lane_tells_what_its_server_said() -> None:
    for _time in range(lanes.BREAKS_AFTER):
        lanes.hold("main", lanes.LaneTrouble("535 5.7.8 wrong password"))
        cache.delete("lane-hold:main")
    [sign] = [sign for sign in health.signs(frozenset()) if "main" in sign.name]
    assert sign.tone == "danger"
    assert "535 5.7.8 wrong password" in sign.cure


def test_what_is_due_and_what_waits_for_whom(
    paul: Client, wanda: Client, stan: Client, publication: Publication
) -> None:
    Publication.objects.filter(pk=publication.pk).update(needs_approval=True)
    writer = make_member(publication, "writer", email="wilma@harbour.example")
    now = timezone.now()
    late = make_brief(publication, headline="Late", due_at=now - dt.timedelta(hours=1))
    make_brief(publication, headline="Next week", due_at=now + dt.timedelta(days=7))
    waits = make_brief(publication, headline="Waits", created_by=writer)
    workflow.submit(Brief.objects.get(pk=waits.pk), writer)
    seen = paul.get("/admin/").context
    assert [(row["brief"], row["is_late"]) for row in seen["due"]] == [(late, True)]
    assert [(row["brief"], row["is_mine"]) for row in seen["reviews"]] == [(waits, True)]
    theirs = wanda.get("/admin/").context["reviews"]
    assert [(row["brief"], row["is_mine"]) for row in theirs] == [(waits, False)]
    assert not stan.get("/admin/").context["due"] + stan.get("/admin/").context["reviews"]
