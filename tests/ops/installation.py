"""An installation of its own: a var folder, `manage.py up` in it, and whoever works there."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from intelbrief.ops.instance import free_port
from tests import migrated, services

ROOT = Path(__file__).resolve().parent.parent.parent
TEST_ONLY = {
    "DATABASE_URL",
    "INBOX_SMTP_PORT",
    "VAR_DIR",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
    "LOG_LEVEL",
}


class Installation:
    """A var folder in which `up` may be started, killed and started again."""

    def __init__(self, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="intelbrief-up-"))
        services.reaper.remove(self.folder)
        self.var = self.folder / "var"
        self.port = free_port()
        # Its processes are known by this variable, whoever their parent is.
        self.mark = f"VAR_DIR={self.var}"
        inherited = {name: value for name, value in os.environ.items() if name not in TEST_ONLY}
        # To one visitor one web process serves as well as two, and each loads everything.
        self.environment = {
            **inherited,
            "VAR_DIR": str(self.var),
            "WEB_PROCESSES": "1",
            **environment,
        }
        self.running: list[subprocess.Popen[str]] = []

    def begin_migrated(self) -> None:
        """Begin with a database that is migrated already, instead of with none."""
        self.var.mkdir(mode=0o700)
        migrated.put(self.var / "db.sqlite3")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `up` and return at once."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        services.reaper.watch(process.pid)
        self.running.append(process)
        return process

    def start_and_wait(self) -> "Running":
        """Start `up` and return when it says that it runs."""
        running = Running(self.start("--port", str(self.port)))
        running.wait_for("Ctrl-C stops it.")
        return running

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `up` to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=600)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def processes(self) -> dict[int, str]:
        """Return {pid: command line} of everything that works in this installation."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            # A process may end meanwhile; a zombie has no environment any more.
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_text(errors="replace").split("\0")
                environment = (folder / "environ").read_text(errors="replace").split("\0")
                # Valkey writes its title over its environment, but works in its folder.
                at_home = (folder / "cwd").readlink().is_relative_to(self.var)
                if self.mark in environment or at_home:
                    found[int(folder.name)] = " ".join(words)
        return found

    def find(self, words: str) -> list[int]:
        """Return the processes whose command line holds *words*."""
        return [pid for pid, line in self.processes().items() if words in line]

    def wait_until_empty(self, seconds: float) -> dict[int, str]:
        """Wait until nothing works here; return what still does after *seconds*."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def remove(self) -> None:
        """Leave neither processes nor files."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.running:
            process.wait()
            services.reaper.forget(process.pid)
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Running:
    """An `up` that runs, with what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.words = ""
        for pipe in (process.stdout, process.stderr):
            threading.Thread(target=self._collect, args=(pipe,), daemon=True).start()

    def _collect(self, pipe) -> None:
        with contextlib.suppress(ValueError):  # closed at the end of the test
            for line in pipe:
                self.words += line

    def wait_for(self, words: str, seconds: float = 300) -> None:
        """Wait until *words* have been printed."""
        deadline = time.monotonic() + seconds
        while words not in self.words:
            assert time.monotonic() < deadline, f"“{words}” did not come:\n{self.words}"
            assert self.process.poll() is None or words in self.words, self.words
            time.sleep(0.05)

    def end(self, number: int = signal.SIGINT) -> int:
        """Send signal *number* and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(300)
