"""A new sender's ramp: so many on its first day, more on the next, and nobody a day late."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from deliveries import (
    lanes,
    leases,
    ledger,
    owners,
    planning,
    ramps,
    recovery,
    sending,
    slices,
    throttle,
)
from deliveries.ledger import Fate, Outcome
from deliveries.models import Batch, Delivery, Quota
from tests.make import let_rest_pass, make_brief, make_edition, make_publication, make_readers


@pytest.fixture
def configure(settings):
    """Return a function that configures lanes to the one server: main=[3, 6], spare=None, …"""
    url = settings.PROVIDERS["main"]["url"]

    def put(**given):
        settings.PROVIDERS = {
            lane: {"provider": "smtp", "url": url, **({"ramp": ramp} if ramp else {})}
            for lane, ramp in given.items()
        }

    return put


@pytest.fixture
def wait_a_day(monkeypatch):
    """Return a function that sets the date of the quotas on by a day."""
    real, days = timezone.now, [0]
    monkeypatch.setattr(ramps.timezone, "now", lambda: real() + dt.timedelta(days=days[0]))

    def wait():
        days[0] += 1

    return wait


def send(publication):
    """Send an edition as far as it goes today and return it."""
    edition = make_edition(make_brief(publication), send_at=None)
    planning.start_due()
    work()
    edition.refresh_from_db()
    return edition


def work():
    """Do what ticks and workers do, a few times over."""
    for _round in range(3):
        let_rest_pass()
        Batch.objects.update(not_before=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5))
        for lane in recovery.waiting_lanes():
            sending.drain(lane)
        recovery.sweep()


def fates(edition):
    """Return {reason, or status where there is none: readers}."""
    found = {}
    for status, reason in edition.deliveries.values_list("status", "reason"):
        found[reason or status] = found.get(reason or status, 0) + 1
    return found


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("ramp", "days"),
    [
        ([50, 100, 200], [50, 100, 200, None, None]),
        ({"start": 50, "factor": 2, "until": 300}, [50, 100, 200, None, None]),
        ({"start": 10, "factor": 1.5, "until": 30}, [10, 15, 22, None]),
        ({"start": 10, "until": 25}, [10, 20, None]),
        ({"start": 10, "until": 5}, [None]),
    ],
)
def test_a_ramp_grows_from_day_to_day_and_ends(ramp, days):
    assert [ramps.planned(ramp, day) for day in range(1, len(days) + 1)] == days


@pytest.mark.sqlite_only
def test_a_ramp_of_ten_years_ago_is_over():
    assert ramps.planned({"start": 1, "factor": 2, "until": 10**9}, 3650) is None


@pytest.mark.django_db
def test_who_is_over_the_ramp_is_skipped_and_gets_no_brief_of_yesterday(
    configure, wait_a_day, smtp_server
):
    configure(main=[3, 6])
    publication = make_publication()
    make_readers(publication, 5)
    first = send(publication)
    assert first.status == "finished"
    assert fates(first) == {"sent": 3, "ramp": 2}
    again = send(publication)
    assert fates(again) == {"ramp": 5}, "the day is spent for every edition"

    wait_a_day()
    second = send(publication)
    assert fates(second) == {"sent": 5}
    assert fates(first) == {"sent": 3, "ramp": 2}
    assert len(smtp_server.messages) == 8

    wait_a_day()
    assert ramps.cap("main") is None, "after its last day the ramp is over"


@pytest.mark.django_db
def test_days_without_a_letter_do_not_count(configure, wait_a_day, smtp_server):
    configure(main=[3, 6])
    publication = make_publication()
    make_readers(publication, 2)
    send(publication)
    for _day in range(10):
        wait_a_day()
    assert ramps.cap("main") == 6


@pytest.mark.django_db
def test_readers_who_were_put_off_come_under_the_ramp_too(configure, wait_a_day, smtp_server):
    configure(main=[3, 6])
    publication = make_publication()
    late = make_readers(publication, 4)[0]
    smtp_server.refuse(late, "450 4.2.1 Later")
    edition = send(publication)
    assert fates(edition) == {"sent": 2, "deferred": 1, "ramp": 1}
    smtp_server.reset()
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    work()
    assert fates(edition) == {"sent": 2, "ramp": 2}
    edition.refresh_from_db()
    assert edition.status == "finished"


@pytest.mark.django_db
def test_what_is_over_the_ramp_goes_by_a_lane_that_has_room(configure, smtp_server):
    configure(main=[3], spare=[2], last=None)
    publication = make_publication()
    make_readers(publication, 9)
    edition = send(publication)
    assert fates(edition) == {"sent": 9}
    assert {q.lane: q.used for q in Quota.objects.all()} == {"main": 3, "spare": 2}


@pytest.mark.django_db
def test_where_no_lane_has_room_the_rest_is_skipped(configure, smtp_server):
    configure(main=[3], spare=[2])
    publication = make_publication()
    make_readers(publication, 9)
    edition = send(publication)
    assert fates(edition) == {"sent": 5, "ramp": 4}
    assert edition.status == "finished"


@pytest.mark.django_db
def test_nobody_is_skipped_because_the_lane_without_a_ramp_is_down(configure, settings):
    configure(main=None, spare=[3])
    settings.PROVIDERS["main"]["url"] = "smtp://127.0.0.1:9"
    publication = make_publication()
    make_readers(publication, 5)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    for _round in range(5):
        work()
    assert fates(edition) == {"sent": 3, "pending": 2}


@pytest.mark.django_db
def test_nobody_is_skipped_while_a_worker_may_give_back_what_it_reserved(configure, smtp_server):
    configure(main=[3])
    publication = make_publication()
    make_readers(publication, 5)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    grant = throttle.ask("main", 3, 0)
    lease = leases.claim("main", owners.mine())
    recovery.sweep()
    assert fates(edition) == {"pending": 5}
    throttle.give_back("main", grant, 2)
    leases.close_or_give_back(lease)
    work()
    assert fates(edition) == {"sent": 2, "ramp": 3}


@pytest.mark.django_db
def test_nobody_is_skipped_for_letters_that_a_killed_worker_had_leave_for(configure, smtp_server):
    """A worker that was killed took the whole day's ramp with it, and all were skipped."""
    configure(main=[4])
    publication = make_publication()
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    owner = owners.Owner()
    grant = throttle.ask("main", 4, 0)
    lease = leases.claim("main", owner)
    owner.journal.begin(lease.batch_id, lease.epoch, grant.letters)
    first, second, _third = slices.take_slice(lease, grant.letters)
    owner.journal.record([], [first])
    sent = Outcome(first.delivery, 1, Fate.SENT)
    owner.journal.record([sent], [second])
    assert ramps.room("main") == 0
    owner.close()  # what the kernel does to a killed process
    recovery.sweep()
    assert fates(edition) == {"sent": 1, "worker-lost": 1, "pending": 1}
    assert ramps.room("main") == 2
    work()
    assert fates(edition) == {"sent": 2, "worker-lost": 1}
    assert ramps.room("main") == 1


