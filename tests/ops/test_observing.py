"""What machines that watch are told: alive, ready, and what is wrong; and who is told it."""

import datetime as dt
import sqlite3
import threading
import time

import pytest
from django.core.cache import cache
from django.db import Error, connection
from django.utils import timezone

from deliveries import lanes
from deliveries.models import Installation
from intelbrief import masking
from intelbrief.celery import app
from intelbrief.observing import readiness, views

TOKEN = "a-token-of-some-length-0123456789"
NOWHERE = "redis://:pass-word@127.0.0.1:1/0"
PROXIED = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}


@pytest.fixture(autouse=True)
def _forget():
    """Let no test find what another one found."""
    views._recent.forget()
    yield
    views._recent.forget()


@pytest.fixture
def parts(monkeypatch):
    """Let the test say which parts there are, and what each says."""
    looks = {"database": lambda: "", "provider:main": lambda: ""}
    monkeypatch.setattr(readiness, "_looks", lambda: looks)
    return looks


# --- alive ----------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_alive_is_answered_without_database_host_https_or_cookie(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/healthz", HTTP_HOST="10.1.2.3:8000", REMOTE_ADDR="10.1.2.1")
    assert (answer.status_code, answer.content) == (200, b"alive\n")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", sorted(views.PAGES))
def test_nothing_is_posted_to_a_page_for_machines(client, path):
    assert client.post(path).status_code == 405


# --- ready ----------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_ready_is_200_while_all_is_well_and_503_once_a_part_fails(client, parts):
    assert client.get("/readyz").status_code == 200
    parts["database"] = lambda: "It is away."
    views._recent.forget()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    first, second = answer.json()["probes"]
    assert (first["name"], first["ok"], first["words"]) == ("database", False, "It is away.")
    assert second["ok"]


@pytest.mark.sqlite_only
def test_a_stranger_learns_only_that_it_is_not_ready(client, parts):
    parts["database"] = lambda: "No route to db.internal."
    assert client.get("/readyz", **PROXIED).json() == {"ready": False}


@pytest.mark.sqlite_only
def test_a_balancer_asks_for_what_its_pages_need_alone(client, parts):
    parts["provider:main"] = lambda: "It refuses."
    assert client.get("/readyz").status_code == 503
    assert client.get("/readyz?only=database").status_code == 200
    assert client.get("/readyz?only=provider").status_code == 503
    assert client.get("/readyz?only=nothing").status_code == 400


@pytest.mark.sqlite_only
def test_a_part_that_hangs_has_failed_and_is_not_asked_a_second_time(parts):
    asked, go_on = [], threading.Event()

    def hang() -> str:
        asked.append(1)
        go_on.wait(30)
        return ""

    parts["database"] = hang
    try:
        for _again in range(3):
            found = {probe.name: probe for probe in readiness.probes(patience=0.3)}
            assert "No answer within 0.3 s" in found["database"].words
            assert found["provider:main"].ok
    finally:
        go_on.set()
    assert readiness.probes(["database"], patience=5)[0].ok
    assert len(asked) <= 2


@pytest.mark.sqlite_only
def test_a_probe_that_breaks_has_failed_and_tells_no_secret(parts):
    def fail() -> str:
        raise RuntimeError("cannot log in to redis://:pass-word@redis.internal for ada@example.com")

    parts["database"] = fail
    (found,) = readiness.probes(["database"])
    assert not found.ok
    assert "redis.internal" in found.words
    assert "pass-word" not in found.words
    assert "ada@" not in found.words


@pytest.mark.sqlite_only
def test_many_who_ask_at_once_cost_what_one_does(client, parts):
    asked = []
    parts["database"] = lambda: asked.append(1) or ""
    for _visitor in range(5):
        client.get("/readyz")
    assert len(asked) == 1


# --- who may see figures and faults ---------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("request_", "is_insider"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"}, True),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"}, True),
        ({"REMOTE_ADDR": "10.0.0.9"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "briefs.example.org"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1.evil.example"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": ""}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"}, False),
    ],
)
def test_without_a_token_only_this_machine_is_an_insider_and_no_proxy_on_it(
    rf, request_, is_insider
):
    assert views.is_insider(rf.get("/metrics", **{"HTTP_HOST": "127.0.0.1", **request_})) is (
        is_insider
    )


@pytest.mark.sqlite_only
def test_without_a_token_there_are_no_metrics_for_the_world(client):
    assert client.get("/metrics", **PROXIED).status_code == 404


