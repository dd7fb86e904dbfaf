"""Turns to write on SQLite: who comes first, writes first.

SQLite has one writer at a time. Whom it turns away looks again after 1, 2, 5
and up to 100 ms, so under load the lock lies idle, or goes to whoever asks at
the right moment. Processes that write hundreds of times a second queue here
instead, where the kernel wakes the next one at once. It is politeness only:
who does not queue meets SQLite's own lock as ever.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


class _Place(threading.local):
    """Where this thread queues, and whether it has its turn."""

    path = ("", 0)  # of the file, and the process: a child of fork() would share the lock
    descriptor = -1
    has_turn = False


_place = _Place()


@contextmanager
def turn() -> Iterator[None]:
    """Wait until it is our turn to write; other databases know no turns."""
    descriptor = -1 if connection.in_atomic_block or _place.has_turn else _queue()
    if descriptor < 0:
        yield
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    _place.has_turn = True
    try:
        yield
    finally:
        _place.has_turn = False
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _queue() -> int:
    """Return the descriptor of the file that this thread queues at; -1 where there is none.

    A descriptor of its own for each thread: through a shared one all would hold one lock.
    """
    if connection.vendor != "sqlite":
        return -1
    name = str(connection.settings_dict["NAME"])
    if name.startswith(("file:", ":memory:")):
        return -1  # nobody else writes there
    path = f"{name}.turn"
    if _place.path != (path, os.getpid()):
        if _place.descriptor >= 0:
            os.close(_place.descriptor)
        try:
            _place.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            _place.descriptor = -1  # nobody has to queue
        _place.path = (path, os.getpid())
    return _place.descriptor
