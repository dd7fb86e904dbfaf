"""The doctor: each fault is named with its cure, no secret is printed, and nothing stops it."""

import datetime as dt
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from zoneinfo import ZoneInfoNotFoundError

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from deliveries import guard
from deliveries.models import Installation
from deliveries.tracking import stream
from intelbrief.ops import doctor
from intelbrief.ops.backup import marker
from intelbrief.ops.doctor import Severity, examining
from tests.make import make_publication, make_readers

doctor.load()
from intelbrief.ops.doctor import broker, cli, database, machine, page  # noqa: E402


def troubles(name):
    """Return what one examination finds, as it would be printed."""
    return list(doctor.REGISTRY[name].look())


def the_only(name):
    (found,) = troubles(name)
    return found


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


class SysVersion(tuple[int, ...]):
    """A version like sys.version_info."""

    def __new__(cls, *numbers):
        return super().__new__(cls, numbers)

    minor = property(lambda self: self[1])
    micro = property(lambda self: self[2])


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
    for name in ("0002_outgoing_webhooks", "0001_keys"):
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


# --- Redis ----------------------------------------------------------------------------


@contextmanager
def redis_with(**options):
    """Set options of the suite's Valkey for a while."""
    with stream.connected() as link:
        before = {name: link.config_get(name)[name] for name in options}
        for name, value in options.items():
            link.config_set(name, value)
        try:
            yield
        finally:
            if password := options.get("requirepass"):
                link.execute_command("AUTH", password)
            for name, value in before.items():
                link.config_set(name, value)


@pytest.mark.sqlite_only
def test_faults_of_redis_are_named(settings, tmp_path):
    url = settings.CACHES["default"]["LOCATION"]
    assert troubles("redis") == troubles("redis-memory") == troubles("redis-version") == []
    settings.EMBEDDED_REDIS = False
    with redis_with(**{"maxmemory-policy": "allkeys-lru"}):
        assert "noeviction" in the_only("redis-memory").cure
    with redis_with(requirepass="of-the-doctor"):
        assert "wants a password" in the_only("redis").what
        settings.CACHES["default"]["LOCATION"] = url.replace("unix://", "unix://:wrong@")
        assert "refuses the password" in the_only("redis").what
    for wrong, words in (
        (url.replace("db=1", "db=99"), "number"),
        (f"unix://{tmp_path}/x", "Start"),
    ):
        settings.CACHES["default"]["LOCATION"] = wrong
        assert words in the_only("redis").cure
    settings.CACHES["default"]["LOCATION"] = url
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/x?virtual_host=0"


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_a_second_installation_and_deaf_workers_are_named(monkeypatch):
    assert troubles("two-installations") == []
    cache.set("installation:of-others", timezone.now().isoformat())
    assert "Redis of its own" in the_only("two-installations").cure
    monkeypatch.setattr(broker, "ANSWER_SECONDS", 0.05)
    assert "the same REDIS_URL and BROKER_URL" in the_only("queues").cure
    monkeypatch.setattr(broker, "answering", lambda: {"w": {"editions", "housekeeping"}})
    found = the_only("queues")
    assert (found.which, "-Q" in found.cure) == ("notices", True)


# --- mail and site --------------------------------------------------------------------


