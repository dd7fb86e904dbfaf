"""Backups: whole or refused, made while others write, and never sending once they are restored."""

import io
import json
import sqlite3
import stat
import tarfile
import time
from contextlib import closing, contextmanager, nullcontext

import psycopg
import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from briefs.models import Image, Publication
from deliveries import guard, planning
from deliveries.models import Delivery, Edition, Installation
from intelbrief import checks
from intelbrief.ops.backup import (
    Trouble,
    archive,
    keys,
    making,
    marker,
    pg_tools,
    restoring,
    signing,
)
from tests.make import make_brief, make_edition, make_publication, make_readers

MANIFEST = {"site": "https://briefs.example"}


@pytest.fixture
def here(settings, tmp_path):
    """Give this installation files of its own, so that a backup holds nothing of other tests'."""
    live_in(settings, tmp_path / "here")
    return tmp_path / "here"


def live_in(settings, folder):
    folder.mkdir(exist_ok=True)
    settings.VAR_DIR = settings.SHARED_DIR = folder
    settings.MEDIA_ROOT = folder / "media"
    settings.KEYS_DIR = folder / "keys"
    settings.RUN_DIR = folder / "run"


@contextmanager
def elsewhere(settings, folder):
    """Be, for a while, an installation that is new: other files, an empty database."""
    mine = str(connection.settings_dict["NAME"])
    where = {"host": connection.settings_dict["HOST"], "user": connection.settings_dict["USER"]}
    before = {
        name: getattr(settings, name)
        for name in ("VAR_DIR", "SHARED_DIR", "MEDIA_ROOT", "KEYS_DIR", "RUN_DIR")
    }
    connections.close_all()
    other = str(folder / "db.sqlite3") if connection.vendor == "sqlite" else f"{mine}_elsewhere"

    def order(words):
        if connection.vendor == "postgresql":
            with closing(psycopg.connect(**where, dbname=mine, autocommit=True)) as link:
                link.execute(f'{words} "{other}"')

    live_in(settings, folder)
    order("DROP DATABASE IF EXISTS")
    order("CREATE DATABASE")
    connection.settings_dict["NAME"] = other
    guard.forget()
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = mine
        guard.forget()
        order("DROP DATABASE")
        for name, value in before.items():
            setattr(settings, name, value)


def send_a_part(publication):
    """Freeze an edition to four, of whom one has it and one is in a worker's hands."""
    make_readers(publication, 4)
    edition = make_edition(make_brief(publication))
    assert guard.beat()
    planning.start_due()
    rows = list(Delivery.objects.filter(edition=edition).order_by("pk"))
    Delivery.objects.filter(pk=rows[0].pk).update(status="sent")
    Delivery.objects.filter(pk=rows[1].pk).update(status="sending")
    return edition


def add_picture(publication):
    image = Image(publication=publication, alt="A harbour", digest="d")
    image.file.save("harbour.png", ContentFile(b"not looked at here"), save=False)
    image.width = image.height = 1
    image.save()
    return image


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_a_running_send_is_restored_elsewhere_whole_and_held(settings, here, tmp_path):
    mine = keys.present()["TOKEN_KEYS"]
    publication = make_publication(slug="harbour")
    edition = send_a_part(publication)
    image = add_picture(publication)
    out = io.StringIO()
    call_command("backup", f"{tmp_path}/kept/", "--json", stdout=out)
    made = json.loads(out.getvalue())
    assert made["counts"]["deliveries pending"] == 2
    assert made["counts"]["deliveries sent"] == made["counts"]["deliveries sending"] == 1
    assert made["notes"] == []
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    assert Installation.objects.get().backed_up_at
    # Of what comes later, nothing is in it.
    Edition.objects.filter(pk=edition.pk).update(status="paused")

    out = io.StringIO()
    with elsewhere(settings, tmp_path / "elsewhere"):
        settings.TOKEN_KEYS = ["another-key"]
        settings.SITE_URL = "https://elsewhere.example"
        with override_settings(BACKUP_KEY="another"):
            call_refused(made["file"], "signed with another BACKUP_KEY", "--check")
            call_command("restore", made["file"], "--check", "--trust", stdout=io.StringIO())
        call_command("restore", made["file"], "--json", stdout=out)
        restored = json.loads(out.getvalue())
        assert Publication.objects.get().slug == "harbour"
        assert Edition.objects.get().status == "sending"
        assert Delivery.objects.filter(status="pending").count() == 2
        assert image.file.open().read() == b"not looked at here"
        assert not guard.may_send()
        assert not guard.may_mail_readers()
        assert "A backup of" in guard.held().word
        assert (settings.KEYS_DIR / "TOKEN_KEYS").read_text().strip() == mine
        assert stat.S_IMODE((settings.KEYS_DIR / "TOKEN_KEYS").stat().st_mode) == 0o600
        assert not any("TOKEN_KEYS" in line for line in restored["todo"]), "read from var/keys"
        assert "https://elsewhere.example: links" in restored["todo"][0]
        assert "installation confirm" in restored["todo"][-1]
        assert guard.confirm()
        assert guard.may_send()
        # Once more over what is here now: only if it is asked for, and that is kept.
        call_refused(made["file"], "not empty")
        out = io.StringIO()
        Publication.objects.update(slug="newer")
        call_command("restore", made["file"], "--replace", "--json", stdout=out)
        assert Publication.objects.get().slug == "harbour"
        assert not guard.may_send(), "in its own place a backup is held as well"
        aside = json.loads(out.getvalue())["aside"]
        kept = "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"
        assert (tmp_path / "elsewhere" / aside / kept).stat().st_size > 10_000
    assert Edition.objects.get().status == "paused", "the original is as it was"


