"""The doctor: each fault is named with its cure, no secret is printed, and nothing stops it."""

import datetime as dt
import json
import os
import resource
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from zoneinfo import ZoneInfoNotFoundError

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from deliveries import guard
from deliveries.models import Installation
from intelbrief import env_file
from intelbrief.ops import doctor
from intelbrief.ops.backup import marker
from intelbrief.ops.doctor import Severity, database, examining, loading, machine
from tests.make import make_publication, make_readers
from tests.ops.examined import SysVersion, the_only, troubles

# --- so broken that there are no settings ---------------------------------------------


def manage(*arguments, **environment):
    """Run the doctor in an environment of its own; return what it says, as JSON."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json", *arguments],
        cwd=django_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    answer = json.loads(done.stdout)
    assert done.returncode == int(not answer["ok"])
    return answer, done.stdout + done.stderr


def told(answer, words):
    """Return the one finding that says *words*."""
    (found,) = [one for one in answer["findings"] if words in one["what"]]
    return found


@pytest.mark.sqlite_only
def test_without_keys_and_with_a_dead_database_it_names_each_and_prints_no_secret(tmp_path):
    answer, said = manage(
        VAR_DIR=str(tmp_path),
        SITE_URL="https://briefs.example.org",
        DATABASE_URL="postgres://desk:geheim%40nis@127.0.0.1:1/briefs",
        REDIS_URL="redis://:wortlos-geheim@127.0.0.1:1/0",
        EMAIL_URL="submission://desk:parole-parole@127.0.0.1:1",
        CHECK_OUTSIDE="0",
    )
    assert "Set SECRET_KEY or" in told(answer, "SECRET_KEY is not set")["cure"]
    assert told(answer, "TOKEN_KEYS is not set")["which"] == "intelbrief.E002"
    assert told(answer, "SUPPRESSION_KEY is not set")["severity"] == "broken"
    dead = told(answer, "The database cannot be reached")
    assert dead["which"] == "127.0.0.1:1/briefs"
    assert "correct host and port in DATABASE_URL" in dead["cure"]
    assert "correct REDIS_URL" in told(answer, "Redis cannot be reached")["cure"]
    assert {"migrations", "worker", "log-in"} <= set(answer["left_out"])
    for secret in ("geheim%40nis", "geheim@nis", "wortlos-geheim", "parole-parole"):
        assert secret not in said


@pytest.mark.sqlite_only
def test_a_database_url_that_cannot_be_read_is_named(tmp_path):
    answer, said = manage(VAR_DIR=str(tmp_path), DATABASE_URL="nonsense://desk:geheimnis@x/y")
    found = told(answer, "The settings cannot be used")
    assert found["which"] == "DATABASE_URL"
    assert "postgres://user:password@host:5432/name" in found["cure"]
    assert "geheimnis" not in said


@pytest.mark.sqlite_only
def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    answer, _said = manage(VAR_DIR=str(tmp_path / "file" / "var"), SECRET_KEY_FILE="/nowhere/key")
    assert "chown" in told(answer, "VAR_DIR cannot be written")["cure"]
    assert told(answer, "The file that SECRET_KEY_FILE names cannot be read")["which"]
    assert told(answer, "The settings cannot be used")["which"] == "VAR_DIR"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('SITE_URL="https://briefs.example\nSECRET_KEY=gheim\n', 1),
        ("# keys\nSITE_URL=https://briefs.example\nSECRET_KEY gheim\n", 3),
        ("A=1\n\nSECRET_KEY\n", 3),
        (None, 0),
        ('# one\n\nexport A=1\nB = "two\nlines"  # and why\nC=\n', 0),
    ],
    ids=["a quote not closed", "no equals sign", "a name alone", "no file", "in order"],
)
def test_a_file_of_variables_is_read_as_a_whole_or_not_at_all(tmp_path, text, line):
    path = tmp_path / "env"
    env_file.refuse_broken(path, is_named=False)
    if text is not None:
        path.write_text(text)
    refused = pytest.raises(ImproperlyConfigured) if line or text is None else nullcontext()
    with refused as found:
        env_file.refuse_broken(path, is_named=True)
    if line:
        assert f"line {line}:" in str(found.value)
        assert "gheim" not in str(found.value)
        assert "end each quote" in loading._of(found.value).cure


def test_no_secret_of_the_environment_is_printed(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("MAILGUN_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("POSTMARK_SERVER_TOKEN", "pm-very-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://a:p%20ss-word-1@h/n")
    text = "refused pm-very-secret for p%20ss-word-1, p ss-word-1 and smtp://u:other@h:25"
    assert examining.masked("key from-a-file!") == "key •••!"
    assert examining.masked(text) == "refused ••• for •••, ••• and smtp://u:•••@h:25"


def test_an_examination_that_fails_holds_up_no_other(monkeypatch):
    def fails():
        raise RuntimeError("a hole in the doctor")
        yield

    broken = doctor.Examination("broken", Severity.BROKEN, fails, (), "machine")
    monkeypatch.setattr(doctor, "in_order", lambda: [broken, doctor.REGISTRY["python"]])
    report = examining.examine()
    assert report.looked_at == 2
    (found,) = [one for one in report.findings if one.name == "broken"]
    assert "a hole in the doctor" in found.what
    assert found.severity is Severity.WARNING


# --- the machine ----------------------------------------------------------------------


def old_python(patch, _folder):
    patch.setattr(machine.sys, "version_info", SysVersion(3, 11, 9))


def everybody_reads(_patch, folder):
    folder.chmod(0o755)


def everybody_reads_keys(_patch, folder):
    (folder / "keys").mkdir()
    (folder / "keys" / "SECRET_KEY").write_text("k")
    (folder / "keys" / "SECRET_KEY").chmod(0o644)


def full_disk(patch, _folder):
    patch.setattr(machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 1024**2))


def few_files(patch, _folder):
    patch.setattr(machine.resource, "getrlimit", lambda _: (128, resource.RLIM_INFINITY))


def no_zones(patch, _folder):
    def none(name):
        raise ZoneInfoNotFoundError(name)

    patch.setattr(machine, "ZoneInfo", none)


def half_a_restore(_patch, folder):
    marker.leave(folder, {"backup": "/b/one.tar.gz", "at": "yesterday", "aside": "/var/replaced"})


@pytest.mark.parametrize(
    ("breakage", "name", "words", "cure"),
    [
        (old_python, "python", "CVE-2024-6923", "Install Python 3.11.10"),
        (everybody_reads, "var-folder", "Everybody on this machine", "chmod 700"),
        (everybody_reads_keys, "secret-files", "Everybody on this machine", "chmod 600"),
        (full_disk, "disk", "3 MB left", "Make room"),
        (few_files, "open-files", "128 files only", "LimitNOFILE"),
        (no_zones, "time-zones", "no time zones", "apt-get install tzdata"),
        (half_a_restore, "restore", "did not come to its end", "restore /b/one.tar.gz --replace"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_a_fault_of_the_machine_is_named(
    monkeypatch, settings, tmp_path, breakage, name, words, cure
):
    settings.VAR_DIR = tmp_path
    tmp_path.chmod(0o700)
    assert name == "python" or troubles(name) == []
    breakage(monkeypatch, tmp_path)
    found = the_only(name)
    assert words in found.what
    assert cure in found.cure


# --- the database ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "meaning", "cure"),
    [
        (
            'FATAL: password authentication failed for user "desk"',
            "refuses the password",
            "%40|ALTER",
        ),
        ('FATAL: role "desk" does not exist', "does not know this user", "createuser"),
        ('FATAL: database "x" does not exist', "no such database", "createdb"),
        ('could not translate host name "dbb" to address', "nobody knows", "Correct the host"),
        ("connection timeout expired", "does not answer", "firewall"),
        ("FATAL: sorry, too many clients already", "no further connections", "max_connections"),
        ('FATAL: no pg_hba.conf entry for host "10.0.0.9"', "not in", "pg_hba.conf"),
    ],
)
def test_the_words_of_postgres_are_explained(words, meaning, cure):
    found = database.explained(words, "db:5432/x")
    assert meaning in found.what
    assert any(part in found.cure for part in cure.split("|"))


@contextmanager
def database_elsewhere(**where):
    connections.close_all()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(where)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(before)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_none_is_named(tmp_path):
    assert troubles("database") == []
    if connection.vendor == "postgresql":
        with database_elsewhere(NAME="nobody_made_it"):
            assert "createdb" in the_only("database").cure
        with database_elsewhere(USER="nobody"):
            assert "createuser" in the_only("database").cure
        return
    (tmp_path / "text.sqlite3").write_text("this is no database, but it is long enough " * 99)
    with database_elsewhere(NAME=str(tmp_path / "text.sqlite3")):
        assert "manage.py restore" in the_only("database").cure
    with database_elsewhere(NAME=str(tmp_path / "none.sqlite3")):
        assert the_only("database").cure == "Run: manage.py migrate."
    with database_elsewhere(NAME=str(tmp_path / "nowhere" / "db.sqlite3")):
        assert "mkdir" in the_only("database").cure


@pytest.mark.django_db
def test_migrations_that_are_missing_halfway_or_newer_are_named():
    assert troubles("migrations") == []
    recorder = MigrationRecorder(connection)
    recorder.record_applied("briefs", "9999_of_next_year")
    newer = the_only("migrations")
    assert (newer.which, "newer version" in newer.what) == ("briefs.9999_of_next_year", True)
    recorder.record_unapplied("briefs", "9999_of_next_year")
    recorder.record_unapplied("deliveries", "0015_keys_and_backups_are_known")
    assert "migrate" in the_only("migrations").cure
    recorder.record_applied("deliveries", "0015_keys_and_backups_are_known")
    for name in ("0003_missed_and_deleted_webhooks", "0002_outgoing_webhooks", "0001_keys"):
        recorder.record_unapplied("api", name)
    assert "stopped halfway" in the_only("migrations").what


@pytest.mark.django_db
def test_a_held_installation_and_exchanged_keys_are_named(settings):
    make_readers(make_publication(), 2)
    guard.forget()
    assert guard.beat()
    Installation.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=1))
    guard.forget()
    assert guard.beat()
    assert Installation.objects.get().token_sample
    assert troubles("held") == troubles("token-keys") == troubles("suppression-key") == []
    old = settings.TOKEN_KEYS
    settings.TOKEN_KEYS = ["another" * 7]
    settings.SUPPRESSION_KEY = "another" * 7
    assert "Put the old key back" in the_only("token-keys").cure
    assert "Set it to what it was before" in the_only("suppression-key").cure
    settings.TOKEN_KEYS = ["another" * 7, *old]
    assert troubles("token-keys") == [], "a key that is rotated is none that is lost"
    settings.TOKEN_KEYS = ["another" * 7]
    guard.accept_keys()
    assert troubles("token-keys") == []
    Installation.objects.update(held_since=timezone.now(), word="A backup was restored.")
    held = the_only("held")
    assert "Nothing is sent" in held.what
    assert "installation confirm" in held.cure


@pytest.mark.django_db
def test_silence_and_old_backups_are_named(settings):
    settings.SITE_IS_LOCAL = False
    assert "No worker has ever" in the_only("worker").what
    assert "No backup was ever made" in the_only("backups").what
    guard.beat()
    long_ago = timezone.now() - dt.timedelta(days=5)
    Installation.objects.update(seen_at=long_ago, backed_up_at=long_ago)
    guard.forget()
    assert "Start the worker" in the_only("worker").cure
    assert "docs/backup.md" in the_only("backups").cure
    assert "scheduler" in the_only("scheduler").which


def test_clocks_that_differ_are_named():
    assert list(database.apart(1.0, "Redis")) == []
    (found,) = database.apart(-90.0, "the database")
    assert "90 s behind" in found.what
    assert "set-ntp" in found.cure
