"""Who holds a lease: one uuid per process life, with a file that proves its death."""

import fcntl
import os
import socket
import time
import uuid
from pathlib import Path

from django.conf import settings

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_KEEP_SECONDS = 7 * 86_400


def _folder() -> Path:
    folder: Path = settings.VAR_DIR / "owners"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _kernel() -> str:
    """Name the running kernel: a lock proves nothing about a process of another one."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "unknown"
    return f"{socket.gethostname()} {boot}"


class Owner:
    """One life of a worker process; holds an exclusive lock on a file for as long as it lives."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(_folder() / str(self.id), flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._file, _kernel().encode())

    def close(self) -> None:
        """End this life: remove the file, then the lock with it."""
        (_folder() / str(self.id)).unlink(missing_ok=True)
        os.close(self._file)


def is_dead(owner: uuid.UUID) -> bool:
    """Tell whether *owner* is proved to be dead: its lock is free, on this very kernel.

    False means "not known": it lives, or ran on another host, or its file is
    gone. Then only the end of its lease frees what it held.
    """
    try:
        file = os.open(_folder() / str(owner), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if os.read(file, 200).decode(errors="replace") != _kernel():
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def forget_the_dead() -> None:
    """Remove files of owners that died more than a week ago."""
    for path in _folder().iterdir():
        if time.time() - path.stat().st_mtime > _KEEP_SECONDS and is_dead(uuid.UUID(path.name)):
            path.unlink(missing_ok=True)