@pytest.mark.sqlite_only
def test_with_a_token_nothing_but_the_token_counts(client, rf, settings):
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def may(header: str) -> bool:
        asked = rf.get("/metrics", REMOTE_ADDR="10.0.0.9", HTTP_AUTHORIZATION=header, **PROXIED)
        return views.is_insider(asked)

    assert may(f"Bearer {TOKEN}")
    assert may(f"bearer  {TOKEN}")
    assert not any(map(may, (TOKEN, f"Basic {TOKEN}", "Bearer ", "Bearer é", f"Bearer {TOKEN}x")))


# --- the parts, one by one --------------------------------------------------------


@pytest.mark.django_db
def test_the_real_parts_are_all_asked(monkeypatch):
    monkeypatch.setattr(readiness, "MIGRATIONS_HOLD", 0)
    assert readiness.database() == ""
    assert readiness.migrations() == ""
    assert readiness.redis() == ""
    assert readiness.disk() == ""
    assert readiness.installation() == ""
    assert {*readiness.names()} == {
        *("database", "migrations", "redis", "worker", "scheduler", "installation", "disk"),
        "provider:main",
    }


@pytest.mark.sqlite_only
def test_a_database_file_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    path = tmp_path / "db.sqlite3"
    path.touch()
    assert readiness._sqlite_is_writable(str(path)) == ""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert readiness._sqlite_is_writable(str(path)) == ""  # busy is not broken
    writer.close()
    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert "takes no writes" in readiness._sqlite_is_writable(str(path))


@pytest.mark.django_db
def test_a_worker_is_heard_from_by_redis_or_by_the_database():
    assert "ever been at work" in readiness.worker()
    Installation.objects.create(pk=1, fingerprint="here")
    assert readiness.worker() == ""
    Installation.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=5))
    assert "heard from for 5 minutes" in readiness.worker()
    cache.set("rang:worker", time.time() - 7200, 86_400)  # by a host whose clock is off
    assert readiness.worker() == ""
    assert "scheduler" in readiness.scheduler()
    cache.set("rang:scheduler", time.time(), 86_400)
    assert readiness.scheduler() == ""


@pytest.mark.django_db
def test_a_copy_that_is_held_is_not_ready():
    Installation.objects.create(
        pk=1, fingerprint="here", held_since=timezone.now(), word="Confirm it."
    )
    assert readiness.installation() == "Nothing is sent. Confirm it."


def _away(*_arguments):
    raise Error("connection to server at 10.0.0.5 failed: no route to host")


def _take_broker_away(patch, settings):
    settings.CELERY_BROKER_URL = NOWHERE
    patch.setattr(app.conf, "broker_write_url", NOWHERE)


def _break_lane(_patch, _settings):
    cache.set("lane-rests:main", lanes.BREAKS_AFTER)
    cache.set("lane-trouble:main", ("log-in", "535 no such user."))


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("break_it", "look", "words"),
    [
        (
            lambda patch, settings: patch.setattr(connection, "cursor", _away),
            readiness.database,
            "no route to host. Start it, or look at DATABASE_URL",
        ),
        (
            lambda patch, settings: setattr(settings, "CACHES", {"default": {"LOCATION": NOWHERE}}),
            readiness.redis,
            "Redis does not answer",
        ),
        (
            _take_broker_away,
            readiness.redis,
            "The broker does not answer",
        ),
        (
            lambda patch, settings: patch.setattr(readiness, "LEAST_DISK", 10**18),
            readiness.disk,
            "MB left. Make room",
        ),
        (
            lambda patch, settings: setattr(settings, "PROVIDERS", {}),
            readiness._no_provider,
            "Set EMAIL_PROVIDER",
        ),
        (
            _break_lane,
            lambda: readiness.provider("main"),
            "It refuses again and again: 535 no such user.",
        ),
    ],
    ids=["database", "redis", "broker", "disk", "provider", "broken-lane"],
)
def test_what_is_wrong_is_said_in_plain_words(monkeypatch, settings, break_it, look, words):
    break_it(monkeypatch, settings)
    found = masking.masked(look())
    assert words in found
    assert "pass-word" not in found


@pytest.mark.sqlite_only
def test_a_provider_that_nobody_can_connect_to_is_told(settings):
    settings.CHECK_OUTSIDE = True
    settings.PROVIDERS = {"main": {"provider": "smtp", "url": "smtp://127.0.0.1:1"}}
    assert "127.0.0.1:1: Connection refused" in readiness.provider("main")
