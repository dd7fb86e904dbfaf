"""How fast a lane may go: one rate for all workers, quotas that hold."""

import threading
import time

import pytest
from django.core.cache import cache
from django.db import connection

from deliveries import lanes, planning, sending, throttle
from deliveries.models import Quota
from tests.make import make_brief, make_edition, make_publication, make_readers


def configure(settings, **options):
    settings.PROVIDERS = {"main": {**settings.PROVIDERS["main"], **options}}


def redis_time():
    """Return Redis's clock, by which the rate is measured."""
    seconds, microseconds = cache._cache.get_client().time()
    return seconds + microseconds / 1_000_000


@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rate", [200, 1000])
def test_four_workers_share_one_rate_to_within_five_percent(settings, rate):
    """Counted against Redis's own clock, from the first grant to the last of any worker."""
    configure(settings, rate=rate)
    grants = []  # (Redis's time, letters)

    def work():
        until = time.monotonic() + 2.2
        while letters := throttle.ask("main", 500, until).letters:
            grants.append((redis_time(), letters))
        connection.close()

    begun = redis_time()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(letters for _at, letters in grants)
    share = rate * throttle.SHARE
    ended = max(at for at, _letters in grants)
    assert total <= rate * (ended - begun) * 1.05 + 1
    assert total >= rate * (ended - begun) * 0.95 - share


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_what_was_drawn_and_not_used_does_not_slow_the_lane(settings):
    configure(settings, rate=1000)
    begun = redis_time()
    used = 0
    until = time.monotonic() + 5
    while used < 500:
        grant = throttle.ask("main", 500, until)
        # Batches that end after ten letters.
        throttle.give_back("main", grant, grant.letters - 10)
        used += min(grant.letters, 10)
    elapsed = redis_time() - begun
    assert used <= 1000 * elapsed * 1.05 + 1
    assert elapsed < used / 10 * throttle.SHARE, "if nothing came back, each ten cost a share"


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
