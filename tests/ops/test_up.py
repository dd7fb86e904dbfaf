"""`manage.py up`: everything starts by one command and nothing is left of it."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import time
import urllib.request
from pathlib import Path

import pytest

from tests.ops.installation import Installation, Running

# Real processes in a database of their own: one run tells all.
pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=100) as answer:
        return answer.status, answer.read().decode()


def count(installation: Installation, table: str) -> int:
    with sqlite3.connect(installation.var / "db.sqlite3") as link:
        (number,) = link.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(number)


def assert_private(installation: Installation) -> None:
    """Assert that no other user of the machine reads anything, or reaches the broker."""
    keys = sorted((installation.var / "keys").iterdir())
    assert [key.name for key in keys] == [
        "BACKUP_KEY",
        "SECRET_KEY",
        "SUPPRESSION_KEY",
        "TOKEN_KEYS",
        "WEBHOOK_SECRET",
    ]
    assert {oct(key.stat().st_mode & 0o777) for key in keys} == {"0o600"}
    assert oct(installation.var.stat().st_mode & 0o777) == "0o700"
    modes = {}
    for path in installation.var.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # files come and go while it works
            if path.is_file():
                modes[path] = path.stat().st_mode
    assert {"db.sqlite3", "inbox.port"} <= {path.name for path in modes}
    assert [path for path, mode in modes.items() if mode & 0o077] == []
    # No other user of the machine reaches the broker: it has no TCP port at all.
    (broker,) = installation.find("valkey-server")
    assert listening(broker) == []


# Each start takes seconds: what can be seen of one start is looked at in one test.


def test_it_prints_where_everything_is_ends_cleanly_and_outlives_what_is_killed(installation):
    up = installation.start_and_wait()
    site = f"http://127.0.0.1:{installation.port}"
    for words in (f"{site}/", f"{site}/admin/", f"{site}/inbox/", "admin@example.com"):
        assert words in up.words
    assert get(site + "/")[0] == 200
    assert get(site + "/admin/login/")[0] == 200
    status, page = get(site + "/inbox/")
    assert status == 200
    assert "Nothing has come yet" in page
    assert_private(installation)

    second = installation.run("--port", "0")
    assert second.returncode == 1
    assert f"already running at {site} (pid {up.process.pid})" in second.stderr

    assert up.end(signal.SIGINT) == 0, up.words
    assert not installation.wait_until_empty(30)

    (password,) = re.findall(r"admin@example.com   password (\S+)", up.words)
    again = installation.start_and_wait()
    assert password not in again.words
    assert "new password: .venv/bin/python manage.py changepassword admin@" in again.words
    assert count(installation, "briefs_publication") == 1
    assert count(installation, "briefs_user") == 1

    broker = broker_that_a_killed_supervisor_leaves(installation, again)
    up = installation.start_and_wait()
    assert broker not in installation.find("valkey-server")
    assert_what_dies_under_it_is_noticed(installation, up)
    assert not installation.wait_until_empty(30)


def listening(pid: int) -> list[str]:
    """Return the TCP ports that *pid* itself listens on, from proc(5)."""
    held = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in held]


def broker_that_a_killed_supervisor_leaves(installation: Installation, up: Running) -> int:
    """Kill *up* and assert that all of it goes; then kill the reaper too, whose broker stays."""
    before = installation.processes()
    # Supervisor, reaper, Valkey, inbox, worker and its pool of three, scheduler, web and its child.
    assert len(before) >= 10, before

    up.end(signal.SIGKILL)
    # At once: it waits for the clean-up instead of meeting half of the old one.
    again = installation.start_and_wait()
    left = {pid: line for pid, line in installation.processes().items() if pid in before}
    assert not left

    # Now the reaper too: nobody is left who could stop the broker.
    (old,) = installation.find("valkey-server")
    for words in ("manage.py up", "reaper.py", "intelbrief"):
        for pid in installation.find(words):
            if pid != old:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    again.process.wait()
    assert installation.find("valkey-server") == [old]
    return old


def assert_what_dies_under_it_is_noticed(installation: Installation, up: Running) -> None:
    # A worker that dies is started again.
    workers = installation.find("intelbrief worker")
    os.kill(min(workers), signal.SIGKILL)
    up.wait_for("worker was ended by signal 9; starts again")
    deadline = time.monotonic() + 300
    while not set(installation.find("intelbrief worker")) - set(workers):
        assert time.monotonic() < deadline, up.words
        time.sleep(0.1)
    assert not set(installation.find("intelbrief worker")) & set(workers)

    # Any other service that dies stops everything.
    (inbox,) = installation.find("intelbrief.inbox.server")
    os.kill(inbox, signal.SIGKILL)
    assert up.process.wait(300) == 1
    up.process.wait()
    assert "inbox was ended by signal 9." in up.words
    assert "keeps mail to 127.0.0.1" in up.words


def test_a_taken_port_is_named_with_a_way_out(installation):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = installation.run("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is taken by another program.")
    assert "--port" in done.stderr
    assert not installation.wait_until_empty(30)


def test_once_brings_three_readers_their_brief_and_does_so_again(installation, migrated_database):
    installation.begin_migrated()
    for _run in range(2):
        done = installation.run("--once", "--json", "--port", str(installation.port))
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        outcome = json.loads(line)
        seconds, size = outcome.pop("seconds"), outcome.pop("html_bytes")
        assert outcome == {
            "recipients": 3,
            "delivered": 3,
            "subject": "Meridian Daily: Veldhaven’s Ferries and the Price of a Quiet Winter",
            "list_unsubscribe": True,
            "inbox": str(installation.var / "inbox"),
        }
        assert 0 < seconds < 60
        assert 5_000 < size <= 102_400
        assert not installation.wait_until_empty(30)
    assert count(installation, "subscribers_subscriber") == 6
    assert count(installation, "briefs_publication") == 1


def test_once_tells_why_it_cannot(installation):
    installation.environment["EMAIL_URL"] = "smtp://127.0.0.1:9"
    done = installation.run("--once", "--json", "--port", str(installation.port))
    assert done.returncode == 1
    assert not done.stdout
    assert "local inbox, which is off" in done.stderr
