"""Starts the real services that the tests run on, before the settings are read.

An early plugin (`-p tests.services` in pyproject.toml): at `pytest_configure`
pytest-django has read the settings already. The first process starts
PostgreSQL, where that is the database; each xdist worker then has its own
Valkey, SMTP server and `var` folder, so that a test may flush or stop them.
All of it ends with the run, however the run ends.
"""

import atexit
import gc
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from intelbrief.ops import valkey
from intelbrief.ops.postgres import Cluster, NoPostgres
from intelbrief.ops.reaper import Reaper
from tests.smtp import RecordingServer

# What a developer's shell may hold must not reach a test.
OURS = (  # noqa: SIM905  (reads better than twenty quoted words)
    "DEBUG SECRET_KEY SITE_URL ALLOWED_HOSTS DATABASE_URL REDIS_URL BROKER_URL EMAIL_PROVIDER "
    "EMAIL_URL PROVIDERS WEBHOOK_SECRET TOKEN_KEYS SUPPRESSION_KEY VAR_DIR INBOX_SMTP_PORT "
    "MORE_LANGUAGES "
    "TICK_SECONDS LANGUAGE_CODE TIME_ZONE SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS BEHIND_PROXY "
    "SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD LOG_LEVEL "
    "LOG_FORMAT METRICS_TOKEN SENTRY_DSN SENTRY_ENVIRONMENT "
    "DJANGO_SETTINGS_MODULE POSTMARK_SERVER_TOKEN DKIM_SELECTORS"
).split()
POSTGRES_URL = "INTELBRIEF_TEST_POSTGRES_URL"
DATABASE = "INTELBRIEF_TEST_DATABASE"

# At Python's own, a tenth of the time of most tests went into looking for garbage.
gc.set_threshold(20_000, 20, 50)

reaper: Reaper
smtp: RecordingServer
folder: Path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --database."""
    parser.addoption(
        "--database",
        choices=["sqlite", "postgres"],
        default=os.environ.get(DATABASE) or "sqlite",
        help="what to run the tests on; ./test runs them on both",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start everything; a wrapper runs before pytest-django's own hook."""
    options: Any = early_config.known_args_namespace
    if not (options.help or options.version):
        _start(options.database)
    return (yield)


def pytest_collection_finish() -> None:
    """Take what is loaded, and thousands of tests, out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()


def pytest_report_header() -> str:
    """Name the database in the header."""
    return f"database: {os.environ.get(DATABASE, 'none')}"


def _start(database: str) -> None:
    global reaper, smtp, folder
    for name in OURS:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ[DATABASE] = database
    # The suite must not depend on what somebody wrote into .env.
    os.environ["ENV_FILE"] = os.devnull
    os.environ["DJANGO_SETTINGS_MODULE"] = "intelbrief.settings"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["CHECK_OUTSIDE"] = "0"  # no test of ours asks the world
    os.environ["DOOR_SECONDS"] = "0"  # a test changes what the next one finds under the same name

    reaper = Reaper()
    folder = Path(tempfile.mkdtemp(prefix="intelbrief-"))
    reaper.remove(folder)
    # Registered first, so it runs last: after every service has stopped.
    atexit.register(_clean_up)

    var = folder / "var"
    os.environ["VAR_DIR"] = str(var)
    path = valkey.socket_path(var)
    start(valkey.command(path, var / "valkey"), lambda: valkey.answers(path), "Valkey")

    smtp = RecordingServer()
    smtp.start()
    atexit.register(smtp.stop)
    os.environ["INBOX_SMTP_PORT"] = str(smtp.port)

    if database == "postgres":
        if POSTGRES_URL not in os.environ:  # an xdist worker inherits it
            os.environ[POSTGRES_URL] = _start_postgres(folder / "pg")
        os.environ["DATABASE_URL"] = os.environ[POSTGRES_URL]


def start(
    command: list[str],
    is_ready: Callable[[], bool],
    name: str,
    stop_signal: int = signal.SIGTERM,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a service that lives as long as this process and wait until it is ready."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **options,
        )
    reaper.watch(process.pid)

    def stop() -> None:
        process.send_signal(stop_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reaper.forget(process.pid)

    atexit.register(stop)
    deadline = time.monotonic() + 30
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise pytest.UsageError(f"{name} did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.01)
    return process


def _clean_up() -> None:
    # One that a test left behind is stopped by the reaper, and its files with it.
    reaper.close()


def _start_postgres(home: Path) -> str:
    """Start a PostgreSQL on a private unix socket and return its DATABASE_URL."""
    # The folder is deleted at the end.
    quick = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
    try:
        cluster = Cluster(home, quick)
        cluster.set_up()
    except NoPostgres as error:
        raise pytest.UsageError(str(error)) from error
    start(
        cluster.command(),
        cluster.answers,
        "PostgreSQL",
        signal.SIGINT,  # "fast": does not wait for clients
        **cluster.options,
    )
    return cluster.url("intelbrief")


def environment() -> dict[str, str]:
    """Return the environment of a process that shall work on the test's own database."""
    from django.db import connection

    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        url = f"postgres://postgres@{database['HOST'].replace('/', '%2F')}/{database['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
