"""Starts the services in order, watches them, and stops them in reverse.

A service that dies stops everything, with its last lines as the reason; the
worker and the scheduler, which hold no state, are started again instead. Each
service is a session of its own, so Ctrl-C reaches this process alone; should
this process be killed, the reaper ends them.
"""

import collections
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from intelbrief.ops import reaper

COLOURS = (36, 33, 35, 34, 32, 31)
LONGEST_PAUSE = 30.0  # seconds between two starts of a service that keeps dying
HEALTHY = 60.0  # seconds of life after which the pauses begin anew


class CannotStart(RuntimeError):
    """A service did not become ready; the message holds its last lines."""


class ServiceDied(RuntimeError):
    """A service that everything else needs has ended by itself."""


@dataclass
class Service:
    """What to start, how to see that it is ready, how long it may take to stop."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool] = lambda: True
    prepare: Callable[[], Any] = lambda: None
    ready_within: float = 30.0  # seconds
    stops_within: float = 5.0  # seconds
    restarts: bool = False
    quiet: bool = False  # its lines are kept for the day it dies, not shown
    environment: Mapping[str, str] = field(default_factory=dict)

    process: subprocess.Popen[str] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    deaths: int = field(default=0, init=False)
    again_at: float = field(default=0.0, init=False)
    last_lines: "collections.deque[str]" = field(
        default_factory=lambda: collections.deque(maxlen=15), init=False
    )


class Supervisor:
    """Holds the running services."""

    def __init__(self, *, keep_open: tuple[int, ...] = ()) -> None:
        self.services: list[Service] = []
        self.stop_asked = threading.Event()
        self.hurry = threading.Event()
        # Whatever descriptors are in keep_open, a lock for one, outlive a kill of this process
        # until its services are gone.
        self.reaper = reaper.Reaper(keep_open=keep_open)
        self._colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        self._writing = threading.Lock()

    # --- words ---

    def say(self, text: str, name: str = "up") -> None:
        """Print a line of progress to stderr."""
        prefix = f"{name:>9} │ "
        if self._colour:
            names = [service.name for service in self.services]
            colour = COLOURS[names.index(name) % len(COLOURS)] if name in names else 2
            prefix = f"\033[{colour}m{prefix}\033[0m"
        # One write a line, or two services end up in one line.
        with self._writing:
            sys.stderr.write(f"{prefix}{text}\n")
            sys.stderr.flush()

    def _relay(self, service: Service, output: IO[str]) -> None:
        for line in output:
            text = line.rstrip()
            if text:
                service.last_lines.append(text)
                if not service.quiet:
                    self.say(text, service.name)

    # --- starting ---

    def start(self, service: Service) -> None:
        """Start *service* without waiting for it."""
        if service not in self.services:
            self.services.append(service)
        service.prepare()
        service.last_lines.clear()
        service.started_at = time.monotonic()
        service.process = subprocess.Popen(
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **service.environment},
        )
        self.reaper.watch(service.process.pid)
        threading.Thread(
            target=self._relay,
            args=(service, service.process.stdout),
            name=f"relay-{service.name}",
            daemon=True,
        ).start()

    def wait_for(self, service: Service) -> None:
        """Wait until *service* is ready; raise CannotStart with its last lines if it is not."""
        deadline = service.started_at + service.ready_within
        while not service.is_ready():
            if self.stop_asked.is_set():
                raise KeyboardInterrupt
            assert service.process
            if service.process.poll() is not None:
                raise CannotStart(_last_words(service, "ended before it was ready"))
            if time.monotonic() > deadline:
                problem = f"was not ready within {service.ready_within:.0f} s"
                raise CannotStart(_last_words(service, problem))
            time.sleep(0.02)

    # --- watching ---

    def watch(self) -> None:
        """Return when somebody asks to stop; raise ServiceDied when a service ends by itself."""
        while not self.stop_asked.wait(0.2):
            self.check()

    def check(self) -> None:
        """Look once after every service and start again what may be."""
        self.reaper.keep_alive()
        for service in self.services:
            if service.process is None:
                if time.monotonic() >= service.again_at:
                    self.start(service)
            elif service.process.poll() is not None:
                self._bury(service)

    def _bury(self, service: Service) -> None:
        assert service.process
        code = service.process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit status {code}"
        if not service.restarts:
            raise ServiceDied(_last_words(service, how))
        # Pool children of a killed worker may be in mid-send: they get the time to finish.
        self._stop_group(service)
        lived = time.monotonic() - service.started_at
        service.deaths = 1 if lived > HEALTHY else service.deaths + 1
        pause = min(2.0 ** (service.deaths - 1), LONGEST_PAUSE)
        service.again_at = time.monotonic() + pause
        service.process = None
        self.say(f"{service.name} {how}; starts again in {pause:.0f} s")

    # --- stopping ---

    def ask_to_stop(self, *_: object) -> None:
        """Handle a signal: the first asks politely, the second hurries."""
        if self.stop_asked.is_set():
            self.hurry.set()
        self.stop_asked.set()

    def stop(self) -> None:
        """Stop everything, the last one first."""
        self.stop_asked.set()
        for service in reversed(self.services):
            if service.process is not None:
                self._stop_group(service)
                service.process = None
        self.reaper.close()

    def _stop_group(self, service: Service) -> None:
        """Ask the service to stop, and kill what is left of its group when its time is up."""
        process = service.process
        assert process
        asked_at = time.monotonic()
        told = False
        # The main process alone is asked, as it tells its children in the right order;
        # once it is gone, the orphans are asked themselves.
        if process.poll() is None:
            process.terminate()
        else:
            reaper.signal_group(process.pid, signal.SIGTERM)
        while process.poll() is None or reaper.is_alive(process.pid):
            waited = time.monotonic() - asked_at
            if waited > service.stops_within or self.hurry.is_set():
                break
            if waited > 2 and not told:
                told = True
                limit = f"{service.stops_within:.0f} s"
                self.say(f"{service.name} finishes what it holds (up to {limit}; Ctrl-C: at once)")
            time.sleep(0.02)
        reaper.signal_group(process.pid, signal.SIGKILL)
        process.wait()
        self.reaper.forget(process.pid)


def _last_words(service: Service, problem: str) -> str:
    lines = "".join(f"\n    {line}" for line in service.last_lines)
    return f"{service.name} {problem}." + (f" Its last lines were:{lines}" if lines else "")


def python(*arguments: str) -> list[str]:
    """Return the command line of this very Python, which need not be on PATH."""
    return [sys.executable, *arguments]
