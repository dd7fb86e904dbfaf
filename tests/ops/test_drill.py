"""The drills: real faults on real processes, in short forms; and the audit that judges them."""

import json
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from django.conf import settings

from briefs.models import User
from deliveries.models import Delivery
from intelbrief.ops import scratch
from intelbrief.ops.drill.audit import audit
from intelbrief.ops.drill.scene import QUICK
from intelbrief.ops.scratch import CannotRun, Scratch
from tests.make import make_brief, make_edition, make_publication, make_readers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("kill", ["--recipients", "900", "--rounds", "2"]),
        # What signals do is the same for every database. Servers' answers and clicks that meet
        # have tests of their own in tests/deliveries; `drill all` runs those drills.
        pytest.param(
            "stop", ["--recipients", "600", "--rounds", "1"], marks=pytest.mark.sqlite_only
        ),
        ("backup", ["--recipients", "150"]),
    ],
)
def test_a_drill_leaves_nobody_twice_lost_or_unaccounted(on_scratch, name, options):
    report = on_scratch("drill", name, *options, **QUICK)
    assert list(report) == [
        "audience",
        "accepted_once",
        "accepted_twice",
        "lost",
        "in_doubt",
        "in_doubt_bound",
        "unaccounted",
        "seconds",
    ]
    assert report["audience"] == int(options[1])
    assert report["accepted_twice"] == report["lost"] == report["unaccounted"] == 0
    assert report["in_doubt"] <= report["in_doubt_bound"]


# --- the audit ------------------------------------------------------------


def taken(*addresses):
    """Return a sink that took letters to *addresses*."""
    return SimpleNamespace(taken=lambda: [SimpleNamespace(recipient=one) for one in addresses])


@pytest.fixture
def edition():
    publication = make_publication()
    addresses = make_readers(publication, 4)
    edition = make_edition(make_brief(publication))
    Delivery.objects.bulk_create(
        Delivery(edition=edition, subscriber=subscription.subscriber, status="sent")
        for subscription in publication.subscriptions.order_by("pk")
    )
    return edition, addresses


@pytest.mark.django_db
def test_the_audit_is_content_where_ledger_and_server_agree(edition):
    edition, addresses = edition
    assert audit(edition, taken(*addresses), bound=0, seconds=0).ok


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "copies", "verdict"),
    [
        ("sent", 2, "accepted_twice"),
        ("sent", 0, "lost"),
        ("pending", 0, "lost"),
        ("sending", 0, "lost"),
        ("failed", 1, "unaccounted"),
        ("skipped", 1, "unaccounted"),
        ("in-doubt", 0, "in_doubt"),
        ("in-doubt", 1, "in_doubt"),
    ],
)
def test_the_audit_sees_what_became_of_one_reader(edition, status, copies, verdict):
    edition, (odd, *others) = edition
    Delivery.objects.filter(subscriber__address=odd).update(status=status, reason="for the test")
    report = audit(edition, taken(*others, *[odd] * copies), bound=0, seconds=0)
    assert not report.ok
    figures = report.figures()
    names = ("accepted_twice", "lost", "in_doubt", "unaccounted")
    assert {name: figures[name] for name in names if figures[name]} == {verdict: 1}


@pytest.mark.django_db
def test_the_audit_misses_a_reader_without_a_row_and_sees_a_stranger(edition):
    edition, addresses = edition
    Delivery.objects.filter(subscriber__address=addresses[0]).delete()
    report = audit(edition, taken(*addresses[1:], "who@else.example"), bound=0, seconds=0)
    assert (report.lost, report.unaccounted) == (1, 1)


@pytest.mark.django_db
def test_the_audit_takes_no_word_to_an_editor_for_a_copy(edition):
    edition, addresses = edition
    User.objects.create_superuser("editor@desk.example", "not-a-secret")
    report = audit(edition, taken(*addresses, "editor@desk.example"), bound=0, seconds=0)
    assert report.ok
    assert report.accepted_once == len(addresses)