def call_refused(file, words, *options):
    with pytest.raises(CommandError, match=words):
        call_command("restore", file, *options)


@pytest.mark.django_db(transaction=True)
def test_writers_go_on_while_the_database_is_copied(monkeypatch, here, tmp_path):
    make_readers(make_publication(), 3)
    write = making._write

    def slowly(file, scratch, **options):
        with making.snapshots.taken() as snapshot:
            # Somebody commits at every moment: the copy neither waits nor begins anew.
            Publication.objects.update(name="Renamed meanwhile")
            snapshot.write(scratch / "first")
            table = Publication._meta.db_table
            assert snapshot.rows(f"SELECT name FROM {table}") != [("Renamed meanwhile",)]
        return write(file, scratch, **options)

    monkeypatch.setattr(making, "_write", slowly)
    assert making.make(tmp_path / "one.tar.gz").octets > 0


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_refused_where_it_does_not_fit(monkeypatch, settings, here, tmp_path):
    make_publication()
    path = making.make(tmp_path / "one.tar.gz", with_keys=False).path
    manifest = archive.read(path)
    assert not any(name.startswith("keys/") for name in manifest["files"])
    later = {**manifest["database"], "migrations": ["briefs.0999_of_next_year"]}
    monkeypatch.setattr(archive, "read", lambda *_, **__: {**manifest, "database": later})
    call_refused(path, "later version .* know briefs.0999_of_next_year", "--trust")
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]
    kind = {**manifest["database"], "kind": other}
    monkeypatch.setattr(archive, "read", lambda *_, **__: {**manifest, "database": kind})
    call_refused(path, "does not change the kind", "--replace", "--trust")


@pytest.mark.django_db(transaction=True)
def test_before_an_upgrade_the_new_program_backs_the_old_tables_up(settings, here, tmp_path):
    with elsewhere(settings, tmp_path / "elsewhere"):
        MigrationRecorder(connection).ensure_schema()
        MigrationRecorder(connection).record_applied("briefs", "0001_initial")
        made = making.make(tmp_path / "one.tar.gz")
        assert made.manifest["database"]["migrations"] == ["briefs.0001_initial"]
        assert made.manifest["database"]["counts"] == {}


@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_restore_waits_until_nobody_works_here(settings, here, tmp_path):
    make_publication()
    path = making.make(tmp_path / "one.tar.gz").path
    cache.set("rang:worker", time.time(), 60)
    call_refused(path, "The worker has rung .* Stop web, worker and scheduler", "--replace")
    assert marker.read(here) is None
    cache.clear()
    # A web server alone rings for nothing and locks nothing.
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as link:
        link.execute("SELECT count(*) FROM briefs_publication").fetchone()
        call_refused(path, "Another process has the database open.", "--replace")
    with restoring._alone():
        call_refused(path, "Another restore is at work here", "--replace")
    assert marker.read(here) is None
    assert list(here.glob("re*")) == list(here.glob(".re*")) == []


