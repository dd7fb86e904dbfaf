"""Runs of imports: one worker at a time, gone on with after a crash, undone before any mail."""

import datetime as dt
import time
from pathlib import Path

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from deliveries import import_undo, planning
from subscribers import consent, tasks
from subscribers.importing import files, loading, running, storing, working
from subscribers.importing.tally import Tally
from subscribers.models import ConsentRecord, ImportRun, Subscriber, Subscription
from tests.make import make_brief, make_edition, make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(settings, tmp_path, monkeypatch):
    settings.SHARED_DIR = tmp_path / "var"
    monkeypatch.setattr(working, "CHUNK", 10)


@pytest.fixture
def publication():
    return make_publication()


def table(rows=35, bad=(7, 23)):
    lines = ["email,name,city"]
    for number in range(1, rows + 1):
        address = f"bad{number}@" if number in bad else f"r{number}@harbour.example"
        lines.append(f"{address},R {number},City {number}")
    return "\n".join(lines) + "\n"


def receive(publication, folder, text=None, name="readers.csv"):
    path = Path(folder) / name
    path.write_text(text or table())
    return running.receive(publication, path, name=name, by=None)


@pytest.fixture
def run(publication, tmp_path):
    one = receive(publication, tmp_path)
    running.start(one, basis="moved from another house", by=None)
    return one


def state():
    return (
        Subscription.objects.count(),
        ConsentRecord.objects.count(),
        Subscriber.objects.count(),
    )


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_crash_in_any_chunk_loses_no_row_and_doubles_none(run, monkeypatch, at, where):
    calls = []
    append = files.append_refused

    def dies(run, rows):
        calls.append(1)
        if len(calls) == at and where == "before":
            raise Killed
        length = append(run, rows)
        if len(calls) == at:
            raise Killed  # the file was written, the commit never came
        return length

    monkeypatch.setattr(files, "append_refused", dies)
    with pytest.raises(Killed):
        running.work(60)
    monkeypatch.undo()
    monkeypatch.setattr(working, "CHUNK", 10)
    # The lease of the dead keeps others away for a while.
    assert running.work(60) is False
    assert ImportRun.objects.get().status == "running"
    ImportRun.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    running.work(60)
    run.refresh_from_db()
    assert (run.status, run.rows_done, run.counts) == (
        "finished",
        35,
        {"created": 33, "refused": 2},
    )
    assert state() == (33, 33, 33)
    refused = files.refused_of(run).read_text().splitlines()
    assert [line.split(",")[0] for line in refused] == ["row", "7", "23"]


def test_a_run_goes_on_in_slices(run):
    pieces = 0
    while running.work_on(run.pk, time.monotonic()):
        pieces += 1
    assert pieces == 4
    run.refresh_from_db()
    assert (run.status, run.rows_done) == ("finished", 35)
    assert state() == (33, 33, 33)


def test_the_tick_rings_for_a_run_that_nobody_holds(run, monkeypatch):
    rung = []
    monkeypatch.setattr(tasks, "ring_now", rung.append)
    tasks.tend_imports()
    assert tasks.run_imports in rung
    tasks.run_imports()
    run.refresh_from_db()
    assert run.status == "finished"


def test_a_worker_that_comes_back_late_writes_nothing(run, monkeypatch):
    worker = working.Worker(run, Tally())
    ImportRun.objects.filter(pk=run.pk).update(epoch=run.epoch + 1)
    with pytest.raises(working.LostLease):
        worker.go_on(lambda: False)
    assert state() == (0, 0, 0)
    assert not files.refused_of(run).exists()


def test_a_reader_who_signs_up_at_that_instant_is_no_harm(run, publication, monkeypatch):
    load, once = loading.load, []

    def late(*arguments, **options):
        known = load(*arguments, **options)
        if not once:
            once.append(1)
            raise storing.Collision
        return known

    monkeypatch.setattr(loading, "load", late)
    running.work(60)
    assert state() == (33, 33, 33)


def test_a_row_that_the_database_refuses_is_found_and_the_others_go_in(run, monkeypatch):
    save = storing.save

    def picky(known, *arguments):
        known = list(known)
        if any(one.key.startswith("r5@") for one in known):
            raise DataError
        return save(known, *arguments)

    monkeypatch.setattr(storing, "save", picky)
    running.work(60)
    run.refresh_from_db()
    assert (run.status, run.reasons) == ("finished", {"address": 2, "unstorable": 1})
    assert state() == (32, 32, 32)


def test_a_database_that_is_away_leaves_the_run_to_the_next_tick(run, monkeypatch):
    monkeypatch.setattr(loading, "load", lambda *_a, **_o: (_ for _ in ()).throw(OperationalError))
    with pytest.raises(OperationalError):
        running.work(60)
    run.refresh_from_db()
    assert (run.status, run.rows_done) == ("running", 0)


