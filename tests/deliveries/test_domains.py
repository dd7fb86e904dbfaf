"""Domains that say “later” again and again are left in peace for a while."""

import datetime as dt
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisIsAway

from deliveries import domains, planning, recovery, sending
from deliveries.ledger import Fate, Outcome
from deliveries.models import Delivery, Edition
from subscribers import redis_link
from tests.make import make_brief, make_edition, make_publication, make_readers, make_subscription

LATER = "451 4.7.1 Too many at a time"


@dataclass
class To:
    address: str
    delivery: int = 1


def put_off(known, address="ada@slow.example", times=domains.RESTS_AFTER):
    for _time in range(times):
        known.hear(To(address), Outcome(1, 1, Fate.DEFERRED, "deferred", LATER))


def taken(known, address="ada@slow.example"):
    known.hear(To(address), Outcome(1, 1, Fate.SENT))


def rest_of(known, domain="slow.example"):
    known._looked_at = -domains.FRESH_SECONDS  # as if a second had gone by
    return known.look().get(domain, 0.0)


def let_rest_end(lane="main", domain="slow.example"):
    redis = cache._cache.get_client()
    rests, _ends = redis.hget(f"intelbrief:domains:{lane}", domain).split()
    redis.hset(f"intelbrief:domains:{lane}", domain, f"{rests.decode()} 1")


@pytest.mark.sqlite_only
def test_three_in_a_row_make_a_domain_rest_for_every_worker():
    one, another = domains.Domains("main"), domains.Domains("main")
    put_off(one, times=2)
    assert not rest_of(another)
    put_off(one, times=1)
    assert 0 < rest_of(another) <= domains.FIRST_REST
    assert another.rests(To("bob@slow.example"))
    assert not another.rests(To("bob@quick.example"))
    assert not rest_of(domains.Domains("spare")), "another lane has another sender's name"


@pytest.mark.sqlite_only
def test_a_reader_who_gets_it_breaks_the_row():
    known = domains.Domains("main")
    for _time in range(5):
        put_off(known, times=2)
        taken(known)
    assert not rest_of(known)


@pytest.mark.sqlite_only
def test_each_further_rest_is_twice_as_long_until_a_reader_gets_it():
    known = domains.Domains("main")
    lengths = []
    for _rest in range(8):
        put_off(known)
        lengths.append(round(rest_of(known)))
        let_rest_end()
        assert not rest_of(known)
    first = domains.FIRST_REST
    assert lengths == [min(first * 2**n, domains.LONGEST_REST) for n in range(8)]
    taken(known)
    put_off(known)
    assert round(rest_of(known)) == first


@pytest.mark.sqlite_only
def test_two_workers_that_find_out_at_one_time_make_one_rest():
    one, another = domains.Domains("main"), domains.Domains("main")
    put_off(one)
    put_off(another)
    assert rest_of(one) <= domains.FIRST_REST


@pytest.mark.sqlite_only
def test_a_refusal_by_policy_is_about_us_and_no_domain_rests():
    known = domains.Domains("main")
    for _time in range(5):
        known.hear(To("ada@slow.example"), Outcome(1, 1, Fate.DEFERRED, "policy", "550 5.7.1"))
    assert not rest_of(known)


@pytest.mark.sqlite_only
def test_a_flush_ends_all_rests_and_harms_nothing():
    known = domains.Domains("main")
    put_off(known)
    cache.clear()
    assert not rest_of(known)
    taken(known)


@pytest.mark.sqlite_only
def test_without_redis_nobody_rests_and_nothing_fails(monkeypatch):
    def away():
        raise RedisIsAway

    monkeypatch.setattr(redis_link, "client", away)
    known = domains.Domains("main")
    put_off(known)
    assert known.look() == {}
    taken(known)


@pytest.mark.sqlite_only
def test_while_no_domain_rests_redis_is_asked_once_a_second_at_most(monkeypatch):
    known = domains.Domains("main")
    known.look()
    monkeypatch.setattr(redis_link, "client", lambda: pytest.fail("asked again"))
    for _slice in range(100):
        known.look()
        taken(known)


@pytest.fixture
def publication():
    found = make_publication()
    for number in range(40):
        make_subscription(found, f"slow{number}@slow.example")
    return found


def refuse_slow(server):
    for number in range(40):
        server.refuse(f"slow{number}@slow.example", LATER)


def later(edition):
    return edition.deliveries.filter(status="pending", reason="domain-rests")


@pytest.mark.django_db
def test_readers_of_a_resting_domain_are_put_off_without_a_word_to_the_server(
    publication, smtp_server
):
    quick = make_readers(publication, 5)
    refuse_slow(smtp_server)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    assert sorted(m.to[0] for m in smtp_server.messages) == sorted(quick)
    waiting = later(edition)
    tried = edition.deliveries.filter(reason="deferred")
    assert tried.count() + waiting.count() == 40
    assert domains.RESTS_AFTER <= tried.count() < 20
    # Beyond the slice in which the domain said so, no attempt is counted either.
    assert waiting.filter(attempt=0).count() >= 20
    assert not waiting.filter(deferred_since__isnull=False).exists()
    ends = timezone.now() + dt.timedelta(seconds=domains.FIRST_REST)
    assert all(row.batch_id is None and row.due_at <= ends for row in waiting)


@pytest.mark.django_db
def test_after_the_rest_they_get_their_mail(publication, smtp_server):
    refuse_slow(smtp_server)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "finishing"
    smtp_server.reset()
    let_rest_end()
    domains.forget()
    Delivery.objects.filter(due_at__isnull=False).update(
        due_at=timezone.now() - dt.timedelta(seconds=1)
    )
    recovery.sweep()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert len(smtp_server.messages) == len({m.to for m in smtp_server.messages}) == 40
    assert not domains.on("main").look()


@pytest.mark.django_db
def test_after_a_day_each_reader_is_asked_for_so_that_each_comes_to_an_end(
    publication, smtp_server
):
    refuse_slow(smtp_server)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    Edition.objects.update(started_at=timezone.now() - dt.timedelta(hours=25))
    put_off(domains.on("main"))
    sending.drain("main")
    assert not later(edition).exists()
    assert edition.deliveries.filter(reason="deferred").count() == 40
    assert not edition.deliveries.filter(deferred_since__isnull=True).exists()