class Fake(BaseHTTPRequestHandler):
    """Answers each path as the test says."""

    answers: dict[str, tuple[int, dict[str, str], str]]

    def do_GET(self):
        status, headers, body = self.answers.get(self.path, (404, {}, ""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def fake():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    Fake.answers = {}
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", answers=Fake.answers)
    server.shutdown()
    server.server_close()


ALIVE: tuple[int, dict[str, str], str] = (200, {}, "alive\n")


@pytest.mark.sqlite_only
def test_faults_between_the_site_and_its_readers_are_named(fake, settings):
    settings.SITE_URL = fake.url
    settings.SITE_IS_LOCAL = False
    for page_, words in (
        ((302, {"Location": fake.url + "/"}, ""), "X-Forwarded-Proto"),
        ((301, {"Location": fake.url.replace("http", "https") + "/"}, ""), "SITE_URL=https://"),
        ((400, {}, ""), "ALLOWED_HOSTS"),
        ((500, {}, ""), "log"),
    ):
        fake.answers.update({"/healthz": ALIVE, "/": page_})
        assert words in the_only("site").cure
    fake.answers.update({"/healthz": (502, {}, ""), "/": (502, {}, "")})
    assert "Start the web server" in the_only("site").cure
    fake.answers.update({"/healthz": (200, {}, "<h1>Parked</h1>"), "/": (200, {}, "")})
    assert "Another site answers" in the_only("site").what
    settings.SITE_URL = "http://127.0.0.1:1"
    assert "Nobody answers" in the_only("site").what
    settings.ALLOWED_HOSTS, settings.SITE_HOST = ["localhost"], "briefs.example"
    assert "Add briefs.example" in the_only("allowed-hosts").cure


@pytest.mark.sqlite_only
def test_credentials_that_are_not_taken_are_named(fake, settings):
    settings.PROVIDERS = {"main": {"provider": "postmark"}}
    settings.ANYMAIL = {
        **settings.ANYMAIL,
        "POSTMARK_SERVER_TOKEN": "wrong",
        "POSTMARK_API_URL": fake.url,
    }
    fake.answers["/server"] = (200, {}, "{}")
    assert troubles("log-in") == []
    fake.answers["/server"] = (401, {}, "{}")
    assert "POSTMARK_SERVER_TOKEN_FILE" in the_only("log-in").cure
    with refusing_smtp() as port:
        settings.PROVIDERS = {
            "main": {"provider": "smtp", "url": f"smtp://u:geheim@127.0.0.1:{port}"}
        }
        found = the_only("log-in")
    assert "refuses the log-in" in found.what
    assert "geheim" not in found.what
    assert "EMAIL_URL or PROVIDERS" in found.cure


@contextmanager
def refusing_smtp():
    """A mail server that takes no password."""

    def serve():
        link, _address = listener.accept()
        with link:
            link.sendall(b"220 here\r\n")
            for reply in (b"250-here\r\n250 AUTH PLAIN\r\n", b"535 5.7.8 Wrong\r\n"):
                link.recv(1000)
                link.sendall(reply)
            link.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


# --- a healthy one --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_a_healthy_installation_it_says_that_all_is_well(
    monkeypatch, settings, tmp_path, fake, smtp_server, capsys
):
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir(mode=0o700)
    settings.SITE_URL = fake.url
    fake.answers.update({"/healthz": ALIVE, "/": (200, {}, "")})
    monkeypatch.setattr(machine.sys, "version_info", SysVersion(3, 11, 14))
    monkeypatch.setattr(broker, "answering", lambda: {"w": set(broker.QUEUES)})
    monkeypatch.setattr("intelbrief.checks.filesystem_of", lambda _: "ext4")
    monkeypatch.setattr(machine, "LITTLE_DISK", 1)
    monkeypatch.setattr(machine, "LEAST_DISK", 0)
    guard.forget()
    guard.beat()
    Installation.objects.update(backed_up_at=timezone.now())
    for who in ("worker", "scheduler"):
        cache.set(f"rang:{who}", time.time(), 86_400)
    said = []
    assert cli.run(said.append, as_json=False) == 0
    assert said[-1].startswith("All is well"), said
    call_command("doctor", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"]
    assert answer["left_out"] == []
    assert answer["looked_at"] == len(doctor.REGISTRY)


@pytest.mark.sqlite_only
def test_the_page_about_the_doctor_is_that_of_the_code():
    written = (django_settings.BASE_DIR / "docs" / "doctor.md").read_text()
    assert written == page.make(), "Run: manage.py doctor --docs > docs/doctor.md"
