"""The doorbell: tells the workers that something is due, and never fails.

What is due lies in the database. A ring that is lost costs the seconds until
the next tick, so no request and no command fails because Redis is away.
"""

import logging
import math
import threading
import time
from functools import partial
from typing import Any, Protocol

from celery import current_app
from celery.utils.nodenames import worker_direct
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class Task(Protocol):
    """What Celery's shared_task returns, as far as a doorbell needs it."""

    name: str


class Bell:
    """Rings for one task at most every PAUSE_SECONDS, and never too early for what came last.

    For what comes a thousand times a second, and where one ring tells of all
    that lies there: each is rung for at once, or when the pause is over.
    """

    PAUSE_SECONDS = 0.2

    def __init__(self, task: str | Task) -> None:
        self._task = task
        self._lock = threading.Lock()
        self._rung_at = -math.inf
        self._is_owed = False

    def ring(self) -> None:
        """Ring once the transaction at hand is committed, or soon after."""
        transaction.on_commit(self._ring)

    def _ring(self) -> None:
        with self._lock:
            if self._is_owed:
                return
            left = self._rung_at + self.PAUSE_SECONDS - time.monotonic()
            if left > 0:
                self._is_owed = True
                later = threading.Timer(left, self._ring_late)
                later.daemon = True
                later.start()
                return
            self._rung_at = time.monotonic()
        ring_now(self._task)

    def _ring_late(self) -> None:
        with self._lock:
            self._is_owed = False
            self._rung_at = time.monotonic()
        ring_now(self._task)


def ring(task: str | Task, *args: Any) -> None:
    """Ring for *task* once the transaction at hand is committed; at once if there is none.

    *task* is a task or its name: an app may ring for one that lives above it.
    """
    transaction.on_commit(partial(ring_now, task, *args))


def ring_now(task: str | Task, *args: Any, expires: float | None = None, worker: str = "") -> None:
    """Ring for *task* at once; *expires* is in seconds, *worker* the one that shall hear it.

    Does not raise when the broker is away.
    """
    name = task if isinstance(task, str) else task.name
    options: dict[str, Any] = {"expires": expires, "retry": False}
    if worker:
        options["queue"] = worker_direct(worker)
    known = current_app.tasks.get(name)
    try:
        if known is not None:
            known.apply_async(args, **options)
        else:
            # A web process has not imported every module of tasks.
            current_app.send_task(name, args, **options)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("Nobody heard the bell for %s: %s. The next tick finds it.", name, error)
