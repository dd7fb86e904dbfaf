"""An installation of its own for bench and drill, in a temporary folder that is deleted.

Database, Valkey, keys and mail are its own, and nothing of the environment or
of .env reaches it: the command starts itself anew with a clean environment,
since Django reads its settings at import. So neither can touch the database
of an installation, whatever DATABASE_URL says.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from intelbrief.ops import reaper, valkey
from intelbrief.ops.postgres import Cluster, url
from intelbrief.ops.supervisor import python

MARK = "INTELBRIEF_SCRATCH"  # names the folder, in the environment of those that work in it
# A database that the migrations have been through, or a dump of one: tests need not migrate again.
BEGINS_WITH = "INTELBRIEF_SCRATCH_BEGINS_WITH"
DATABASE = "intelbrief"
QUEUES = "editions,notices,housekeeping"
# What a process may know of the outside.
KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "TMPDIR", "VIRTUAL_ENV", "NO_COLOR")


class CannotRun(RuntimeError):
    """Something that the run needs is missing or has died; the message says what to do."""


def is_inside() -> bool:
    """Tell whether this process works on a scratch installation."""
    return MARK in os.environ


def enter(database: str, **environment: str) -> NoReturn:
    """Start this very command anew, on a scratch installation with *database*."""
    kept = new_environment(database, **environment)
    os.execve(sys.executable, [sys.executable, *sys.argv], kept)  # noqa: S606  (this very command)


def new_environment(database: str, **environment: str) -> dict[str, str]:
    """Make the folder of a scratch installation; return the environment of who works in it."""
    folder = Path(tempfile.mkdtemp(prefix="ib-"))
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith("PYTHON")
    }
    kept |= {
        MARK: str(folder),
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(folder / "var"),
        "LOG_LEVEL": "WARNING",
        "CHECK_OUTSIDE": "false",  # the sink counts connections, and there is nothing to look up
        # A lane that leads nowhere, until send_through() names one.
        "PROVIDERS": '{"main": {"provider": "smtp", "url": "smtp://127.0.0.1:9"}}',
        **environment,
    }
    if database == "postgres":
        kept["DATABASE_URL"] = url(folder / "pg", DATABASE)
    return kept


@dataclass
class Running:
    """A process that was started here, with its group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: int = signal.SIGTERM

    @property
    def pid(self) -> int:
        """Its number, which is that of its group too."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """True while it has not ended."""
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send signal *number* to the process and its children at one instant."""
        reaper.signal_group(self.pid, number)


