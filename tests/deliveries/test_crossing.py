"""What comes back while others are at the same rows: nobody waits for ever, and nobody for long."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from deliveries import (
    advancing,
    aftermath,
    brakes,
    control,
    events,
    leases,
    owners,
    planning,
    privacy,
    slices,
    tallies,
)
from deliveries.models import Batch, Delivery, Edition, InboundEvent, Tally
from deliveries.told import Told
from subscribers.models import Subscriber, Suppression, SuppressionRelease
from tests.deliveries.returning import sent_edition
from tests.make import make_edition, make_readers

pytestmark = pytest.mark.django_db


def full(copy: Delivery) -> Told:
    return Told("bounced", timezone.now(), delivery=copy.pk, is_permanent=False, reason="full")


def at_once(*jobs: Callable[[], Any]) -> list[BaseException]:
    """Do *jobs* in a thread each; return what they raised."""
    failed: list[BaseException] = []

    def work(job: Callable[[], Any]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001  (returned)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_reports_that_come_all_the_time_do_not_keep_an_edition_from_being_counted(monkeypatch):
    """Each report set the time of the count, and whoever set it last was taken for counting."""
    monkeypatch.setattr(tallies, "COUNTED_AT_ONCE", 3)
    edition = make_edition()
    make_readers(edition.publication, 6)
    planning.start(edition)
    tallies.keep()
    Delivery.objects.filter(edition=edition).update(status="failed", reason="refused")
    Edition.objects.update(status="finished", finished_at=timezone.now())
    count = tallies.count

    def count_while_a_report_comes(edition):
        tallies.stale([edition.pk], at_once=False)
        return count(edition)

    monkeypatch.setattr(tallies, "count", count_while_a_report_comes)
    tallies.stale([edition.pk], at_once=False)
    assert tallies.keep() == 1
    tally = Tally.objects.get()
    assert (tally.report["statuses"]["failed"], tally.is_final) == (6, False)
    monkeypatch.setattr(tallies, "count", count)
    assert tallies.renew(edition)
    assert Tally.objects.get().is_final


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_two_workers_with_bounces_of_a_paused_edition_do_not_lock_each_other_out(monkeypatch):
    """Each looked at the edition between two batches, of which the other had one."""
    edition = sent_edition(readers=2)
    first, second = edition.deliveries.order_by("pk")
    other = Batch.objects.create(edition=edition, number=9, not_before=timezone.now())
    Delivery.objects.filter(pk=second.pk).update(batch=other)
    third = Delivery.objects.create(
        edition=edition, batch=other, status="sent", attempt=1, subscriber=None
    )
    Edition.objects.update(status="paused", counted_before={"judged": 1})
    check, meet = brakes.check, threading.Barrier(2)

    def check_when_both_are_here(edition):
        with suppress(threading.BrokenBarrierError):
            meet.wait(0.5)
        return check(edition)

    monkeypatch.setattr(brakes, "check", check_when_both_are_here)
    events.receive("postmark", [full(first), full(second)])
    ids = list(InboundEvent.objects.values_list("pk", flat=True))
    taken = threading.Event()
    lock = advancing.lock

    def lock_and_say_so(deliveries):
        rows = lock(deliveries)
        taken.set()
        return rows

    monkeypatch.setattr(advancing, "lock", lock_and_say_so)

    def apply_the_other() -> None:
        taken.wait(5)
        events.receive("postmark", [full(third)])
        (pk,) = InboundEvent.objects.exclude(pk__in=ids).values_list("pk", flat=True)
        events._apply(1, pk)

    assert not at_once(events.apply_due, apply_the_other)
    assert sum(Batch.objects.values_list("bounced", flat=True)) == 3


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_a_late_bounce_and_a_slice_of_the_same_batch_do_not_lock_each_other_out(monkeypatch):
    """A slice has its batch before its readers, so a bounce must not have them the other way."""
    edition = make_edition()
    make_readers(edition.publication, 2)
    planning.start_due()
    lease = leases.claim("main", owners.mine())
    assert lease
    copy = edition.deliveries.order_by("pk").first()
    assert copy
    # Of an attempt before: it waits to be sent once more.
    events.receive("postmark", [full(copy)])
    is_taking, is_locked = threading.Event(), threading.Event()
    mark, lock = slices._mark_as_sending, advancing.lock

    def mark_when_the_other_has_locked(batch, ids):
        is_taking.set()
        is_locked.wait(0.5)
        return mark(batch, ids)

    def lock_and_say_so(ids):
        rows = lock(ids)
        is_locked.set()
        return rows

    def apply() -> None:
        is_taking.wait(5)
        events.apply_due()

    monkeypatch.setattr(slices, "_mark_as_sending", mark_when_the_other_has_locked)
    monkeypatch.setattr(advancing, "lock", lock_and_say_so)
    assert not at_once(lambda: slices.take_slice(lease, 2), apply)
    lease.owner.close()


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_an_erasure_waits_for_who_writes_down_a_report_and_not_the_other_way_round(monkeypatch):
    copy = sent_edition(readers=1).deliveries.select_related("subscriber").get()
    events.receive("postmark", [Told("complained", timezone.now(), delivery=copy.pk)])
    locked, held = aftermath._locked_readers, threading.Event()

    def let_the_erasure_begin(news):
        held.set()
        threading.Event().wait(0.15)
        return locked(news)

    def erase() -> None:
        held.wait(5)
        privacy.erase(copy.subscriber, source="test")

    monkeypatch.setattr(aftermath, "_locked_readers", let_the_erasure_begin)
    assert not at_once(events.apply_due, erase)
    assert not Subscriber.objects.exists()
    assert Delivery.objects.get().status == "complained"


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_who_sends_again_while_a_report_settles_the_doubt_waits_for_it_and_sends_nothing(
    monkeypatch,
):
    edition = sent_edition(readers=1, status="in-doubt", reason="no-reply")
    Edition.objects.update(status="paused", counted_before={"judged": 1})
    events.receive("postmark", [full(edition.deliveries.get())])
    check, held = brakes.check, threading.Event()

    def let_a_person_press(edition):
        held.set()
        threading.Event().wait(0.15)
        return check(edition)

    def send_again() -> None:
        held.wait(5)
        assert control.send_again(edition) == 0

    monkeypatch.setattr(brakes, "check", let_a_person_press)
    assert not at_once(events.apply_due, send_again)
    assert Delivery.objects.get().status == "bounced"


@pytest.mark.sqlite_only
def test_a_letter_that_bounced_before_the_release_of_its_address_is_told_too_late():
    """Which of two reports came before the release decided whether the address was suppressed."""
    copy = sent_edition(readers=1).deliveries.select_related("subscriber").get()
    before = timezone.now()
    SuppressionRelease.objects.create(
        address_hash=copy.subscriber.address_hash,
        reason="bounce",
        suppressed_at=before,
        why="The reader called.",
    )
    for at, is_suppressed in ((before, False), (timezone.now(), True)):
        events.receive(
            "postmark",
            [Told("bounced", at, delivery=copy.pk, is_permanent=True, reason="no-mailbox")],
        )
        events.apply_due()
        assert Suppression.objects.exists() is is_suppressed


@pytest.mark.sqlite_only
def test_what_takes_long_is_applied_in_small_groups_of_one_source(monkeypatch):
    """Two hundred bounces kept all other writers out of SQLite for a second and more."""
    monkeypatch.setattr(events, "MOST_GRAVE", 2)
    copies = list(sent_edition(readers=5).deliveries.order_by("pk"))
    events.receive("postmark", [full(copy) for copy in copies[:4]])
    events.receive("mail", [full(copies[4])])
    left = []
    # SQLite's writers poll for their turn: one waited until all that had come was applied.
    monkeypatch.setattr(
        events.time, "sleep", lambda _gap: left.append(InboundEvent.objects.count())
    )
    events.apply_due()
    assert left == [3, 1]
    assert set(Delivery.objects.values_list("status", flat=True)) == {"bounced"}
