"""How fast a lane may go: one rate for all workers, quotas that hold."""

import threading
import time

import pytest
from django.db import connection

from deliveries import lanes, planning, sending, throttle
from deliveries.models import Quota
from tests.make import make_brief, make_edition, make_publication, make_readers


def configure(settings, **options):
    settings.PROVIDERS = {"main": {**settings.PROVIDERS["main"], **options}}


def draw_for(seconds):
    """Draw from the lane for *seconds*; return how many letters were granted."""
    until = time.monotonic() + seconds
    granted = 0
    while time.monotonic() < until:
        granted += throttle.ask("main", 500, until).letters
    return granted


@pytest.mark.django_db(transaction=True)
def test_four_workers_share_one_rate(settings):
    configure(settings, rate=200)
    granted = []

    def work():
        granted.append(draw_for(2.0))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Counted by Redis's clock over two seconds, not by ours: the bucket cannot give more.
    assert sum(granted) <= 200 * 2 * 1.05 + 200 * throttle.SHARE
    assert sum(1 for share in granted if share) == 4, "each gets a turn"


@pytest.mark.django_db
def test_a_restart_is_no_burst(settings):
    configure(settings, rate=50)
    begun = time.monotonic()
    assert throttle.ask("main", 500, begun + 5).letters <= 50 * throttle.SHARE


@pytest.mark.django_db
def test_without_limits_all_that_is_wanted_is_granted():
    assert throttle.ask("main", 500, 0) == throttle.Grant(500)


@pytest.mark.django_db
def test_a_spent_quota_rests_the_lane_and_fails_nobody(settings, smtp_server):
    configure(settings, per_hour=3, per_day=100)
    publication = make_publication()
    make_readers(publication, 5)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    assert len(smtp_server.messages) == 3
    assert lanes.is_held("main")
    assert edition.deliveries.filter(status="pending").count() == 2
    edition.refresh_from_db()
    assert "spent" in edition.word
    assert {q.kind: q.used for q in Quota.objects.all()} == {"hour": 3, "day": 3}


@pytest.mark.django_db
def test_what_is_not_used_of_a_quota_is_given_back(settings, smtp_server):
    configure(settings, per_day=1000)
    publication = make_publication()
    make_readers(publication, 5)
    make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    assert Quota.objects.get().used == 5


@pytest.mark.django_db(transaction=True)
def test_workers_together_stay_within_a_quota(settings):
    configure(settings, per_hour=100)
    granted = []

    def work():
        try:
            while True:
                granted.append(throttle.ask("main", 7, 0).letters)
        except lanes.LaneTrouble:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 100
