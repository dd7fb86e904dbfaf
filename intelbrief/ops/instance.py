"""At most one instance works on a var folder; the second is told of the first."""

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

CLEANING_WITHIN = 20.0  # seconds that the reaper of a killed run may take


class AlreadyRunning(RuntimeError):
    """Another instance holds this var folder; `url` and `pid` tell which."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid
        where = f" at {url}" if url else ""
        super().__init__(f"IntelBrief is already running{where} (pid {pid}).")


class PortTaken(RuntimeError):
    """Another program listens on the port."""


class Lock:
    """A lock on var/run/up.lock, which also says who holds it.

    The kernel drops it with the last process that holds the descriptor: this
    one, and the reaper that cleans up after it.
    """

    def __init__(self, run_dir: Path) -> None:
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = run_dir / "up.lock"
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self) -> None:
        """Take the lock, after the clean-up of a killed run; raise AlreadyRunning."""
        deadline = time.monotonic() + CLEANING_WITHIN
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = self._holder()
                pid = int(holder.get("pid", 0))
                if is_alive(pid) or time.monotonic() > deadline:
                    raise AlreadyRunning(str(holder.get("url", "")), pid) from None
                time.sleep(0.1)
            else:
                self.announce("")
                return

    def announce(self, url: str) -> None:
        """Write down who holds the lock and where the site is."""
        # Not truncated first: a second start may read at any moment.
        text = json.dumps({"pid": os.getpid(), "url": url}).ljust(200) + "\n"
        os.pwrite(self.descriptor, text.encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self.descriptor)

    def _holder(self) -> dict[str, Any]:
        try:
            holder = json.loads(self.path.read_text())
        except ValueError:
            return {}
        return holder if isinstance(holder, dict) else {}


def is_alive(pid: int) -> bool:
    """True while there is a process *pid*."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def require_free(port: int) -> None:
    """Raise PortTaken, with what to do, if somebody listens on *port*."""
    with socket.socket() as probe:
        # As the server does: the last run's closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise PortTaken(f"Port {port} is for root only. Take one above 1023.") from None
        except OSError:
            raise PortTaken(
                f"Port {port} is taken by another program. "
                f"Take another one: ./run --port {port + 1 if port < 65535 else 8000}"
            ) from None


def is_free(port: int) -> bool:
    """True when the site may listen on *port*."""
    try:
        require_free(port)
    except PortTaken:
        return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
