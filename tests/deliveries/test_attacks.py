"""Holes that were found by attacking the send on purpose; each test is named after its failure."""

import datetime as dt
import threading
import uuid

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deliveries import (
    control,
    lanes,
    leases,
    ledger,
    owners,
    planning,
    recovery,
    reports,
    sending,
    slices,
    takeover,
    tasks,
)
from deliveries.ledger import Fate, Outcome
from deliveries.models import Batch, Delivery, Edition
from tests.make import (
    let_rest_pass,
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
)


@pytest.fixture
def life(settings, tmp_path, monkeypatch):
    """Let workers begin a new life, in a folder of their own."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(owners, "_here", threading.local())


def statuses(edition):
    return {k: v for k, v in reports.summary(edition)["statuses"].items() if v}


def started(publication=None, readers=4):
    publication = publication or make_publication()
    make_readers(publication, readers)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    return edition


def go_on(edition, rounds=10):
    """Let the lane try again and again, as the ticks do."""
    for _round in range(rounds):
        let_rest_pass()
        sending.drain("main")
        recovery.sweep()
    edition.refresh_from_db()


@pytest.mark.django_db
def test_a_journal_is_not_believed_for_a_batch_that_it_does_not_speak_of(life):
    """The next slice hid the records of the last, and readers were sent it twice."""
    edition = started()
    owner = owners.Owner()
    lease = leases.claim("main", owner)
    owner.journal.begin(lease.batch_id, lease.epoch, 4)
    rows = slices.take_slice(lease, 4)
    owner.journal.record([], [Outcome(row.delivery, row.attempt, Fate.SENT) for row in rows])
    owner.journal.begin(batch=lease.batch_id + 1, epoch=1, letters=4)
    owner.close()
    assert takeover.free_lost() == 1
    assert statuses(edition) == {"in-doubt": 4}


@pytest.mark.django_db
def test_a_ledger_that_cannot_be_written_wedges_no_batch(life, smtp_server, monkeypatch):
    """A batch given back with rows still sending was claimed and given back for ever."""
    edition = started()
    monkeypatch.setattr(sending, "SETTLE_TRIES", 1)

    def away(_outcomes):
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "settle", away)
        sending.drain("main")
    assert statuses(edition) == {"sending": 4}
    assert len(smtp_server.messages) == 4
    go_on(edition, 2)
    assert statuses(edition) == {"sent": 4}, "its journal knew"
    assert edition.status == "finished"
    assert len(smtp_server.messages) == 4


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["550 \0 nul", "550 \ud800 surrogate", "550 " + "x" * 9000])
def test_any_words_of_a_server_can_be_stored(life, words):
    edition = started(readers=1)
    row = edition.deliveries.get()
    Delivery.objects.update(status="sending", attempt=1)
    outcome = Outcome(row.pk, 1, Fate.FAILED, "refused", words)
    owners.mine().journal.begin(1, 1, 1)
    owners.mine().journal.record([outcome], [])
    ledger.settle([outcome])
    row.refresh_from_db()
    assert row.status == "failed"
    assert row.reply.startswith("550")


@pytest.mark.django_db
def test_one_reader_whose_server_hangs_up_does_not_stop_the_others(life, smtp_server):
    """The same reader came first at each try, and nobody behind them got anything."""
    publication = make_publication()
    readers = make_readers(publication, 5)
    smtp_server.refuse(readers[0], "421 4.3.2 Go away")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    go_on(edition)
    assert statuses(edition) == {"sent": 4, "pending": 1}
    assert edition.deliveries.get(status="pending").reason in ("set-aside", "deferred")


@pytest.mark.django_db
def test_one_reader_refused_by_policy_does_not_stop_the_others(life, smtp_server):
    publication = make_publication()
    readers = make_readers(publication, 5)
    smtp_server.refuse(readers[0], "550 5.7.1 Not from you")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    assert statuses(edition) == {"sent": 4, "pending": 1}


@pytest.mark.django_db
def test_everybody_refused_by_policy_fails_nobody(life, smtp_server):
    publication = make_publication()
    for reader in make_readers(publication, 8):
        smtp_server.refuse(reader, "550 5.7.1 Relaying denied")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    edition.refresh_from_db()
    assert statuses(edition) == {"pending": 8}
    assert "Relaying denied" in edition.word
    assert lanes.is_held("main")


@pytest.mark.django_db
def test_one_edition_that_cannot_be_made_stops_no_other(life, monkeypatch):
    broken, sound = make_edition(), make_edition()
    compile_edition = planning.compiling.compile_edition

    def breaks(edition):
        if edition.pk == broken.pk:
            raise KeyError("headline")
        return compile_edition(edition)

    monkeypatch.setattr(planning.compiling, "compile_edition", breaks)
    planning.start_due()
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert broken.status == "paused"
    assert "headline" in broken.word
    assert sound.frozen_at


@pytest.mark.django_db
def test_what_fails_in_one_step_of_the_tick_does_not_stop_the_next(monkeypatch):
    done = []

    def fails():
        raise RuntimeError("broken")

    monkeypatch.setattr(planning, "start_due", fails)
    monkeypatch.setattr(tasks, "_ring_for_lanes", lambda: done.append("lanes"))
    tasks.tick()
    assert done == ["lanes"]


@pytest.mark.django_db
def test_a_stray_file_among_the_journals_stops_nothing(life):
    folder = owners._folder()
    (folder / "README").write_text("not a journal")
    (folder / "lost+found").mkdir()
    (folder / str(uuid.uuid4())).write_text("")  # somebody is just being born
    recovery.sweep()
    assert list(owners.last_words()) == []


def test_two_who_look_at_once_do_not_take_each_other_for_the_owner(life):
    """The second looker found the lock taken and concluded that the owner lived."""
    owner = owners.Owner()
    owner.close()
    path = owners._folder() / str(owner.id)
    with owners._locked(path) as first:
        assert first is not None
        assert owners.testament(owner.id) is not None


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_ends_ends_its_owner(life):
    ids = []

    def live():
        ids.append(owners.mine().id)
        connection.close()

    thread = threading.Thread(target=live)
    thread.start()
    thread.join()
    assert owners.testament(ids[0]) is not None


@pytest.mark.django_db(transaction=True)
def test_an_edition_does_not_finish_over_readers_that_are_due_again(life, smtp_server):
    publication = make_publication()
    readers = make_readers(publication, 2)
    smtp_server.refuse(readers[0])
    smtp_server.refuse(readers[1], "451 4.2.0 Later")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    Delivery.objects.filter(status="pending").update(status="sent", due_at=None)
    ready, go = threading.Event(), threading.Event()

    def again():
        with transaction.atomic():
            control.retry_failed(Edition.objects.get(pk=edition.pk))
            ready.set()
            go.wait(1)
        connection.close()

    thread = threading.Thread(target=again)
    thread.start()
    ready.wait(10)
    recovery.finish(edition)
    go.set()
    thread.join()
    edition.refresh_from_db()
    recovery.sweep()
    assert not (edition.status == "finished" and "pending" in statuses(edition))


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-2, 2])
def test_a_host_whose_clock_is_hours_off_misses_no_edition(life, smtp_server, hours):
    publication = make_publication()
    make_readers(publication, 2)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=hours)):
        edition = make_edition(make_brief(publication), send_at=None)
        assert planning.start_due() == 1
        sending.drain("main")
        recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert len(smtp_server.messages) == 2


@pytest.mark.django_db
def test_trouble_of_the_lane_does_not_eat_the_day_of_a_reader(life, smtp_server):
    """A password that was mended after 30 hours failed readers at their first 451."""
    edition = started(readers=1)
    smtp_server.refuse_all("535 5.7.8 Expired")
    sending.drain("main")
    assert edition.deliveries.get().deferred_since is None
    smtp_server.refuse_all("")
    (row,) = edition.deliveries.select_related("subscriber")
    smtp_server.refuse(row.subscriber.address, "451 4.2.0 Later")
    go_on(edition, 1)
    assert edition.deliveries.get().status == "pending"


@pytest.mark.django_db
def test_a_lane_is_not_sent_on_by_more_workers_than_it_allows(life, settings):
    settings.PROVIDERS = {"main": {**settings.PROVIDERS["main"], "concurrency": 2}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "SIZE", 2)
        started(readers=8)
    held = [leases.claim("main", owners.Owner()) for _ in range(4)]
    assert [lease is not None for lease in held] == [True, True, False, False]


@pytest.mark.django_db
def test_a_slice_ends_after_its_seconds_whatever_was_forecast(life, smtp_server, monkeypatch):
    edition = started(readers=30)
    calls = []
    take_slice = slices.take_slice

    with monkeypatch.context() as patch:

        def counted(lease, size):
            calls.append(size)
            if len(calls) == 5:  # or it would go on for all its time
                patch.setattr(sending._Stop, "requested", True)
            return take_slice(lease, size)

        patch.setattr(slices, "take_slice", counted)
        patch.setattr(sending, "SECONDS", 0.0)
        sending.drain("main")
    assert calls == [20, 1, 1, 1, 1]
    assert statuses(edition) == {"pending": 30}
    assert not smtp_server.messages
    go_on(edition, 1)
    assert statuses(edition) == {"sent": 30}
    assert len(smtp_server.messages) == 30


@pytest.mark.django_db
def test_a_server_that_never_answers_is_left_alone_after_the_second_try(life, monkeypatch):
    edition = started(readers=30)

    class Silent:
        may_send = None

        def deliver(self, slice_):
            for letter, _ in zip(slice_, range(3), strict=False):
                yield Outcome(letter.delivery, letter.attempt, Fate.IN_DOUBT, "no-reply")
            raise lanes.Unanswered("mx.test left 3 letters in a row unanswered")

        def finish_within(self, seconds):
            pass

        def close(self):
            pass

    monkeypatch.setattr(sending.providers, "opened", _opened(Silent()))
    go_on(edition, 5)
    assert edition.status == "paused"
    assert statuses(edition) == {"in-doubt": 6, "pending": 24}


def _opened(provider):
    from contextlib import contextmanager

    @contextmanager
    def opened(_lane, _journal):
        yield provider

    return opened


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["sender_address", "reply_to"])
def test_an_address_of_ours_beyond_ascii_is_seen_before_the_send(field):
    brief = make_brief(make_publication(**{field: "größe@harbour.example"}))
    with pytest.raises(planning.PreflightFailed, match="beyond ASCII"):
        make_edition(brief)


@pytest.mark.django_db
def test_a_reader_erased_in_mid_freeze_does_not_stop_it(monkeypatch):
    from django.db import IntegrityError

    from deliveries import freezing

    publication = make_publication()
    make_subscription(publication)
    edition = make_edition(make_brief(publication))
    insert, calls = freezing._insert, []

    def erased_once(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise IntegrityError("foreign key")
        insert(*arguments)

    monkeypatch.setattr(freezing, "_insert", erased_once)
    planning.start_due()
    edition.refresh_from_db()
    assert edition.audience == 1
