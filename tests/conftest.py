"""Fixtures for every test."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import SimpleTestCase
from django.utils import translation
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from pytest_django import DjangoDbBlocker
from redis.exceptions import RedisError

from tests import migrated, services
from tests.smtp import RecordingServer

# Two busy cores make single examples slow; the same examples on each run.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is meant for the other database, and what a second run tells nothing new."""
    is_postgres = config.getoption("database") == "postgres"
    other = "sqlite_only" if is_postgres else "postgres_only"
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        is_other = item.get_closest_marker(other) or (is_postgres and not _has_a_database(item))
        (left_out if is_other else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    # What starts whole installations waits as much as it works: begun first, it runs beside the
    # others. pytest-django would put it last, where one process of the tests waits alone.
    items[:] = sorted(
        kept, key=lambda item: not item.get_closest_marker("slow") or _is_given_a_database(item)
    )


def _has_a_database(item: pytest.Item) -> bool:
    """Tell whether *item* works on the tests' own database, or on another that is like it."""
    is_like_it = "migrated_database" in getattr(item, "fixturenames", ())
    return bool(
        item.get_closest_marker("postgres_only") or is_like_it or _is_given_a_database(item)
    )


def _is_given_a_database(item: pytest.Item) -> bool:
    """Tell whether *item* asks for the tests' own; pytest-django refuses it to all others."""
    fixtures = set(getattr(item, "fixturenames", ())) & {"db", "transactional_db"}
    of_class = getattr(item, "cls", None)
    is_django = isinstance(of_class, type) and issubclass(of_class, SimpleTestCase)
    return bool(fixtures) or bool(item.get_closest_marker("django_db")) or is_django


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Put the SQLite test database into a file, so that threads and processes share it."""
    if connection.vendor == "sqlite":
        name = services.folder / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.sqlite3"
        django_settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(name)
        connection.settings_dict["TEST"]["NAME"] = str(name)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Keep a copy of the database that was made, before the first test writes to it."""
    with django_db_blocker.unblock():
        migrated.keep()


@pytest.fixture
def migrated_database(django_db_setup: None) -> None:
    """Let `tests.migrated` have something to give; the test works on another than the tests' own.

    With it a test runs on both databases, as one does that is given the tests' own.
    """


@pytest.fixture
def smtp_server() -> Iterator[RecordingServer]:
    """Return the real SMTP server that settings.PROVIDERS names, empty and friendly."""
    services.smtp.reset()
    yield services.smtp
    services.smtp.reset()


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Let no limit or count of one test reach the next."""
    from deliveries import domains  # need the settings, which this file comes before
    from subscribers import redis_link

    yield
    for breaker in redis_link._breakers.values():
        breaker.rests_until = 0.0
    with contextlib.suppress(RedisError):  # a test may have stopped its Valkey
        cache.clear()
    domains.forget()


@pytest.fixture(autouse=True)
def _no_language() -> Iterator[None]:
    """Let no language that a test's reader asked for reach the next test."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where Debian's or the system's own Chromium is."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no Chromium on this machine (on Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start what drives a browser, once for each process of the tests."""
    # Its loop runs in this thread until the end; Django would take each query for one from a
    # coroutine. And a machine that is busy elsewhere is slow, not wrong.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=30_000)
        yield started


@pytest.fixture(scope="session")
def browser(chromium: str, playwright: Playwright) -> Iterator[Browser]:
    """Start a browser, headless; each test opens a context of its own in it."""
    started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
    yield started
    started.close()


class Processes:
    """Starts real processes of the product on the test's own database.

    The test must be marked `django_db(transaction=True)`: they see only what
    is committed.
    """

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start `python *arguments*` in a group of its own."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**services.environment(), **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        services.reaper.watch(process.pid)
        self.running.append(process)
        return process

    def worker(
        self,
        queues: str = "editions,notices,housekeeping",
        concurrency: int = 1,
        **environment: str,
    ) -> subprocess.Popen[bytes]:
        """Start a Celery worker; its pool children are in its group."""
        return self.start(
            *("-m", "celery", "-A", "intelbrief", "worker", "-Q", queues),
            *("-c", str(concurrency), "--without-gossip", "--without-mingle", "-l", "WARNING"),
            **environment,
        )

    def scheduler(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a scheduler with a memory of its own."""
        memory = services.folder / f"beat-{time.monotonic_ns()}"
        return self.start(
            *("-m", "celery", "-A", "intelbrief", "beat", "-s", str(memory), "-l", "WARNING"),
            **environment,
        )

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one management command to its end and return what it printed."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**services.environment(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,  # a busy machine is slow, not wrong
        )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGKILL to *process* and its children, all at one instant."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        services.reaper.forget(process.pid)

    def kill_all(self) -> None:
        """Leave nothing running."""
        for process in self.running:
            self.kill(process)


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Return a starter of real workers and schedulers; they end with the test."""
    started = Processes()
    yield started
    started.kill_all()
