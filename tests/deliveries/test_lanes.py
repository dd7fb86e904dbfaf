"""Lanes that fail: what waits goes by the next one, and nothing is lost or sent twice."""

import datetime as dt
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.utils import timezone

from deliveries import control, lanes, planning, recovery, rerouting, sending, throttle
from deliveries.ledger import Fate, Outcome
from deliveries.models import Batch
from subscribers.models import Notice
from tests.make import (
    let_rest_pass,
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_readers,
)
from tests.smtp import RecordingServer

pytestmark = pytest.mark.django_db

NOBODY = "smtp://127.0.0.1:9"


@pytest.fixture(scope="module")
def second_server():
    server = RecordingServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def lane_up(settings, smtp_server, second_server, monkeypatch):
    """Configure two lanes and return a function that takes them up or down."""
    second_server.reset()
    monkeypatch.setattr(Batch, "SIZE", 2)
    urls = {
        "main": f"smtp://127.0.0.1:{smtp_server.port}",
        "spare": f"smtp://127.0.0.1:{second_server.port}",
    }

    def put(**is_up):
        settings.PROVIDERS = {
            lane: {"provider": "smtp", "url": urls[lane] if is_up[lane] else NOBODY}
            for lane in is_up
        }

    put(main=True, spare=True)
    return put


def started(readers=6, publication=None):
    publication = publication or make_publication()
    make_readers(publication, readers)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    return edition


def fail(times, lane="main"):
    """Try *lane* so often, as ticks and workers do, with a rest before each."""
    for _try in range(times):
        let_rest_pass()
        sending.drain(lane)
    recovery.sweep()


def work():
    """Do what ticks and workers do, until nothing is due."""
    let_rest_pass()
    Batch.objects.update(not_before=timezone.now() - dt.timedelta(seconds=1))
    while due := recovery.waiting_lanes():
        for lane in due:
            sending.drain(lane)
        recovery.sweep()


def lanes_of(edition):
    return list(edition.batches.order_by("number").values_list("lane", flat=True))


def statuses(edition):
    found = {}
    for status in edition.deliveries.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def test_what_waits_moves_to_the_next_lane_after_three_failures(lane_up, second_server):
    publication = make_publication()
    make_member(publication, "owner")
    lane_up(main=False, spare=True)
    edition = started(6, publication)
    fail(2)
    assert lanes_of(edition) == ["main"] * 3
    fail(1)
    assert lanes_of(edition) == ["spare"] * 3
    work()
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert len({m.to for m in second_server.messages}) == len(second_server.messages) == 6
    (notice,) = Notice.objects.all()
    assert "main" in notice.subject
    assert "cannot be reached" in notice.text


def test_editors_are_told_once_however_many_editions_move(lane_up):
    publication = make_publication()
    make_member(publication, "owner")
    lane_up(main=False, spare=True)
    started(4, publication)
    fail(3)
    another = make_edition(make_brief(publication))
    planning.start_due()
    fail(1)
    assert set(lanes_of(another)) == {"spare"}
    assert Notice.objects.count() == 1


def test_who_is_in_doubt_changes_no_lane(lane_up, second_server, monkeypatch):
    edition = started(4)

    class Silent:
        may_send = None

        def deliver(self, slice_):
            letter = next(iter(slice_))
            yield Outcome(letter.delivery, letter.attempt, Fate.IN_DOUBT, "no-reply")
            raise lanes.LaneTrouble("mx.test is gone")

        def close(self):
            pass

    @contextmanager
    def opened(_lane, _journal):
        yield Silent()

    monkeypatch.setattr(sending.providers, "opened", opened)
    fail(3)
    monkeypatch.undo()
    assert statuses(edition) == {"in-doubt": 3, "pending": 1}
    work()
    assert statuses(edition) == {"in-doubt": 3, "sent": 1}
    assert len(second_server.messages) == 1


def test_a_batch_that_a_worker_holds_stays_where_it_is(lane_up):
    from deliveries import leases, owners

    edition = started(6)
    lease = leases.claim("main", owners.mine())
    lane_up(main=False, spare=True)
    for number in range(3):
        cache.delete("lane-hold:main")
        lanes.hold("main", lanes.LaneTrouble(f"refused {number}"))
    rerouting.sweep()
    held = edition.batches.get(pk=lease.batch_id)
    assert held.lane == "main"
    assert sorted(lanes_of(edition)) == ["main", "spare", "spare"]
    leases.close_or_give_back(lease)


def test_the_first_batch_of_the_next_edition_tries_a_broken_lane_again(lane_up, smtp_server):
    publication = make_publication()
    lane_up(main=False, spare=True)
    started(4, publication)
    fail(3)
    assert lanes.preferred() == "spare"
    work()
    second = make_edition(make_brief(publication))
    planning.start_due()
    assert lanes_of(second) == ["main", "spare"]
    fail(1)
    assert lanes_of(second) == ["spare", "spare"], "it did not answer: nobody waits for it"
    work()

    let_rest_pass()
    lane_up(main=True, spare=True)
    third = make_edition(make_brief(publication))
    planning.start_due()
    assert lanes_of(third) == ["main", "spare"]
    work()
    assert len(smtp_server.messages) == 2
    assert lanes.preferred() == "main"
    fourth = make_edition(make_brief(publication))
    planning.start_due()
    assert lanes_of(fourth) == ["main", "main"]


