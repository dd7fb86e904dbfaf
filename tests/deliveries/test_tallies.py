"""Tallies: pages read one row, and it says what the ledger says."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from deliveries import control, planning, reports, tallies
from deliveries.models import Batch, Delivery, Edition, Tally
from tests.make import make_edition, make_readers

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(monkeypatch):
    """Return an edition to six that counts as a large one."""
    monkeypatch.setattr(tallies, "COUNTED_AT_ONCE", 3)
    edition = make_edition()
    make_readers(edition.publication, 6)
    planning.start(edition)
    edition.refresh_from_db()
    return edition


def end(edition, status="sent", **fields):
    Delivery.objects.filter(edition=edition).update(status=status, **fields)
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=timezone.now())
    edition.refresh_from_db()


def test_a_small_edition_is_counted_where_it_is_asked_for(edition, monkeypatch):
    monkeypatch.setattr(tallies, "COUNTED_AT_ONCE", 100)
    Delivery.objects.filter(edition=edition).update(status="sent")
    assert tallies.of(edition) == reports.summary(edition)
    assert tallies.keep() == 0  # it moves, and costs no row


def test_between_two_counts_the_batches_say_how_far_it_is(edition):
    assert tallies.of(edition)["statuses"]["pending"] == 6
    assert tallies.keep() == 1
    Batch.objects.filter(edition=edition).update(sent=4, refused=1)
    found = tallies.of(edition)
    counts = found["statuses"]
    assert (counts["sent"], counts["failed"], counts["pending"]) == (4, 1, 1)
    assert sum(counts.values()) == found["audience"] == 6
    assert tallies.keep() == 0  # it was counted a moment ago


def test_more_than_wait_are_never_taken_from_what_a_batch_counted(edition):
    Batch.objects.filter(edition=edition).update(sent=999)
    assert tallies.of(edition)["statuses"]["sent"] == 6


def test_an_ended_edition_is_counted_once_more_and_then_no_more(edition):
    tallies.keep()
    end(edition)
    assert tallies.keep() == 1
    assert tallies.of(edition) == reports.summary(edition)
    assert Tally.objects.get().is_final
    assert tallies.keep() == 0


def test_what_ended_before_there_were_tallies_is_counted_too(edition):
    end(edition)
    assert tallies.keep() == 1
    assert Tally.objects.get().is_final


@pytest.mark.parametrize("verb", [control.retry_failed, control.send_again, control.leave])
def test_after_a_verb_it_is_counted_anew(edition, verb):
    wrong = {control.retry_failed: "failed"}.get(verb, "in-doubt")
    end(edition, wrong, reason="no-reply")
    tallies.keep()
    assert verb(edition) == 6
    assert not Tally.objects.get().is_final
    assert tallies.keep() == 1
    assert tallies.of(edition) == reports.summary(edition)


def test_a_change_during_the_count_is_not_lost(edition, monkeypatch):
    end(edition, "in-doubt", reason="no-reply")
    count = tallies.count

    def count_while_somebody_acts(edition):
        counted = count(edition)
        control.leave(edition)
        return counted

    monkeypatch.setattr(tallies, "count", count_while_somebody_acts)
    tallies.keep()
    assert not Tally.objects.get().is_final
    monkeypatch.setattr(tallies, "count", count)
    tallies.keep()
    assert tallies.of(edition)["reasons"] == {"left: no-reply": 6}


def test_what_ended_lately_is_looked_at_once_more(edition):
    end(edition)
    tallies.keep()
    # A worker that was stopped, replaced and woken up settles without a word to anybody.
    Delivery.objects.filter(pk=edition.deliveries.first().pk).update(status="failed", reason="late")
    long_ago = timezone.now() - dt.timedelta(minutes=11)
    tally = Tally.objects.get()
    tally.report["at"] = long_ago.isoformat()
    tally.counted_at = long_ago
    tally.save()
    assert tallies.keep() == 1
    assert tallies.of(edition)["statuses"]["failed"] == 1


def test_words_are_grouped_and_no_tally_holds_what_a_server_said_of_a_reader(edition):
    for number, row in enumerate(edition.deliveries.select_related("subscriber")):
        Delivery.objects.filter(pk=row.pk).update(
            status="failed",
            reason="refused",
            reply=f"550 5.1.1 <{row.subscriber.address}> unknown (A{number}B12345678)",
        )
    end(edition, "failed")
    tallies.keep()
    details = tallies.details(edition)
    assert [row["readers"] for row in details["words"]] == [6]
    assert [row["failed"] for row in details["domains"]] == [6]
    assert "example.com" not in str(Tally.objects.get().report)


def updates():
    """Return how many updates of deliveries this transaction made, and how many heap-only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables"
            " WHERE relname = 'deliveries_delivery'"
        )
        return cursor.fetchone()


@pytest.mark.postgres_only
def test_a_send_rewrites_no_index(edition):
    all_before, heap_only_before = updates()
    edition.deliveries.update(status="sending", attempt=F("attempt") + 1, due_at=None)
    edition.deliveries.update(
        status="sent", reason="", reply="", due_at=None, changed_at=timezone.now()
    )
    all_after, heap_only_after = updates()
    assert all_after - all_before == heap_only_after - heap_only_before == 12


def test_of_two_schedulers_one_counts_and_neither_throws_the_others_count_away(
    edition, monkeypatch
):
    """A count that takes longer than a tick was begun anew by each tick, and never written."""
    count, others = tallies.count, []

    def count_while_another_ticks(edition):
        if not others:
            others.append("begun")
            others.append(tallies.keep())
        return count(edition)

    monkeypatch.setattr(tallies, "count", count_while_another_ticks)
    assert tallies.keep() == 1
    assert others == ["begun", 0]
    assert Tally.objects.get().report["audience"] == 6


@pytest.mark.sqlite_only
def test_who_died_over_a_count_holds_it_up_for_a_minute_only(edition):
    tallies.keep()
    old = timezone.now() - dt.timedelta(minutes=2)
    tally = Tally.objects.get()
    tally.report["at"] = old.isoformat()
    tally.counted_at = timezone.now()
    tally.save()
    assert tallies.keep() == 0
    Tally.objects.update(counted_at=old + dt.timedelta(seconds=30))
    assert tallies.keep() == 1


@pytest.mark.sqlite_only
def test_an_edition_that_a_late_word_opened_again_is_counted_while_it_moves(edition):
    end(edition)
    tallies.keep()
    Delivery.objects.filter(pk=edition.deliveries.first().pk).update(status="pending")
    Edition.objects.update(status="finishing", finished_at=None)
    tally = Tally.objects.get()
    tally.report["at"] = (timezone.now() - dt.timedelta(minutes=5)).isoformat()
    tally.counted_at = timezone.now() - dt.timedelta(minutes=5)
    tally.save()
    assert tallies.keep() == 1
    assert tallies.of(Edition.objects.get())["statuses"]["pending"] == 1
