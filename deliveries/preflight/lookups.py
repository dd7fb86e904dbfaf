"""What has to be looked up outside: asked by a few threads, remembered in Redis for minutes.

A page that is shown while somebody writes waits for nothing: it takes what is
known and has the rest looked up behind its back. Before a send, it waits a
few seconds.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

THREADS = 8
MOST_WAITING = 200


class Known(NamedTuple):
    """What a look-up found, and for how many seconds that is good."""

    value: Any
    seconds: int


Lookup = Callable[[], Known]


class Order:
    """One look-up that is to be made, and what came of it."""

    def __init__(self, key: str, lookup: Lookup) -> None:
        self.key = key
        self.lookup = lookup
        self.done = threading.Event()
        self.found: Known | None = None


class _Crew:
    """Threads of this process that look things up; they start when there is something to do."""

    def __init__(self) -> None:
        self.orders: queue.Queue[Order] = queue.Queue(MOST_WAITING)
        self.in_hand: dict[str, Order] = {}
        self.lock = threading.Lock()
        self.threads = 0

    def order(self, key: str, lookup: Lookup) -> Order:
        """Have *lookup* done once, however many ask; return the order for it."""
        with self.lock:
            if key in self.in_hand:
                return self.in_hand[key]
            order = Order(key, lookup)
            try:
                self.orders.put_nowait(order)
            except queue.Full:
                return order  # asked again by the next look
            self.in_hand[key] = order
            if self.threads < THREADS:
                self.threads += 1
                # Daemons: a server that is told to stop waits for no answer.
                threading.Thread(target=self._work, name="lookups", daemon=True).start()
            return order

    def _work(self) -> None:
        while True:
            order = self.orders.get()
            try:
                order.found = order.lookup()
                _remember(order.key, order.found)
            except Exception:
                # The next look asks again; a rule of the preflight must not end the thread.
                log.exception("The look-up %s failed.", order.key)
            finally:
                with self.lock:
                    del self.in_hand[order.key]
                order.done.set()


def look(wanted: Mapping[str, Lookup], *, wait: float = 0.0) -> dict[str, Any]:
    """Return what is known of *wanted*, by key; have the rest looked up, and *wait* seconds for it.

    Nothing is asked where settings.CHECK_OUTSIDE is off.
    """
    if not settings.CHECK_OUTSIDE or not wanted:
        return {}
    known = _known(wanted)
    crew = _crew_of(os.getpid())
    orders = [crew.order(key, wanted[key]) for key in wanted if key not in known]
    if not orders or wait <= 0:
        return known
    until = time.monotonic() + wait
    for order in orders:
        # Not from Redis, which may be away.
        if order.done.wait(max(0.0, until - time.monotonic())) and order.found is not None:
            known[order.key] = order.found.value
    return known


@lru_cache(maxsize=1)
def _crew_of(pid: int) -> _Crew:
    """Return the threads of the process *pid*: a fork leaves them behind."""
    return _Crew()


def _known(wanted: Mapping[str, Lookup]) -> dict[str, Any]:
    try:
        return dict(cache.get_many(wanted))
    except RedisError:
        return {}


def _remember(key: str, found: Known) -> None:
    with suppress(RedisError):
        cache.set(key, found.value, found.seconds)