@pytest.mark.django_db
def test_a_worker_that_gave_back_what_it_did_not_use_leaves_nothing_to_give_back(
    configure, smtp_server, monkeypatch
):
    """Its letters could not be settled: the journal tells of them to whoever takes over."""
    configure(main=[40])
    publication = make_publication()
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    monkeypatch.setattr(sending, "SETTLE_TRIES", 1)
    with monkeypatch.context() as away:
        away.setattr(ledger, "settle", lambda _outcomes: 1 / 0)
        sending.drain("main")
    assert fates(edition) == {"sending": 3}
    assert ramps.room("main") == 37
    recovery.sweep()
    assert fates(edition) == {"sent": 3}
    assert ramps.room("main") == 37


@pytest.mark.django_db
def test_a_worker_killed_before_it_took_its_slice_gives_back_all_of_it(configure):
    configure(main=[20])
    publication = make_publication()
    make_readers(publication, 3)
    make_edition(make_brief(publication))
    planning.start_due()
    owner = owners.Owner()
    lease = leases.claim("main", owner)
    grant = throttle.ask("main", 8, 0)
    owner.journal.begin(lease.batch_id, lease.epoch, grant.letters)
    owner.close()
    recovery.sweep()
    assert ramps.room("main") == 20


@pytest.mark.django_db
def test_letters_that_a_lane_did_not_take_cost_no_ramp(configure, settings):
    configure(main=[3])
    settings.PROVIDERS["main"]["url"] = "smtp://127.0.0.1:9"
    publication = make_publication()
    make_readers(publication, 5)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    work()
    assert ramps.room("main") == 3
    assert fates(edition) == {"pending": 5}


@pytest.mark.django_db
def test_batches_of_a_later_hour_wait_for_their_own_day(configure, smtp_server):
    configure(main=[1])
    publication = make_publication()
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    throttle.ask("main", 1, 0)
    Batch.objects.update(not_before=timezone.now() + dt.timedelta(hours=8))
    recovery.sweep()
    assert fates(edition) == {"pending": 3}


@pytest.mark.django_db(transaction=True)
def test_workers_together_stay_within_a_ramp(configure):
    configure(main=[100])
    granted = []

    def draw():
        try:
            while True:
                grant = throttle.ask("main", 7, 0)
                unused = min(2, grant.letters - 1)
                throttle.give_back("main", grant, unused)
                granted.append(grant.letters - unused)
        except lanes.Spent:
            connection.close()

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == Quota.objects.get().used
    assert sum(granted) == 100
