"""Counting: each hit once, whatever dies, comes back or goes away in between."""

import threading

import pytest
from django.db import connection
from redis.exceptions import ConnectionError as RedisAway

from deliveries import privacy, tasks
from deliveries.models import Delivery, HitCount, HitCursor, ReaderHit
from deliveries.tracking import counting, door, stream, verdicts
from deliveries.tracking.hits import CANARY, PIXEL, Hit
from deliveries.tracking.stream import Intake
from tests.deliveries.hitting import AGENT, ask, count, make_mailed, set_policy, taken
from tests.deliveries.test_tracking_door import click, pixel
from tests.make import make_subscriber

pytestmark = pytest.mark.django_db

HOUR = 3_600_000
AT = 450_000 * HOUR  # some full hour


@pytest.fixture(autouse=True)
def _cold():
    """Let nothing of one test lie in the memory of the next."""
    door.memory.forget()


@pytest.fixture
def edition():
    return make_mailed()


@pytest.fixture
def mailed():
    """Return an edition whose readers may be told from one another."""
    return make_mailed("per-reader")


def put(*hits):
    intake = Intake()
    for hit in hits:
        intake.put(hit)


def hit(edition, position=PIXEL, delivery=0, at=AT, visitor="a", kind=""):
    return Hit(at, edition.pk, position, delivery, visitor, kind)


def counted(edition):
    rows = HitCount.objects.filter(edition=edition).order_by("position", "hour")
    return [(row.position, row.human, row.machine) for row in rows]


def test_hits_are_counted_by_link_and_hour_and_kind(edition):
    put(
        hit(edition),
        hit(edition, visitor="b"),
        hit(edition, visitor="c", at=AT + HOUR - 1),
        hit(edition, visitor="d", at=AT + HOUR),
        hit(edition, visitor="e", kind="scanner"),
        hit(edition, 0, visitor="f"),
        hit(edition, CANARY, visitor="g"),
    )
    count()
    assert counted(edition) == [(PIXEL, 3, 1), (PIXEL, 1, 0), (0, 1, 0)]
    assert HitCount.objects.earliest("hour").hour.timestamp() * 1000 == AT
    count()
    assert sum(human + machine for _at, human, machine in counted(edition)) == 6
    assert taken() == []


def test_what_is_younger_than_the_window_waits(edition):
    put(hit(edition))
    count(window=60)
    assert counted(edition) == []
    assert len(taken()) == 1


@pytest.mark.parametrize("crash", ["before the commit", "after the commit"])
def test_a_crash_loses_nothing_and_counts_nothing_twice(edition, monkeypatch, crash):
    put(hit(edition), hit(edition, visitor="b"))

    def dies(*_):
        raise SystemExit

    where = (counting, "_not_erased") if crash == "before the commit" else (stream, "trim")
    with monkeypatch.context() as patch:
        patch.setattr(*where, dies)
        with pytest.raises(SystemExit):
            count()
    assert counted(edition) == ([] if crash == "before the commit" else [(PIXEL, 2, 0)])
    put(hit(edition, visitor="c"))
    count()
    assert counted(edition) == [(PIXEL, 3, 0)]


def test_two_that_count_at_once_count_once(edition, monkeypatch):
    put(hit(edition))
    judge, others = verdicts.judge, []

    def meanwhile(*arguments, **options):
        if not others:
            others.append("another worker")
            count()
        return judge(*arguments, **options)

    monkeypatch.setattr(verdicts, "judge", meanwhile)
    count()
    assert counted(edition) == [(PIXEL, 1, 0)]


def test_a_flushed_redis_begins_anew_even_if_its_clock_went_back(edition):
    put(hit(edition))
    count()
    with stream.connected() as redis:
        redis.flushdb()
        redis.eval(stream._BEGIN, 1, stream.KEY, "another-life")
        redis.xadd(stream.KEY, {"h": hit(edition, visitor="b").packed()}, id="5-0")
    count()
    put(hit(edition, visitor="c"))
    count()
    assert counted(edition) == [(PIXEL, 3, 0)]
    assert HitCursor.objects.count() == 2


def test_a_redis_that_woke_up_with_an_older_file_counts_nothing_again(edition):
    put(hit(edition), hit(edition, visitor="b"))
    with stream.connected() as redis:
        older = redis.dump(stream.KEY)
        count()
        redis.restore(stream.KEY, 0, older, replace=True)
    assert len(taken()) == 2
    put(hit(edition, visitor="c"))
    count()
    assert counted(edition) == [(PIXEL, 3, 0)]