# --- what drills work on --------------------------------------------------


def test_a_scratch_installation_touches_no_database_but_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv(scratch.MARK, str(tmp_path))
    with pytest.raises(CannotRun, match="is not touched"):
        Scratch(durable=False)


def test_bench_and_drill_know_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@prod.example/live")
    monkeypatch.setenv("REDIS_URL", "redis://prod.example")
    monkeypatch.setenv("SECRET_KEY_FILE", "/etc/secret")
    seen = {}
    monkeypatch.setattr(
        scratch.os, "execve", lambda path, arguments, environment: seen.update(environment)
    )
    scratch.enter("sqlite")
    folder = seen[scratch.MARK]
    assert not {"DATABASE_URL", "REDIS_URL", "SECRET_KEY_FILE"} & seen.keys()
    assert seen["VAR_DIR"].startswith(folder)
    assert seen["ENV_FILE"] == "/dev/null"
    scratch.enter("postgres")
    assert seen["DATABASE_URL"].endswith("%2Fpg/intelbrief")
    assert "prod.example" not in seen["DATABASE_URL"]


# --- the sink -------------------------------------------------------------


@pytest.fixture
def sink(tmp_path):
    """Return a running sink: a way to give orders, its port, its record."""
    record = tmp_path / "taken"
    process = subprocess.Popen(
        [sys.executable, "-m", "intelbrief.ops.sinks.smtp", str(record)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )

    def order(**what):
        process.stdin.write(json.dumps(what).encode() + b"\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    port = int(process.stdout.readline())
    yield SimpleNamespace(order=order, port=port, record=record)
    process.stdin.close()
    assert process.wait(10) == 0, "it ends when its orders do"


def say(link, text):
    """Say *text* and return what comes back within a moment."""
    link.sendall(text.encode())
    time.sleep(0.1)
    return link.recv(65_536).decode()


LETTER = (
    "Message-ID: <m1@harbour.example>\r\nList-Unsubscribe: "
    "<https://briefs.example/u/AAECAwQFBgcICQoLDA>\r\n\r\nbody\r\n.\r\n"
)


def test_the_sink_writes_down_what_it_takes_before_it_answers(sink):
    with socket.create_connection(("127.0.0.1", sink.port)) as link:
        link.settimeout(5)
        assert "PIPELINING" in say(link, "EHLO x\r\n")
        replies = say(link, "MAIL FROM:<a@b.example>\r\nRCPT TO:<ada@c.example>\r\nDATA\r\n")
        assert [line[:3] for line in replies.splitlines()] == ["250", "250", "354"]
        next_one = "MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@c.example>\r\nDATA\r\n"
        replies = say(link, LETTER + next_one)
        assert [line[:3] for line in replies.splitlines()] == ["250", "250", "250", "354"]
    (line,) = sink.record.read_text().splitlines()
    _number, begun, accepted, recipient, message_id, tokens = line.split("\t")
    assert (recipient, message_id) == ("ada@c.example", "m1@harbour.example")
    assert tokens == "u:AAECAwQFBgcICQoLDA"
    assert time.time() - 10 < float(begun) <= float(accepted)
    assert sink.order()["accepted"] == 1


@pytest.mark.parametrize(
    ("do", "heard", "recorded"),
    [
        ("451 4.3.0 Later", "451 4.3.0 Later\r\n", 0),
        ("drop", "", 0),
        ("take and drop", "", 1),
    ],
)
def test_the_sink_misbehaves_at_the_dot_as_it_is_told(sink, do, heard, recorded):
    rule = {"at": "dot", "do": do, "every": 1, "nth": 0, "times": 1}
    sink.order(behave={"rules": [rule]})
    with socket.create_connection(("127.0.0.1", sink.port)) as link:
        link.settimeout(5)
        say(link, "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ada@c.example>\r\nDATA\r\n")
        assert say(link, LETTER) == heard
    assert len(sink.record.read_text().splitlines()) == recorded
    assert sink.order()["doubts"] == (0 if heard else 1)