def test_a_file_that_is_on_another_host_is_left_to_it(run):
    files.table_of(run).unlink()
    assert running.work(60) is False
    assert ImportRun.objects.get().status == "running"


def test_an_import_without_a_basis_does_not_start(publication, tmp_path):
    one = receive(publication, tmp_path)
    with pytest.raises(running.NoBasis):
        running.start(one, basis="  ", by=None)


def test_a_dry_run_knows_repeats_across_chunks(publication, tmp_path):
    text = table() + "r3@harbour.example,R,C\nR4@HARBOUR.example,R 4,City 4\n"
    one = receive(publication, tmp_path, text)
    running.check(one)
    running.work(60)
    one.refresh_from_db()
    assert (one.status, one.rows_total, one.counts["created"]) == ("checked", 37, 33)
    assert state() == (0, 0, 0)


def test_uploads_that_nobody_ran_go_away(publication, tmp_path):
    one = receive(publication, tmp_path)
    running.tidy()
    assert files.table_of(one).exists()
    ImportRun.objects.update(created_at=timezone.now() - dt.timedelta(days=3))
    running.tidy()
    assert not ImportRun.objects.exists()
    assert not files.table_of(one).exists()


# --- undo -----------------------------------------------------------------


def undo(run):
    run.refresh_from_db()
    begun = import_undo.undo(run)
    import_undo.work(60)
    run.refresh_from_db()
    return begun


def test_an_undone_import_leaves_what_was_there_before(publication, tmp_path):
    make_subscription(publication, "r1@harbour.example", name="Reader")
    make_subscription(make_publication(), "r2@harbour.example")
    make_subscription(publication, "r3@harbour.example", status="unconfirmed")
    before = list(Subscription.objects.order_by("pk").values_list("pk", "status"))
    text = (
        "email,status,confirmed_at\nr1@harbour.example,active,2024-01-01\n"
        "r2@harbour.example,active,2024-01-01\nr3@harbour.example,active,2024-01-01\n"
        "r4@harbour.example,active,2024-01-01\n"
    )
    one = receive(publication, tmp_path, text)
    running.start(one, basis="moved", by=None)
    running.work(60)
    assert Subscription.objects.filter(status="active").count() == 5
    assert undo(one)
    assert (one.status, one.undone_rows) == ("undone", 3)
    assert list(Subscription.objects.order_by("pk").values_list("pk", "status")) == before
    assert sorted(Subscriber.objects.values_list("address_key", flat=True)) == [
        f"r{number}@harbour.example" for number in (1, 2, 3)
    ]
    assert ConsentRecord.objects.filter(details__undone=True).count() == 3


def test_undoing_brings_nobody_back(publication, tmp_path):
    make_subscription(publication, "out@harbour.example")
    text = "email,status\nout@harbour.example,unsubscribed\nin@harbour.example,active\n"
    one = receive(publication, tmp_path, text)
    running.start(one, basis="moved", by=None)
    running.work(60)
    left = Subscription.objects.get(subscriber__address_key="in@harbour.example")
    consent.unsubscribe(left, source="one-click")
    assert undo(one)
    assert set(Subscription.objects.values_list("status", flat=True)) == {"unsubscribed"}
    assert Subscription.objects.count() == 2


def test_an_import_whose_readers_were_mailed_stays(run, publication):
    running.work(60)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert edition.deliveries.count() == 33
    assert not undo(run)
    assert run.status == "finished"
    assert Subscription.objects.count() == 33


def test_an_edition_of_before_stands_in_no_ones_way(publication, tmp_path):
    make_subscription(publication)
    make_edition(make_brief(publication))
    planning.start_due()
    one = receive(publication, tmp_path)
    running.start(one, basis="moved", by=None)
    running.work(60)
    assert undo(one)
    assert Subscription.objects.count() == 1


def test_who_confirmed_by_themselves_stays_when_the_import_is_undone(publication, tmp_path):
    one = receive(publication, tmp_path, "email,status\nin@harbour.example,active\n")
    running.start(one, basis="moved", by=None)
    running.work(60)
    reader = Subscription.objects.get()
    consent.unsubscribe(reader, source="one-click")
    consent.request(publication, "in@harbour.example", source="form")
    consent.confirm(reader, source="form")
    assert undo(one)
    assert Subscription.objects.get().status == "active"


def test_undoing_writes_down_only_what_it_changed(publication, tmp_path):
    make_subscription(publication, "r3@harbour.example", status="unconfirmed")
    text = "email,status,confirmed_at\nr3@harbour.example,active,2024-01-01\n"
    one = receive(publication, tmp_path, text)
    running.start(one, basis="moved", by=None)
    running.work(60)
    consent.unsubscribe(Subscription.objects.get(), source="one-click")
    assert undo(one)
    assert Subscription.objects.get().status == "unsubscribed"
    assert not ConsentRecord.objects.filter(details__undone=True).exists()