def test_hits_in_two_groups_are_judged_together(edition, monkeypatch):
    monkeypatch.setattr(counting, "MOST_HITS", 1)
    judge, seen = verdicts.judge, []
    monkeypatch.setattr(
        verdicts, "judge", lambda hits, **more: seen.append(len(hits)) or judge(hits, **more)
    )
    put(hit(edition, visitor="a"), hit(edition, visitor="b"), hit(edition, visitor="c"))
    with stream.connected() as redis:
        # All are older than the window, and within it of one another.
        redis.rename(stream.KEY, "older")
        redis.eval(stream._BEGIN, 1, stream.KEY, "life")
        for number, (_id, fields) in enumerate(redis.xrange("older")):
            redis.xadd(stream.KEY, fields, id=f"{AT + number}-0")
    count(window=10)
    assert seen == [3, 3, 3]
    assert counted(edition) == [(PIXEL, 3, 0)]


def test_nonsense_in_the_stream_stops_nobody(edition):
    put(hit(edition))
    with stream.connected() as redis:
        for fields in ({"h": "x"}, {"h": "1,2,3,4,5,6,G;1,x,,,,,"}, {"other": "1"}, {"h": "\xff"}):
            redis.xadd(stream.KEY, fields)
    put(hit(edition, visitor="b"), Hit(AT, 987_654, 0, 0, "c"))
    count()
    assert counted(edition) == [(PIXEL, 2, 0)]


def test_a_policy_that_became_stricter_holds_for_what_is_not_counted_yet(mailed):
    delivery = Delivery.objects.create(edition=mailed, subscriber=make_subscriber())
    put(hit(mailed, delivery=delivery.pk))
    set_policy(mailed, "off")
    count()
    assert counted(mailed) == []
    put(hit(mailed, delivery=delivery.pk))
    set_policy(mailed, "totals")
    count()
    assert counted(mailed) == [(PIXEL, 1, 0)]
    assert not ReaderHit.objects.exists()


def test_per_reader_says_who_and_forgets_with_the_reader(mailed):
    reader, other = make_subscriber(), make_subscriber()
    one = Delivery.objects.create(edition=mailed, subscriber=reader)
    two = Delivery.objects.create(edition=mailed, subscriber=other)
    for at in (AT + 5, AT, AT + 9):
        put(hit(mailed, 0, one.pk, at))
        count()
    put(hit(mailed, PIXEL, two.pk), hit(mailed, PIXEL, two.pk, kind="proxy"))
    count()
    rows = ReaderHit.objects.order_by("id").values_list("delivery", "position", "is_machine")
    assert list(rows) == [(one.pk, 0, False), (two.pk, PIXEL, False), (two.pk, PIXEL, True)]
    followed = ReaderHit.objects.get(delivery=one)
    assert (followed.hits, followed.first_at.timestamp() * 1000) == (3, AT)
    held = privacy.export(reader)["deliveries"][0]["hits"]
    assert held[0]["what"] == "followed link 1"
    assert held[0]["times"] == 3
    privacy.erase(reader, source="test")
    put(hit(mailed, 0, one.pk))
    count()
    assert not ReaderHit.objects.filter(delivery=one).exists()
    assert ReaderHit.objects.filter(delivery=two).count() == 2


def test_nothing_is_kept_of_who_it_was(edition):
    ask(pixel(edition))
    ask(click(edition), HTTP_COOKIE="session=secret-cookie")
    (who,) = {one.visitor for one in taken()}
    count()
    assert taken() == []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            text = str(cursor.fetchall())
            assert not any(word in text for word in (who, "203.0.113.7", AGENT, "secret-cookie"))
    assert sum(human + machine for _at, human, machine in counted(edition)) == 2


def test_threads_that_answer_at_once_lose_nothing(edition):
    intake = Intake()
    threads = [
        threading.Thread(
            target=lambda n=n: [intake.put(hit(edition, visitor=f"{n}-{m}")) for m in range(25)]
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.visitor for one in taken()}) == 200


def test_the_tick_rings_for_what_waits_and_redis_may_be_away(edition, monkeypatch):
    rung = []
    monkeypatch.setattr(tasks, "ring_now", lambda task, *_: rung.append(task))
    tasks._ring_for_hits()
    put(hit(edition))
    tasks._ring_for_hits()
    assert rung == [tasks.count_hits]

    def away(*_):
        raise RedisAway

    monkeypatch.setattr(stream, "connected", away)
    assert not counting.waits()
    assert not counting.work(1)
