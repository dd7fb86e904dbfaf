"""Probes: whether each part that an edition needs is there, and in plain words what to do if not.

Every probe has a time-out of its own, since what is broken mostly does not
answer. One that hangs is not begun a second time, so that whoever asks every
second piles up nothing. No probe sends mail or writes a row.
"""

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from deliveries import guard, lanes
from deliveries.models import Installation
from deliveries.preflight import lookups, reachable
from deliveries.tasks import REMEMBERED
from deliveries.tracking import stream
from intelbrief.disks import LEAST_DISK, LEAST_INODES
from intelbrief.masking import masked

# A tick comes every few seconds, and the database notes it every ten.
SILENT_SECONDS = 60.0
PATIENCE_SECONDS = 3.0
# Applied migrations stay applied; only a restored database takes them back.
MIGRATIONS_HOLD = 60.0


@dataclass(frozen=True)
class Probe:
    """What one look at one part found: its words say what is wrong, and what to do."""

    name: str
    ok: bool
    words: str
    seconds: float = 0.0


# What a probe says: nothing is wrong, or why.
Look = Callable[[], str]


def probes(only: Collection[str] = (), *, patience: float = PATIENCE_SECONDS) -> list[Probe]:
    """Return a Probe of each part, or of those that *only* names, in the order of the mail.

    All are asked at once; what has not answered after *patience* seconds has failed.
    """
    looks = {name: look for name, look in _looks().items() if not only or name in only}
    begun = time.monotonic()
    errands = [_begin(name, look) for name, look in looks.items()]
    return [errand.wait(begun + patience - time.monotonic(), patience) for errand in errands]


def names() -> list[str]:
    """Return the names of all probes, as probes() takes them."""
    return list(_looks())


def _looks() -> dict[str, Look]:
    looks: dict[str, Look] = {
        "database": database,
        "migrations": migrations,
        "redis": redis,
        "worker": worker,
        "scheduler": scheduler,
        "installation": installation,
        "disk": disk,
    }
    if not lanes.names():
        looks["provider"] = _no_provider
    return looks | {f"provider:{lane}": partial(provider, lane) for lane in lanes.names()}


# --- one at a time ------------------------------------------------------------


class _Errand:
    """One look at one part, by a thread of its own."""

    def __init__(self, name: str, look: Look) -> None:
        self.name = name
        self._look = look
        self._begun = time.monotonic()
        self._done = threading.Event()
        self._found: Probe | None = None
        threading.Thread(target=self._run, name=f"probe {name}", daemon=True).start()

    def _run(self) -> None:
        try:
            words = masked(self._look())
        except Error as error:
            words = masked(f"The database cannot be asked: {_first_line(error)}.")
        except Exception as error:  # noqa: BLE001  (a probe that fails in any way has failed)
            words = masked(f"It could not be looked at: {error!r}. Look at the log.")
        finally:
            connection.close()  # this thread's own
        self._found = Probe(self.name, not words, words, time.monotonic() - self._begun)
        with _lock:
            _in_hand.pop((os.getpid(), self.name), None)
        self._done.set()

    def wait(self, seconds: float, patience: float) -> Probe:
        """Return what was found within *seconds*."""
        if self._done.wait(max(0.0, seconds)) and self._found is not None:
            return self._found
        words = f"No answer within {patience:g} s. Look whether it is up and can be reached."
        return Probe(self.name, ok=False, words=words, seconds=time.monotonic() - self._begun)


_lock = threading.Lock()
_in_hand: dict[tuple[int, str], _Errand] = {}


def _begin(name: str, look: Look) -> _Errand:
    """Return the errand of the probe *name*: the one that is on its way, or a new one."""
    key = os.getpid(), name  # a fork leaves the threads behind
    with _lock:
        if key not in _in_hand:
            _in_hand[key] = _Errand(name, look)
        return _in_hand[key]


# --- the parts ----------------------------------------------------------------


def database() -> str:
    """Find out whether the database answers and lets itself be written to."""
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT 1 FROM sqlite_master LIMIT 1")
                cursor.fetchone()
                return _sqlite_is_writable(str(connection.settings_dict["NAME"]))
            cursor.execute("SELECT pg_is_in_recovery(), current_setting('transaction_read_only')")
            is_standby, read_only = cursor.fetchone()
    except Error as error:
        return (
            f"The database does not answer: {_first_line(error)}. Start it, or look at "
            "DATABASE_URL: name, password, host and port."
        )
    if is_standby or read_only == "on":
        return "The database takes no writes. Point DATABASE_URL to the primary server."
    return ""