class Scratch:
    """The installation, from its empty folder to its last process."""

    def __init__(self, *, durable: bool, keep: bool = False) -> None:
        self.folder = Path(os.environ[MARK])
        self._keep = keep
        self._refuse_what_is_not_ours()
        self.reaper = reaper.Reaper()
        if not keep:
            self.reaper.remove(self.folder)
        self.running: list[Running] = []
        self.valkey: Running | None = None
        self.postgres: Running | None = None
        self.cluster: Cluster | None = None
        self._durable = durable

    def __enter__(self) -> Self:
        # Whoever ends this process shall find everything cleaned up.
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            self._start()
        except BaseException:  # whatever ends it, also a signal: nothing is left behind
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _refuse_what_is_not_ours(self) -> None:
        """Raise CannotRun unless the settings lead into the scratch folder and nowhere else."""
        database = settings.DATABASES["default"]
        place = database["HOST"] if not settings.SQLITE else database["NAME"]
        for path in (place, settings.VAR_DIR, settings.EMBEDDED_REDIS_SOCKET):
            if not Path(path).is_relative_to(self.folder):
                raise CannotRun(f"{path} is not in {self.folder}: it is not touched.")

    def _start(self) -> None:
        self.start_valkey()
        if not settings.SQLITE:
            # Nothing of a drill needs the disk to keep its word; a bench measures it.
            quick = {} if self._durable else {"fsync": "off", "full_page_writes": "off"}
            self.cluster = Cluster(self.folder / "pg", quick)
            self.cluster.set_up()
            self.start_postgres()
            self.cluster.make_database(DATABASE)
        if ready := os.environ.get(BEGINS_WITH):
            self._begin_with(Path(ready))
        call_command("migrate", verbosity=0, interactive=False)

    def _begin_with(self, ready: Path) -> None:
        if self.cluster:
            self.cluster.load(DATABASE, ready)
        else:
            shutil.copyfile(ready, settings.DATABASES["default"]["NAME"])

    def start_valkey(self) -> None:
        """Start the broker, on what it has written down before."""
        path = settings.EMBEDDED_REDIS_SOCKET
        command = valkey.command(path, settings.VAR_DIR / "valkey")
        self.valkey = self.spawn("valkey", command, is_ready=lambda: valkey.answers(path))

    def start_postgres(self) -> None:
        """Start the database server."""
        assert self.cluster
        self.postgres = self.spawn(
            "postgres",
            self.cluster.command(),
            is_ready=self.cluster.answers,
            stop_signal=signal.SIGINT,  # "fast": does not wait for clients
            **self.cluster.options,
        )

    def crash_postgres(self) -> None:
        """Stop the database server as "immediate" does: at once, without writing anything down."""
        assert self.postgres
        self.postgres.process.send_signal(signal.SIGQUIT)
        self._forget(self.postgres)

    def close(self) -> None:
        """End every process and delete the folder."""
        with contextlib.suppress(Exception):
            connections.close_all()
        for one in reversed(self.running[:]):
            self.kill(one) if one.name != "postgres" else self.stop(one, 10)
        self.reaper.close()
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- processes --------------------------------------------------------

    def spawn(
        self,
        name: str,
        command: list[str],
        *,
        is_ready: Callable[[], bool] = lambda: True,
        environment: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        **options: Any,
    ) -> Running:
        """Start *command* in a group of its own and wait until it is ready."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{name}-{time.monotonic_ns()}.log"
        options.setdefault("env", {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})})
        options.setdefault("stdin", subprocess.DEVNULL)
        with log.open("wb") as output:
            options.setdefault("stdout", output)
            process = subprocess.Popen(command, stderr=output, start_new_session=True, **options)
        self.reaper.watch(process.pid)
        one = Running(name, process, log, stop_signal)
        self.running.append(one)
        deadline = time.monotonic() + 60
        while not is_ready():
            if not one.is_alive or time.monotonic() > deadline:
                raise CannotRun(f"{name} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.02)
        return one

    def worker(
        self,
        concurrency: int = 1,
        name: str = "worker",
        prefix: Sequence[str] = (),
        **environment: str,
    ) -> Running:
        """Start a Celery worker and wait until it is ready; *prefix* stands before its command."""
        return self._celery(
            name,
            *("worker", "-l", "WARNING", "-Q", QUEUES, "-c", str(concurrency)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            # Two workers on one machine need two names.
            *("-n", f"{name}-{time.monotonic_ns()}@here"),
            prefix=prefix,
            environment=environment,
        )

    def scheduler(self, **environment: str) -> Running:
        """Start a Celery scheduler with a memory of its own."""
        memory = self.folder / f"beat-{time.monotonic_ns()}"
        return self._celery(
            "scheduler", "beat", "-l", "WARNING", "-s", str(memory), environment=environment
        )

    def _celery(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str],
        prefix: Sequence[str] = (),
    ) -> Running:
        ready = self.folder / f"ready-{time.monotonic_ns()}"
        quiet = ("-W", "ignore:You're running the worker with superuser")
        return self.spawn(
            name,
            [*prefix, *python(*quiet, "-m", "celery", "-q", "-A", "intelbrief", *arguments)],
            is_ready=ready.exists,
            environment={"INTELBRIEF_READY_FILE": str(ready), **environment},
            cwd=settings.BASE_DIR,
        )

    def kill(self, one: Running) -> None:
        """Send SIGKILL to *one* and its children, all at one instant."""
        one.signal(signal.SIGKILL)
        self._forget(one)

    def stop(self, one: Running, patience: float = 35.0) -> float:
        """Ask *one* to stop; return the seconds that it took; kill what is left after *patience*.

        The main process alone is asked, as it tells its children.
        """
        asked_at = time.monotonic()
        one.process.send_signal(one.stop_signal)
        while one.is_alive or reaper.is_alive(one.pid):
            if time.monotonic() - asked_at > patience:
                break
            time.sleep(0.02)
        took = time.monotonic() - asked_at
        self.kill(one)
        return took

    def _forget(self, one: Running) -> None:
        one.process.wait()
        self.reaper.forget(one.pid)
        if one in self.running:
            self.running.remove(one)

    def last_words(self) -> str:
        """Return the ends of the logs, for a run that failed."""
        words = ""
        for log in sorted((self.folder / "logs").glob("*.log")):
            text = log.read_text(errors="replace").strip()
            if text:
                words += f"--- {log.name}\n{text[-1500:]}\n"
        return words


def send_through(**lane: Any) -> None:
    """Make *lane* the only one, for this process and those it starts."""
    settings.PROVIDERS = {"main": lane}
    os.environ["PROVIDERS"] = json.dumps(settings.PROVIDERS)


def forget_connection() -> None:
    """Close this process's connection to the database, which may have died."""
    connection.close()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
