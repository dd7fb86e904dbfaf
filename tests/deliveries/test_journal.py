"""The journal: what it proves when its writer is dead, and what it cannot."""

import os
import threading
import uuid

import pytest
from django.utils import timezone

from deliveries import (
    journal,
    lanes,
    leases,
    owners,
    planning,
    recovery,
    reports,
    sending,
    slices,
    takeover,
)
from deliveries.journal import Journal, JournalFailed, read_last_slice
from deliveries.ledger import Fate, Outcome
from deliveries.models import Batch, Delivery
from tests.make import let_rest_pass, make_brief, make_edition, make_publication, make_readers


@pytest.fixture
def file(tmp_path):
    descriptor = os.open(tmp_path / "journal", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def written(descriptor):
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def letter(number, attempt=1):
    """Return what a journal needs to know of a letter."""
    return Outcome(number, attempt, Fate.SENT)


def test_it_tells_what_was_begun_and_what_was_judged(file):
    book = Journal(file, 0)
    book.begin(batch=7, epoch=3, letters=3)
    book.record([], [letter(1)])
    book.record([Outcome(1, 1, Fate.SENT)], [letter(2)])
    book.record([Outcome(2, 1, Fate.FAILED, "refused", "550 no — such user")], [letter(3)])
    last = read_last_slice(written(file))
    assert (last.batch, last.epoch) == (7, 3)
    assert last.begun == {(1, 1), (2, 1), (3, 1)}
    assert list(last.outcomes) == [
        Outcome(1, 1, Fate.SENT),
        Outcome(2, 1, Fate.FAILED, "refused", "550 no — such user"),
    ]


def test_a_new_slice_means_that_the_one_before_was_settled(file):
    book = Journal(file, 0)
    book.begin(1, 1, 1)
    book.record([], [letter(1)])
    book.begin(1, 1, 1)
    assert read_last_slice(written(file)).begun == frozenset()


@pytest.mark.parametrize("cut", range(1, journal.SIZE))
def test_a_torn_tail_was_never_acted_upon(file, cut):
    book = Journal(file, 0)
    book.begin(1, 1, 2)
    book.record([], [letter(1)])
    whole = book.offset
    book.record([], [letter(2)])
    assert read_last_slice(written(file)[: whole + cut]).begun == {(1, 1)}


def test_a_damaged_record_ends_the_reading(file):
    book = Journal(file, 0)
    book.begin(1, 1, 3)
    for number in (1, 2, 3):
        book.record([], [letter(number)])
    data = bytearray(written(file))
    data[2 * journal.SIZE + 20] ^= 1
    assert read_last_slice(bytes(data)).begun == {(1, 1)}


def test_a_full_disk_stops_before_the_slice(file, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(JournalFailed, match="Free some disk"):
        Journal(file, 0).begin(1, 1, 500)


def test_a_short_write_is_a_failure(file, monkeypatch):
    book = Journal(file, 0)
    book.begin(1, 1, 2)
    monkeypatch.setattr(os, "pwrite", lambda *_arguments: 9)
    with pytest.raises(JournalFailed, match="9 of 64"):
        book.record([], [letter(1)])


# --- and the ledger -----------------------------------------------------------


@pytest.fixture
def edition(db, settings, tmp_path, monkeypatch):
    """Return an edition to four readers; workers begin a new life, in a folder of their own."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(owners, "_here", threading.local())
    publication = make_publication()
    make_readers(publication, 4)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    return edition


def in_hand(edition, count=4):
    """Return (owner, rows) of a worker that has taken a slice."""
    owner = owners.Owner()
    lease = leases.claim("main", owner)
    owner.journal.begin(lease.batch_id, lease.epoch, count)
    return owner, slices.take_slice(lease, count)


def began(row):
    return letter(row.delivery, row.attempt)


def statuses(edition):
    return {k: v for k, v in reports.summary(edition)["statuses"].items() if v}


def test_a_dead_workers_journal_leaves_one_letter_in_doubt(edition):
    owner, rows = in_hand(edition)
    owner.journal.record([], [began(rows[0])])
    owner.journal.record([Outcome(rows[0].delivery, 1, Fate.SENT)], [began(rows[1])])
    owner.close()  # what the kernel does to a killed process
    assert takeover.free_lost() == 1
    assert statuses(edition) == {"sent": 1, "in-doubt": 1, "pending": 2}
    assert edition.deliveries.get(status="in-doubt").pk == rows[1].delivery


def test_without_its_journal_all_it_had_in_hand_is_in_doubt(edition):
    owner, rows = in_hand(edition)
    owner.journal.record([], [began(rows[0])])
    Batch.objects.update(owner=uuid.uuid4())  # a worker on another host
    assert takeover.free_lost() == 0, "its lease still holds"
    Batch.objects.update(lease_until=timezone.now() - leases.LEASE)
    assert takeover.free_lost() == 1
    assert statuses(edition) == {"in-doubt": 4}
    owner.close()


def test_a_journal_of_another_kernel_is_not_known_to_be_complete(edition, monkeypatch):
    owner, rows = in_hand(edition)
    owner.journal.record([], [began(rows[0])])
    owner.close()
    monkeypatch.setattr("deliveries.owners._kernel", lambda: "after the power came back")
    assert takeover.free_lost() == 0
    Batch.objects.update(lease_until=timezone.now() - leases.LEASE)
    assert takeover.free_lost() == 1
    assert statuses(edition) == {"in-doubt": 4}


def test_what_a_returning_disk_proves_is_settled(edition, monkeypatch):
    owner, rows = in_hand(edition)
    owner.journal.record([], [began(rows[0])])
    owner.journal.record([Outcome(rows[0].delivery, 1, Fate.SENT)], [began(rows[1])])
    owner.close()
    monkeypatch.setattr("deliveries.owners._kernel", lambda: "after the power came back")
    takeover.hear_last_words()
    assert statuses(edition) == {"sending": 4}, "not while the lease holds"
    Batch.objects.update(lease_until=timezone.now() - leases.LEASE)
    recovery.sweep()
    assert statuses(edition) == {"sent": 1, "in-doubt": 3}
    assert list(owners.last_words()) == [], "heard once"


def test_a_stopped_worker_is_not_dead(edition):
    owner, _rows = in_hand(edition)
    assert owners.testament(owner.id) is None
    Batch.objects.update(lease_until=timezone.now() - leases.LEASE)
    takeover.free_lost()
    assert statuses(edition) == {"in-doubt": 4}
    owner.close()


def test_a_worker_that_died_before_its_first_letter_leaves_nothing_in_doubt(edition):
    owner, _rows = in_hand(edition)
    owner.close()
    takeover.free_lost()
    assert statuses(edition) == {"pending": 4}


def test_an_outcome_in_the_journal_does_not_undo_a_later_attempt(edition):
    owner, rows = in_hand(edition)
    owner.journal.record([], [began(rows[0])])
    owner.journal.record([Outcome(rows[0].delivery, 1, Fate.FAILED, "refused", "550")], [])
    Delivery.objects.filter(pk=rows[0].delivery).update(attempt=2)
    owner.close()
    takeover.free_lost()
    row = Delivery.objects.get(pk=rows[0].delivery)
    assert (row.status, row.attempt) == ("pending", 2)


def test_a_full_disk_holds_the_lane_and_fails_nobody(edition, smtp_server, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    sending.drain("main")
    assert not smtp_server.messages
    assert statuses(edition) == {"pending": 4}
    assert lanes.is_held("main")
    monkeypatch.undo()
    let_rest_pass()
    sending.drain("main")
    assert len(smtp_server.messages) == 4


def test_a_letter_that_kills_each_worker_does_not_keep_the_others_from_their_mail(edition):
    """It was taken first again and again: nobody behind it got anything, for ever."""
    for _life in range(sending.IN_VAIN):
        owner, _rows = in_hand(edition)
        owner.close()
        takeover.free_lost()
    assert statuses(edition) == {"pending": 4}
    owner, (killer,) = in_hand(edition, 1)  # as sending does it by now
    owner.close()
    takeover.free_lost()
    aside = Delivery.objects.get(pk=killer.delivery)
    assert (aside.status, aside.reason, aside.batch) == ("pending", "set-aside", None)
    sending.drain("main")
    assert statuses(edition) == {"sent": 3, "pending": 1}
