"""The way to Redis, for all of a process: how long it is waited for, and when it is left alone.

Django's cache takes its connections from here too. Whoever asks must do without
an answer: a Redis that is away raises RedisError, one that hangs raises it after
PATIENCE_SECONDS, and from then on each question raises it at once, for
REST_SECONDS. So a Redis that accepts and never answers costs a process a sixth
of its time, however often it asks.
"""

import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

from django.core.cache import cache
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NotAnswered
from redis.retry import Retry

# Far above what Redis takes, also while its disk is busy; a visitor may wait for it once.
PATIENCE_SECONDS = 1.0
REST_SECONDS = 5.0

T = TypeVar("T")


class Resting(NotConnected):
    """Redis was away a moment ago, and nobody asks it until it had its rest."""


class Breaker(Retry):
    """Tries once more where a connection was lost, and rests where that was in vain.

    redis-py has each command and each connection go through call_with_retry; its
    own would wait for seconds before each of several tries.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=(NotConnected,))
        self.rests_until = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: each connection copies what it is given, and they rest together."""
        return self

    def call_with_retry(self, do: Callable[[], T], *args: Any, **kwargs: Any) -> T:
        """Return do(); raise Resting without it while Redis rests."""
        left = self.rests_until - time.monotonic()
        if left > 0:
            raise Resting(f"Redis was away a moment ago; it is asked again in {left:.0f} s.")
        try:
            return super().call_with_retry(do, *args, **kwargs)
        except Resting:
            raise
        except (NotConnected, NotAnswered):
            self.rests_until = time.monotonic() + REST_SECONDS
            raise


# By the address of the server: Django keeps a pool for each thread.
_breakers: dict[str, Breaker] = {}


class Pool(ConnectionPool):
    """Connections that wait a short time only; all of a process to one server share a Breaker."""

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> Self:
        """Return a pool to the server at *url*."""
        mine = {
            "retry": _breakers.setdefault(url, Breaker()),
            "socket_timeout": PATIENCE_SECONDS,
            "socket_connect_timeout": PATIENCE_SECONDS,
        }
        pool: Self = super().from_url(url, **mine, **kwargs)
        return pool


def client() -> Any:
    """Return the client that Django's cache uses, for what a cache has no words for."""
    store: Any = cache
    return store._cache.get_client(write=True)
