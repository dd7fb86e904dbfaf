"""The doctor on Redis, workers, mail and site: each fault is named with its cure."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from deliveries import guard
from deliveries.models import Installation
from deliveries.tracking import stream
from intelbrief.ops import doctor
from intelbrief.ops.doctor import broker, cli, machine, page
from tests.ops.examined import SysVersion, the_only, troubles

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
        usual = self.answers.get(self.path, (404, {}, ""))
        told = "as http" if "X_Forwarded_Proto" in self.headers else ""
        status, headers, body = self.answers.get(told, usual)
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
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    fake.answers.update({"/": (200, {}, "")})
    assert troubles("site") == []
    fake.answers["as http"] = (301, {"Location": fake.url + "/"}, "")
    assert "request_header -*_*" in the_only("site").cure
    del fake.answers["as http"]
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