def test_with_every_lane_down_nothing_is_lost(lane_up, smtp_server):
    lane_up(main=False, spare=False)
    edition = started(6)
    for _round in range(4):
        fail(1, "main")
        fail(1, "spare")
    assert statuses(edition) == {"pending": 6}
    edition.refresh_from_db()
    assert edition.status == "sending"
    lane_up(main=True, spare=False)
    for _round in range(4):
        work()
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert len({m.to for m in smtp_server.messages}) == len(smtp_server.messages) == 6


def test_a_refused_log_in_pauses_where_there_is_no_other_lane(lane_up, monkeypatch):
    publication = make_publication()
    make_member(publication, "owner")
    lane_up(main=True)
    edition = started(4, publication)

    @contextmanager
    def refuses(_lane, _journal):
        class Refusing:
            may_send = None

            def deliver(self, _slice):
                raise lanes.LogInRefused("mx.test:587 refused: 535 5.7.8 Wrong password")

        yield Refusing()

    monkeypatch.setattr(sending.providers, "opened", refuses)
    fail(2)
    edition.refresh_from_db()
    assert edition.status == "sending"
    fail(1)
    edition.refresh_from_db()
    assert edition.status == "paused"
    assert "535 5.7.8 Wrong password" in edition.word
    assert "then resume" in edition.word
    assert Notice.objects.count() == 1
    assert statuses(edition) == {"pending": 4}

    control.resume(edition)
    fail(2)
    edition.refresh_from_db()
    assert edition.status == "sending", "who resumes gets as many tries again"


def test_a_refused_log_in_moves_on_where_there_is_another_lane(lane_up):
    edition = started(4)
    for _try in range(3):
        cache.delete("lane-hold:main")
        lanes.hold("main", lanes.LogInRefused("535 5.7.8 Wrong password"))
    rerouting.sweep()
    assert set(lanes_of(edition)) == {"spare"}


@pytest.mark.parametrize(
    "trouble", [lanes.OurFault("no disk"), lanes.Spent("spent"), lanes.SenderRefused("5.7.26")]
)
def test_what_is_not_the_lanes_fault_breaks_no_lane(lane_up, trouble):
    for _try in range(5):
        cache.delete("lane-hold:main")
        lanes.hold("main", trouble)
    assert lanes.is_held("main")
    assert not lanes.broken()


def test_workers_that_fail_at_one_time_count_as_one_rest(lane_up):
    for _worker in range(5):
        lanes.hold("main", lanes.LaneTrouble("gone"))
    assert not lanes.broken()


def test_a_lane_that_takes_letters_between_two_rests_is_not_broken(lane_up):
    for _try in range(5):
        cache.delete("lane-hold:main")
        lanes.hold("main", lanes.LaneTrouble("421 Too many"))
        lanes.was_answered("main", 1)
    assert not lanes.broken()


def test_a_lane_that_takes_some_letters_before_each_trouble_keeps_its_batches(lane_up, monkeypatch):
    edition = started(8)
    monkeypatch.setattr(Batch, "SIZE", 500)
    Batch.objects.exclude(number=0).delete()
    edition.deliveries.update(batch=edition.batches.get())

    class InFits:
        may_send = None

        def deliver(self, slice_):
            letter = next(iter(slice_))
            yield Outcome(letter.delivery, letter.attempt, Fate.SENT)
            raise lanes.LaneTrouble("421 Enough for now")

        def close(self):
            pass

    @contextmanager
    def opened(_lane, _journal):
        yield InFits()

    monkeypatch.setattr(sending.providers, "opened", opened)
    fail(5)
    assert statuses(edition) == {"sent": 5, "pending": 3}
    assert lanes_of(edition) == ["main"]


def test_a_flush_forgets_what_was_broken_and_harms_nothing(lane_up):
    lane_up(main=False, spare=True)
    edition = started(4)
    fail(3)
    cache.clear()
    assert lanes.preferred() == "main"
    work()
    edition.refresh_from_db()
    assert edition.status == "finished"


def test_a_lane_rests_as_long_as_its_server_asked(lane_up):
    lanes.hold("main", lanes.LaneTrouble("429 Too many requests", seconds=900))
    left = cache._cache.get_client().ttl(cache.make_key("lane-hold:main"))
    assert 890 < left <= 900


def test_what_waits_on_a_lane_that_was_renamed_goes_by_the_first(lane_up, smtp_server):
    edition = started(4)
    Batch.objects.update(lane="gone")
    recovery.waiting_lanes()
    work()
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert len(smtp_server.messages) == 4


def test_a_log_in_that_was_refused_long_ago_pauses_nothing(lane_up, settings):
    """Its password was right again, its ramp was spent; the other lane's log-in paused the send."""
    edition = started(2)
    settings.PROVIDERS["main"]["ramp"] = [1]
    lanes.hold("main", lanes.LogInRefused("main: 535 wrong password"))
    lanes.was_answered("main", edition.pk)
    throttle.ask("main", 1, 0)
    Batch.objects.update(lane="spare")
    for _try in range(lanes.BREAKS_AFTER):
        let_rest_pass()
        lanes.hold("spare", lanes.LogInRefused("spare: 535 wrong password"))
    recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "sending"
