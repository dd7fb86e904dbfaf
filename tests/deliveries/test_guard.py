"""A restored backup or a second copy of the database sends nothing until somebody confirms."""

import datetime as dt
import json
import shutil
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from deliveries import (
    guard,
    leases,
    ledger,
    owners,
    planning,
    reports,
    sending,
    slices,
    takeover,
    tasks,
)
from deliveries.ledger import Fate, Outcome
from deliveries.models import Batch, Delivery, Edition, Installation
from subscribers import notices
from subscribers.models import Notice
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ask_anew():
    guard.forget()
    yield
    guard.forget()


@pytest.fixture
def publication():
    return make_publication()


def at_work(seen: dt.timedelta = dt.timedelta(0)):
    """Let this installation be known, and last at work *seen* ago."""
    assert guard.beat()
    if seen:
        Installation.objects.update(seen_at=timezone.now() - seen)
        cache.clear()  # the witness is tested by itself
        guard.forget()


def copied():
    """Do as if this were a copy of a database that lives elsewhere."""
    at_work()
    Installation.objects.update(fingerprint="another file")
    guard.forget()


def waiting_edition(publication, readers=3, age=dt.timedelta(hours=2)):
    make_readers(publication, readers)
    edition = make_edition(make_brief(publication))
    Edition.objects.filter(pk=edition.pk).update(created_at=timezone.now() - age)
    return edition


def test_the_first_start_is_noted_without_a_word():
    assert guard.may_send()
    row = Installation.objects.get()
    assert row.held_since is None
    assert row.fingerprint == guard.find_fingerprint()
    assert guard.beat()


def test_a_copy_sends_nothing_and_leaves_its_ledger_alone(publication, smtp_server):
    copied()
    edition = waiting_edition(publication)
    planning.start_due()
    tasks.tick()
    sending.drain("main")
    edition.refresh_from_db()
    assert edition.status == "scheduled"
    assert smtp_server.messages == []
    row = Installation.objects.get()
    assert row.held_since is not None
    assert "another file" in row.word
    assert "installation confirm" in row.word


def test_a_copy_taken_in_mid_send_gets_no_batch(publication, smtp_server):
    edition = waiting_edition(publication)
    planning.start_due()
    copied()
    assert leases.claim("main", owners.mine()) is None
    assert not sending.drain("main")
    assert reports.summary(edition)["statuses"]["pending"] == 3
    assert smtp_server.messages == []


def test_a_worker_that_runs_stops_at_its_next_slice(publication):
    waiting_edition(publication)
    planning.start_due()
    lease = leases.claim("main", owners.mine())
    Installation.objects.update(held_since=timezone.now())
    guard.forget()
    assert slices.take_slice(lease, 1) is None
    assert not lease.has_more
    leases.close_or_give_back(lease)


def test_a_yes_is_good_for_one_connection_only(publication):
    """A database that was put back kept the yes of the one before for two seconds."""
    at_work()
    assert guard.may_send()
    Installation.objects.update(fingerprint="another file")
    make_subscription(publication)
    assert guard.may_send(), "known for two seconds"
    _link, until = guard._here.yes
    guard._here.yes = (object(), until)
    assert not guard.may_send()


def test_a_night_off_with_nothing_scheduled_holds_nothing(publication):
    at_work(dt.timedelta(hours=9))
    make_readers(publication, 2)
    assert guard.beat()
    row = Installation.objects.get()
    assert timezone.now() - row.seen_at < dt.timedelta(minutes=1)


def test_what_is_scheduled_while_nothing_ran_goes_out(publication):
    at_work(dt.timedelta(hours=9))
    waiting_edition(publication, age=dt.timedelta(0))
    assert planning.start_due() == 1


@pytest.mark.parametrize("status", ["scheduled", "sending", "finishing"])
def test_a_gap_with_an_edition_open_holds_it(publication, status):
    waiting_edition(publication)
    Edition.objects.update(status=status)
    at_work(dt.timedelta(minutes=16, seconds=5))
    assert not guard.may_send()
    assert "16 minutes" in Installation.objects.get().word