@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_restore_that_dies_halfway_is_named_and_can_be_said_again(
    monkeypatch, settings, here, tmp_path
):
    make_publication(slug="harbour")
    path = making.make(tmp_path / "one.tar.gz").path
    with elsewhere(settings, tmp_path / "elsewhere"):
        with monkeypatch.context() as patch:
            patch.setattr(restoring.places._Sqlite, "_hold", interrupt)
            with pytest.raises(KeyboardInterrupt):
                restoring.restore(path)
        assert [one.id for one in checks.look() if one.id == "intelbrief.E019"]
        with pytest.raises(SystemExit, match="did not come to its end"):
            checks.refuse_to_start()
        # What kill -9 leaves: all that was unpacked.
        (settings.VAR_DIR / ".restore-dead" / "keys").mkdir(parents=True)
        restoring.restore(path, replace=True)
        assert marker.read(settings.VAR_DIR) is None
        assert Publication.objects.get().slug == "harbour"
        assert list(settings.VAR_DIR.glob(".restore-*")) == []


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_on_postgres_a_restore_happens_whole_or_not_at_all(monkeypatch, settings, here, tmp_path):
    make_publication(slug="harbour")
    path = making.make(tmp_path / "one.tar.gz").path
    with elsewhere(settings, tmp_path / "elsewhere"):
        restoring.restore(path)
        Publication.objects.update(slug="newer")
        place = type(restoring.places.here())
        with monkeypatch.context() as patch:
            patch.setattr(place, "_holding", lambda *_: "SELECT 1/0;")
            with pytest.raises(Trouble, match="is as it was"):
                restoring.restore(path, replace=True)
        assert Publication.objects.get().slug == "newer"
        assert marker.read(settings.VAR_DIR) is None
        assert list(settings.VAR_DIR.glob("re*")) == list(settings.VAR_DIR.glob(".re*")) == []


@pytest.mark.postgres_only
@pytest.mark.django_db
def test_an_older_pg_dump_is_named_with_what_to_install():
    with pytest.raises(Trouble, match=r"PostgreSQL 99: .* apt-get install postgresql-client-99"):
        pg_tools.find(99)


# --- the file ---------------------------------------------------------------------


def written(path, *members, manifest=None):
    """Write a backup by hand: (name, content) each, or whole TarInfos."""
    with path.open("wb") as file:
        writer = archive.Writer(file)
        for name, content in members:
            writer.add_octets(name, content)
        writer.close(MANIFEST if manifest is None else manifest)
    return path


def test_what_was_written_is_read_back(tmp_path):
    path = written(tmp_path / "one", ("media/a/b.png", b"picture"), ("keys/SECRET_KEY", b"k"))
    manifest = archive.read(path, tmp_path / "out")
    assert manifest["site"] == MANIFEST["site"]
    assert (tmp_path / "out/media/a/b.png").read_bytes() == b"picture"
    assert stat.S_IMODE((tmp_path / "out/keys/SECRET_KEY").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/cron.d/x", "media/../../outside", "media\\..\\x", "media//x", "."]
)
def test_no_name_in_a_backup_leads_out_of_it(tmp_path, name):
    path = written(tmp_path / "one", (name, b"x"))
    (tmp_path / "deep" / "out").mkdir(parents=True)
    with pytest.raises(Trouble, match="leads elsewhere"):
        archive.read(path, tmp_path / "deep" / "out")
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["one"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_nothing_but_files_is_taken_out_of_a_backup(tmp_path, kind):
    path = tmp_path / "one"
    with tarfile.open(path, "w:gz") as tar:
        link = tarfile.TarInfo("media/link")
        link.type, link.linkname = kind, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(Trouble, match="leads elsewhere"):
        archive.read(path, tmp_path / "out")


def test_a_backup_that_was_cut_off_or_changed_is_refused(tmp_path):
    whole = written(tmp_path / "one", ("media/a.png", bytes(range(256)) * 4000)).read_bytes()
    for number, content in enumerate((whole[:-200], whole[:100], b"", b"no archive at all")):
        path = tmp_path / f"broken-{number}"
        path.write_bytes(content)
        with pytest.raises(Trouble, match=r"no whole backup|no manifest"):
            archive.read(path)
    twice = written(tmp_path / "twice", ("media/a.png", b"1"), ("media/a.png", b"2"))
    with pytest.raises(Trouble, match="in it twice"):
        archive.read(twice)
    told = archive.read(tmp_path / "one")
    lies = written(tmp_path / "lies", ("media/a.png", b"other"))
    with pytest.raises(Trouble, match=r"“media/a.png” is not as it was"):
        archive._compared(lies, json.dumps(told).encode(), {"media/a.png": {}, "manifest.json": {}})


# --- whose it is ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signs", "reads", "words"),
    [
        ("k" * 32, "k" * 32, None),
        ("k" * 32, "j" * 32, "with another BACKUP_KEY"),
        ("k" * 32, "", "Set BACKUP_KEY to what it was"),
        ("", "k" * 32, "is not signed"),
        ("", "", "is not signed"),
    ],
    ids=["ours", "another's", "without our key", "an old one", "without any key"],
)
def test_only_what_was_signed_with_our_key_is_believed(settings, tmp_path, signs, reads, words):
    settings.BACKUP_KEY = signs
    path = written(tmp_path / "one", ("media/a.png", b"picture"))
    settings.BACKUP_KEY = reads
    manifest = archive.read(path)
    with pytest.raises(Trouble, match=f"{words}.*--trust") if words else nullcontext():
        signing.refuse_unproven(path, manifest)