def _sqlite_is_writable(name: str) -> str:
    path = Path(name)
    if not path.exists():
        return ""  # in memory
    # The lock that a writer takes, and nothing written under it.
    try:
        with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as link:
            link.execute("BEGIN IMMEDIATE")
            link.execute("ROLLBACK")
    except sqlite3.Error as error:
        if "locked" not in str(error):  # somebody writes: so it can be written
            return (
                f"The database {path} takes no writes: {error}. Give the file and its folder to "
                "the user that runs IntelBrief, and look whether the disk is mounted read-only."
            )
    return ""


_migrated_at: float = -MIGRATIONS_HOLD


def migrations() -> str:
    """Find out whether the database has the tables of this version."""
    global _migrated_at  # noqa: PLW0603  (one fact about one process)
    if time.monotonic() - _migrated_at < MIGRATIONS_HOLD:
        return ""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        first = plan[0][0]
        return (
            f"{len(plan)} migrations are not applied, the first is {first.app_label}."
            f"{first.name}. Run: manage.py migrate."
        )
    _migrated_at = time.monotonic()
    return ""


def redis() -> str:
    """Find out whether Redis answers, and the broker where that is another."""
    cure = "Start it, or look at REDIS_URL. Nothing is lost meanwhile; mail waits."
    try:
        with stream.connected() as link:
            link.ping()
    except (RedisError, OSError) as error:
        return f"Redis does not answer: {_first_line(error)}. {cure}"
    if _place(settings.CELERY_BROKER_URL) == _place(settings.CACHES["default"]["LOCATION"]):
        return ""
    from intelbrief.celery import app

    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=0, interval_start=0)
    except (BrokerAway, RedisError, OSError) as error:
        return f"The broker does not answer: {_first_line(error)}. Look at BROKER_URL."
    return ""


def _place(url: str) -> tuple[str | None, int | None, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.port, "" if parts.hostname else parts.path


def worker() -> str:
    """Find out whether a worker has ticked lately: every ring is answered by one."""
    age = min(rang("worker"), rang("scheduler"))
    if age < SILENT_SECONDS:
        return ""
    # The database's word, where Redis has forgotten.
    silence = ExpressionWrapper(Now() - F("seen_at"), DurationField())
    silences = Installation.objects.filter(pk=1).values_list(silence, flat=True)
    if not silences:
        return "No worker has ever been at work here. Start one: ./run, or the worker's service."
    silent = silences[0].total_seconds()
    if silent < SILENT_SECONDS:
        return ""
    return (
        f"No worker has been heard from for {_spoken(min(silent, age))}: nothing is sent. "
        "Start the worker's service, or look at its log."
    )


def scheduler() -> str:
    """Find out whether the scheduler has rung lately; without it, workers tick by themselves."""
    if rang("scheduler") < SILENT_SECONDS:
        return ""
    return (
        "The scheduler has not been heard from. Briefs go out all the same, as workers tick too; "
        "reports and clearing up wait. Start the scheduler's service, or a worker if none runs."
    )


def rang(by: str) -> float:
    """Return how many seconds ago *by* rang last, by Redis's clock alone; infinite if never."""
    try:
        with stream.connected() as link:
            left = link.pttl(cache.make_key(f"rang:{by}"))
    except (RedisError, OSError):
        return float("inf")
    return REMEMBERED - left / 1000 if left >= 0 else float("inf")


def installation() -> str:
    """Find out whether this database is held as a copy that may not send."""
    row = guard.held()
    return "" if row is None else f"Nothing is sent. {row.word}"


def provider(lane: str) -> str:
    """Find out whether *lane* can be reached, and what it refused last if it is broken."""
    if lane in lanes.broken():
        _is_log_in, words = lanes.last_trouble(lane)
        return f"It refuses again and again: {words} Mend the cause; it is tried now and then."
    key = reachable.key_of(lane)
    answers = lookups.look({key: partial(reachable.ask, lane)}, wait=PATIENCE_SECONDS - 0.5)
    if unreachable := answers.get(key):
        return f"{unreachable}. Look at its address, and at the firewall. Mail waits until then."
    return ""


def _no_provider() -> str:
    return "No mail can go out. Set EMAIL_PROVIDER or EMAIL_URL and restart."


def disk() -> str:
    """Find out whether the disk of VAR_DIR has room: a full one stops the send."""
    folder = settings.VAR_DIR
    try:
        free, files = shutil.disk_usage(folder).free, os.statvfs(folder)
    except OSError as error:
        return f"{folder} cannot be looked at: {error.strerror}. Make it, or look at VAR_DIR."
    if free < LEAST_DISK:
        left = free // 1024**2
        return f"The disk of {folder} has {left} MB left. Make room: a full one stops the send."
    if files.f_files > 0 and files.f_favail < LEAST_INODES:
        return f"The disk of {folder} has room for {files.f_favail} more files only. Delete some."
    if not os.access(folder, os.W_OK):
        return f"{folder} cannot be written. Give it to the user that runs IntelBrief."
    return ""


# --- words --------------------------------------------------------------------


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _spoken(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