@pytest.mark.parametrize("status", ["paused", "withdrawn", "missed", "cancelled"])
def test_a_gap_holds_nothing_that_a_person_has_stopped(publication, status):
    waiting_edition(publication)
    Edition.objects.update(status=status)
    at_work(dt.timedelta(hours=3))
    assert guard.may_send()


def test_a_pause_of_ten_minutes_is_no_gap(publication):
    waiting_edition(publication)
    at_work(dt.timedelta(minutes=10))
    assert guard.may_send()


def test_a_backup_put_back_in_its_place_is_held(publication):
    """It had the inode of the file it was copied over, and its heartbeat was young."""
    at_work(dt.timedelta(minutes=5))
    guard._remember(guard.find_fingerprint(), timezone.now())
    waiting_edition(publication)
    assert not guard.may_send()
    assert "put back" in Installation.objects.get().word
    assert not guard.may_mail_readers()
    assert guard.confirm()
    assert guard.may_send()


def test_the_last_commits_that_a_loss_of_power_took_are_no_backup():
    at_work(dt.timedelta(seconds=30))
    guard._remember(guard.find_fingerprint(), timezone.now())
    assert guard.may_send()


def test_editors_are_told_once(publication):
    make_member(publication, "owner")
    make_member(publication, "publisher")
    make_member(publication, "writer")
    other = make_publication()
    make_member(other, "owner")
    copied()
    waiting_edition(publication)
    for _tick in range(3):
        guard.beat()
    told = Notice.objects.filter(kind="editor")
    assert told.count() == 2, "those of the publication whose edition waits"
    assert {notice.publication for notice in told} == {publication}


def test_a_copy_mails_no_reader_but_its_editors(publication, mailoutbox):
    owner = make_member(publication, "owner")
    copied()
    subscription = make_subscription(publication)
    Notice.objects.create(kind="welcome", subscription=subscription)
    waiting_edition(publication)
    tasks.tick()
    notices.sweep()
    assert [message.to for message in mailoutbox] == [[owner.email]]
    assert guard.confirm()
    notices.sweep()
    assert len(mailoutbox) == 2


def test_confirmations_flow_while_only_the_heartbeat_is_missing(publication, mailoutbox):
    waiting_edition(publication)
    at_work(dt.timedelta(hours=1))
    assert not guard.may_send()
    Notice.objects.create(kind="welcome", subscription=make_subscription(publication))
    notices.sweep()
    assert len(mailoutbox) == 1


def test_once_confirmed_everything_goes_its_usual_way(publication, smtp_server):
    copied()
    edition = waiting_edition(publication)
    late = waiting_edition(publication)
    Edition.objects.filter(pk=late.pk).update(send_at=timezone.now() - dt.timedelta(hours=2))
    assert not guard.may_send()
    assert guard.confirm()
    assert not guard.confirm(), "a second click finds nothing"
    assert planning.start_due() == 1
    sending.drain("main")
    assert reports.summary(edition)["statuses"]["sent"] == 3 + 3
    late.refresh_from_db()
    assert late.status == "missed"


def in_hand(edition):
    """Let a worker take two, send both, go on with two more of the batch, and die."""
    owner = owners.Owner(guard.history())
    lease = leases.claim("main", owner)
    for _slice in range(2):
        owner.journal.begin(lease.batch_id, lease.epoch, 2)
        turns = slices.take_slice(lease, 2)
        outcomes = [Outcome(turn.delivery, turn.attempt, Fate.SENT) for turn in turns]
        owner.journal.record(outcomes, [])
        yield turns
        ledger.settle(outcomes)
    owner.close()