def test_who_has_a_backup_with_its_keys_cannot_write_another(settings, tmp_path):
    ours = archive.read(written(tmp_path / "one", ("keys/SECRET_KEY", b"k"), ("a", b"1")))
    signature = ours[signing.FIELD]
    monday = {**MANIFEST, "made_at": "Monday", signing.FIELD: signature}
    settings.BACKUP_KEY, key = "", settings.BACKUP_KEY
    others = [
        written(tmp_path / "two", ("keys/SECRET_KEY", b"k"), ("a", b"2"), manifest=monday),
        written(tmp_path / "three", ("a", b"1"), manifest={**monday, signing.FIELD: [signature]}),
    ]
    settings.BACKUP_KEY = key
    for path, words in zip(others, ("was changed", "is not signed"), strict=True):
        with pytest.raises(Trouble, match=words):
            signing.refuse_unproven(path, archive.read(path))


def test_a_file_that_is_not_ours_writes_nothing_here(here, tmp_path, monkeypatch):
    path = written(tmp_path / "one", ("database.sqlite3", b"of somebody"))
    monkeypatch.setattr(restoring, "_stage", lambda: pytest.fail("a folder was made for it"))
    with override_settings(BACKUP_KEY="another"), pytest.raises(Trouble, match="another BACKUP"):
        restoring.restore(path)


def test_a_backup_that_would_fill_disk_or_memory_is_refused(tmp_path, monkeypatch):
    large = written(tmp_path / "large", ("media/a", bytes(1000)), ("media/b", bytes(1000)))
    with pytest.raises(Trouble, match="more than the 0 MB"):
        archive.read(large, room=1500)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 1)
    with pytest.raises(Trouble, match="too many files"):
        archive.read(large)
    for name, kind, pax in (
        ("sparse", tarfile.REGTYPE, {"GNU.sparse.size": str(2**60), "GNU.sparse.map": "0,1"}),
        ("long", tarfile.REGTYPE, {"comment": "x" * 100_000}),
    ):
        with tarfile.open(tmp_path / name, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            member = tarfile.TarInfo("media/a")
            member.type, member.size, member.pax_headers = kind, 1, pax
            tar.addfile(member, io.BytesIO(b"x"))
        with pytest.raises(Trouble, match=r"tampered with"):
            archive.read(tmp_path / name)


# --- keeping some ------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_the_latest_of_this_site_are_kept_and_nothing_else_is_touched(settings, tmp_path):
    settings.SITE_HOST = "briefs.example"
    days = [f"intelbrief-briefs.example-2026040{day}T060000Z.tar.gz" for day in range(1, 6)]
    others = ["intelbrief-other.example-20260401T060000Z.tar.gz", "holiday.jpg"]
    for name in days + others:
        (tmp_path / name).touch()
    assert making._thin_out(tmp_path, 2) == days[:3]
    assert {one.name for one in tmp_path.iterdir()} == {*days[3:], *others}


@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_damaged_database_and_a_taken_name_make_no_backup(here, tmp_path, monkeypatch):
    with pytest.raises(Trouble, match="Everybody can read"):
        making.make(here / "media", is_folder=True)
    taken = tmp_path / "one.tar.gz"
    taken.write_text("of somebody")
    with pytest.raises(Trouble, match="is there already"):
        making.make(taken)
    assert taken.read_text() == "of somebody"
    with closing(sqlite3.connect(tmp_path / "bad.sqlite3")) as link:
        link.executescript("CREATE TABLE a(b); INSERT INTO a VALUES (zeroblob(20000));")
    content = bytearray((tmp_path / "bad.sqlite3").read_bytes())
    content[4096:8192] = b"\xff" * 4096
    (tmp_path / "bad.sqlite3").write_bytes(content)
    place = restoring.places._Sqlite()
    with pytest.raises(Trouble, match=r"is damaged|cannot be read"):
        place.check(tmp_path / "bad.sqlite3")
    assert [one.name for one in tmp_path.iterdir() if "unfinished" in one.name] == []
