"""The doorbell rings after the commit and never fails."""

import os
import subprocess
import sys

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from subscribers import doorbell, notices
from subscribers.tasks import send_notices


@pytest.fixture
def rings(monkeypatch):
    """Collect the names of the tasks that are rung for, instead of ringing."""
    heard = []
    monkeypatch.setattr(
        send_notices, "apply_async", lambda args=(), **options: heard.append(send_notices.name)
    )
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args=(), **options: heard.append(name)
    )
    return heard


@pytest.mark.django_db(transaction=True)
def test_a_ring_waits_for_the_commit(rings):
    with transaction.atomic():
        doorbell.ring(send_notices)
        assert rings == []
    assert rings == ["subscribers.tasks.send_notices"]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_rings_nowhere(rings):
    with transaction.atomic():
        doorbell.ring(send_notices)
        transaction.set_rollback(True)
    assert rings == []


@pytest.mark.django_db
def test_a_task_that_is_not_imported_is_rung_by_its_name(rings):
    doorbell.ring_now("far.above.tasks.unknown")
    assert rings == ["far.above.tasks.unknown"]


def test_a_broker_that_refuses_is_no_error(monkeypatch, caplog):
    def refuse(*_args, **_options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(send_notices, "apply_async", refuse)
    doorbell.ring_now(send_notices)
    assert "Nobody heard the bell for subscribers.tasks.send_notices" in caplog.text


RING = """
import django, time
django.setup()
from subscribers.doorbell import ring_now
started = time.monotonic()
ring_now("far.above.tasks.unknown")
print(time.monotonic() - started)
"""


@pytest.mark.slow
@pytest.mark.parametrize("url", ["redis://127.0.0.1:9/0", "redis+socket:///nonexistent.sock"])
def test_a_broker_that_is_away_is_given_up_quickly(url):
    answer = subprocess.run(
        [sys.executable, "-c", RING],
        env={**os.environ, "BROKER_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert float(answer.stdout) < 2
    assert "Nobody heard the bell" in answer.stderr


@pytest.mark.django_db
def test_the_task_sweeps(monkeypatch):
    monkeypatch.setattr(notices, "sweep", lambda: 3)
    assert send_notices() == 3