def test_a_journal_of_before_the_backup_freed_whom_its_worker_had_mailed(publication):
    """Its last slice, which the ledger had lost, was of the same lease and did not name them."""
    at_work()
    edition = waiting_edition(publication, readers=4)
    planning.start_due()
    worker = in_hand(edition)
    next(worker)
    backup = list(Delivery.objects.values_list("pk", "status", "attempt"))
    assert sorted(status for _pk, status, _attempt in backup) == 2 * ["pending"] + 2 * ["sending"]
    for _slice in worker:
        pass
    for pk, status, attempt in backup:
        Delivery.objects.filter(pk=pk).update(status=status, attempt=attempt)
    Installation.objects.update(fingerprint="the server before")
    guard.forget()
    assert guard.confirm()
    assert takeover.free_lost() == 0, "its lease has not ended, and nothing proves its death"
    Batch.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert takeover.free_lost() == 1
    takeover.hear_last_words()
    counts = reports.summary(edition)["statuses"]
    assert (counts["in-doubt"], counts["pending"]) == (2, 2)


def test_after_a_mere_gap_journals_are_believed(publication):
    waiting_edition(publication)
    at_work(dt.timedelta(hours=1))
    history = guard.history()
    assert not guard.may_send()
    assert guard.confirm()
    assert guard.history() == history


def test_a_worker_that_lives_through_a_restore_begins_a_new_life(publication):
    copied()
    make_readers(publication, 1)
    before = owners.mine()
    assert owners.mine() is before
    guard.confirm()
    assert owners.mine() is not before


def test_a_hold_does_not_overwrite_what_was_confirmed_meanwhile(publication):
    copied()
    waiting_edition(publication)
    row = Installation.objects.get()
    doubt = guard._doubt(row, guard.find_fingerprint())
    guard.confirm()
    guard._hold(row, doubt)
    assert guard.held() is None
    assert not Notice.objects.exists()


def test_an_empty_database_may_move(publication):
    copied()
    publication.delete()
    assert guard.may_send()
    assert Installation.objects.get().fingerprint == guard.find_fingerprint()


@pytest.mark.sqlite_only
def test_a_copied_file_has_another_fingerprint(tmp_path, monkeypatch):
    here = tmp_path / "here.sqlite3"
    here.write_bytes(b"x")
    shutil.copy(here, tmp_path / "copy.sqlite3")

    def fingerprint(name):
        monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / name))
        return guard.find_fingerprint()

    assert fingerprint("here.sqlite3") != fingerprint("copy.sqlite3")
    before = fingerprint("here.sqlite3")
    here.rename(tmp_path / "moved.sqlite3")
    assert fingerprint("moved.sqlite3") == before, "a folder that was renamed is the same"


@pytest.mark.postgres_only
def test_a_plain_role_sees_the_whole_fingerprint():
    whole = guard.find_fingerprint()
    assert "unknown" not in whole
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain")
        cursor.execute("SET LOCAL ROLE plain")
        try:
            assert guard.find_fingerprint() == whole
        finally:
            cursor.execute("RESET ROLE")


@pytest.mark.postgres_only
def test_what_a_server_forbids_is_left_out():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain")
        cursor.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        cursor.execute("SET LOCAL ROLE plain")
        found = guard.find_fingerprint()
        cursor.execute("RESET ROLE")
    assert "system unknown timeline 0" in found


def run(*arguments):
    out = StringIO()
    call_command("installation", *arguments, stdout=out)
    return out.getvalue()


def test_the_operator_looks_and_confirms_on_the_command_line(publication):
    copied()
    edition = waiting_edition(publication)
    guard.beat()
    status = json.loads(run("status", "--json"))
    assert status["held"]
    assert "another file" in status["word"]
    assert status["waiting"] == [edition.pk]
    assert str(edition.pk) in run("status")
    assert json.loads(run("confirm", "--json")) == {"confirmed": True, "held": False}
    assert json.loads(run("confirm", "--json")) == {"confirmed": False, "held": False}
    assert not json.loads(run("status", "--json"))["held"]
