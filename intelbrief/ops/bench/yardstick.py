"""The yardstick: Debian's smtp-sink takes the mail, smtp-source shows what C can send to it."""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import suppress

from intelbrief.ops.instance import free_port
from intelbrief.ops.scratch import CannotRun, Running, Scratch

SESSIONS = 10


class SmtpSink:
    """A running smtp-sink, which counts and forgets."""

    def __init__(self, scratch: Scratch) -> None:
        self.port = free_port()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        self._count = scratch.folder / "smtp-sink.count"
        with self._count.open("wb") as output:
            self.running: Running = scratch.spawn(
                "smtp-sink",
                [_find("smtp-sink"), "-c", *user, f"127.0.0.1:{self.port}", "512"],
                is_ready=self._accepts,
                stdout=output,
            )

    @property
    def url(self) -> str:
        """Its EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> int:
        """How many messages it has counted."""
        with self._count.open("rb") as counts:
            with suppress(OSError):  # a short file has no 200th octet from its end
                counts.seek(-200, os.SEEK_END)
            found = re.findall(rb"mesg=(\d+)", counts.read())
        return int(found[-1]) if found else 0

    def _accepts(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as link:
            return link.recv(3) == b"220"
        return False


def is_here() -> bool:
    """Tell whether both programs of the package postfix are installed."""
    return bool(_path("smtp-sink") and _path("smtp-source"))


def smtp_source(port: int, messages: int, octets: int) -> float:
    """Return the seconds that smtp-source takes for *messages* of *octets* at ten sessions."""
    command = [
        _find("smtp-source"),
        *("-s", str(SESSIONS), "-m", str(messages), "-l", str(octets)),
        *("-f", "brief@meridian.example", "-t", "reader@d1.example", f"127.0.0.1:{port}"),
    ]
    started_at = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise CannotRun(f"smtp-source failed: {done.stderr.strip()}")
    return time.monotonic() - started_at


def _path(name: str) -> str | None:
    # Debian keeps them where ordinary users do not look.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _find(name: str) -> str:
    path = _path(name)
    if path is None:
        raise CannotRun(f"{name} is not here; it comes with the package postfix.")
    return path
