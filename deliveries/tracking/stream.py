"""The stream of hits in Redis: taken in at the door, held for seconds, read by the counter.

Threads that answer at one moment share one XADD, and an entry holds the hits
of all of them. While Redis is away hits wait in the memory of their process.
"""

import contextlib
import hashlib
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Collection
from typing import Any, NamedTuple

from django.conf import settings
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError, ResponseError
from redis.retry import Retry

from deliveries.tracking.hits import Hit, unpack

log = logging.getLogger(__name__)

KEY = b"intelbrief:hits"
SECRET_KEY = "intelbrief:hits:key"  # noqa: S105  (where it lies)
MARKS = "intelbrief:hits:marked"
# Entries that the stream holds at most, in 90 to 400 octets each: what nobody has
# counted by then goes, the oldest first.
MOST_ENTRIES = 1_000_000
# A Redis that hangs holds up one answer for so long; then it is tried behind the answers.
PATIENCE_SECONDS = 0.25
REST_SECONDS = 1.0
# Hits that a process keeps while Redis is away; the oldest go first.
MOST_WAITING = 20_000
_PER_ENTRY = 200
SECRET_SECONDS = 86_400
_SECRET_IS_FRESH = 60.0

_HEAD = b"*9\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$10\r\nNOMKSTREAM\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n" % (
    len(KEY),
    KEY,
)
_HEAD += b"$%d\r\n%d\r\n$1\r\n*\r\n$1\r\nh\r\n$%%d\r\n" % (
    len(str(MOST_ENTRIES)),
    MOST_ENTRIES,
)

# The name of its group tells one life of the stream from the next: after FLUSHALL its
# numbers may begin lower than what has been counted.
_BEGIN = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
end
return 1
"""
# One text instead of a tree of replies, which would take five times as long to read.
_READ = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {'', 0, 0, ''} end
local groups, time = redis.call('XINFO', 'GROUPS', KEYS[1]), redis.call('TIME')
local lines = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
for number, entry in ipairs(lines) do
  lines[number] = entry[1] .. ' ' .. string.gsub(entry[2][2], '%s', '')
end
return {#groups > 0 and groups[1][2] or '', time[1], time[2], table.concat(lines, '\\n')}
"""
_TRIM = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
if #groups == 0 or groups[1][2] ~= ARGV[1] then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
"""


def _pool() -> ConnectionPool:
    return ConnectionPool.from_url(
        settings.CACHES["default"]["LOCATION"],
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


# --- at the door ------------------------------------------------------------


class _Group:
    """Hits of threads that go to Redis together."""

    __slots__ = ("hits", "is_done")

    def __init__(self) -> None:
        self.hits: list[bytes] = []
        self.is_done = False


class Intake:
    """Where the threads of one web process hand in their hits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of the group at hand, and of what waits
        self._turn = threading.Lock()  # of the connection
        self._group = _Group()
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._is_away = False
        self._link: Any = None
        self._used_at = 0.0
        self._flusher: threading.Thread | None = None

    def put(self, hit: Hit) -> None:
        """Return once Redis has *hit*, or once it waits in memory because Redis is away."""
        packed = hit.packed()
        with self._lock:
            if self._must_wait([packed]):
                return
            group = self._group
            group.hits.append(packed)
        with self._turn:
            if group.is_done:
                return  # whoever had the turn before took ours along
            with self._lock:
                self._group = _Group()
                group.is_done = True
                if self._must_wait(group.hits):
                    return
            self._send(group.hits)

    def _must_wait(self, hits: list[bytes]) -> bool:
        """Let *hits* wait if Redis is away; called with the lock."""
        if self._is_away:
            self._waiting.extend(hits)
        return self._is_away

    def flush(self) -> int:
        """Hand over what waits in memory; return how many hits still wait."""
        with self._turn:
            while True:
                with self._lock:
                    many = min(_PER_ENTRY, len(self._waiting))
                    hits = [self._waiting.popleft() for _ in range(many)]
                    if not hits:
                        self._is_away = False
                        return 0
                if not self._send(hits):
                    return len(self._waiting)

    def _send(self, hits: list[bytes]) -> bool:
        """Add one entry; False if Redis is away. Hits that it certainly has not got are kept."""
        value = b";".join(hits)
        command = [_HEAD % len(value) + value + b"\r\n"]
        may_have_it = False
        try:
            link = self._connected()
            while True:
                link.send_packed_command(command, check_health=False)
                may_have_it = True
                if link.read_response() is not None:
                    self._used_at = time.monotonic()
                    return True
                may_have_it = False
                link.send_command("EVAL", _BEGIN, 1, KEY, secrets.token_hex(12))
                link.read_response()
        except (RedisError, OSError) as error:
            # What Redis spells out, like OOM or LOADING, means that it added nothing.
            if may_have_it and not isinstance(error, ResponseError | BusyLoadingError):
                # To send them again could count them twice.
                log.warning("Redis did not answer; %d hits may be uncounted.", len(hits))
                hits = []
            self._rest(error, hits)
            return False

    def _connected(self) -> Any:
        """Return the connection, a new one if Redis has closed the last."""
        is_idle = time.monotonic() - self._used_at > REST_SECONDS
        # TCP would take one more command, and nobody could tell what became of it.
        if self._link is not None and is_idle and self._link.can_read(timeout=0):
            self._link.disconnect()
            self._link = None
        if self._link is None:
            self._link = _pool().get_connection()
        return self._link

    def _rest(self, error: Exception, hits: list[bytes]) -> None:
        """Let *hits* and those to come wait, and somebody look after Redis."""
        log.warning("Redis is away: %s. Opens and clicks wait in memory.", type(error).__name__)
        if self._link is not None:
            self._link.disconnect()
            self._link = None
        with self._lock:
            self._is_away = True
            self._waiting.extendleft(reversed(hits))
            if self._flusher is None or not self._flusher.is_alive():
                self._flusher = threading.Thread(target=self._flush_until_done, daemon=True)
                self._flusher.start()

    def _flush_until_done(self) -> None:
        """Try until nothing waits: no visitor waits for a Redis that is away."""
        while True:
            time.sleep(REST_SECONDS)
            if not self.flush():
                return


class Secret:
    """The key of the visitors' digests: one for all processes, another each day."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._looked_at = -_SECRET_IS_FRESH

    def visitor(self, ip: str, user_agent: str) -> str:
        """Return what tells visitors apart, and nothing else of them."""
        if time.monotonic() - self._looked_at > _SECRET_IS_FRESH:
            self._look()
        who = f"{ip} {user_agent}".encode("utf-8", "replace")
        return hashlib.blake2b(who, key=self._key, digest_size=8).hexdigest()

    def _look(self) -> None:
        # First: other threads go on with the old one meanwhile.
        self._looked_at = time.monotonic()
        with contextlib.suppress(RedisError), connected(PATIENCE_SECONDS) as redis:
            fresh = secrets.token_bytes(32)
            is_new = redis.set(SECRET_KEY, fresh, nx=True, ex=SECRET_SECONDS)
            if is_new and settings.EMBEDDED_REDIS:
                # The file still holds yesterday's key and digests. Another Redis may be
                # shared, or keep no such file: it is its operator's.
                with contextlib.suppress(RedisError):
                    redis.bgrewriteaof()
            self._key = redis.get(SECRET_KEY) or self._key


# --- at the counter ---------------------------------------------------------


class Entry(NamedTuple):
    """One entry: its number in the stream, the time in it (ms), its hits."""

    number: str
    at: int
    hits: list[Hit]


class Page(NamedTuple):
    """Entries as they were at one moment of one life of the stream."""

    life: str
    now: int  # ms, by Redis's clock
    entries: list[Entry]


def connected(patience: float = 2.0) -> Any:
    """Return a connection to Redis that waits *patience* seconds, for a with-statement."""
    return Redis.from_url(
        settings.CACHES["default"]["LOCATION"],
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
    )


def life(redis: Any) -> str:
    """Return the name of the stream's present life, "" if there is no stream."""
    return read(redis, "+", 1).life


def read(redis: Any, since: str, count: int) -> Page:
    """Return up to *count* entries from the number *since* on; raise RedisError."""
    # Together, or entries of one life would be counted into the cursor of another.
    life, seconds, micros, lines = redis.eval(_READ, 1, KEY, since, count)
    entries = [_entry(line) for line in lines.split(b"\n") if line]
    return Page(life.decode(), int(seconds) * 1000 + int(micros) // 1000, entries)


def _entry(line: bytes) -> Entry:
    number, _, value = line.partition(b" ")
    hits = []
    for packed in value.split(b";"):
        # What is none of ours must not stop the counter for ever.
        with contextlib.suppress(ValueError):
            hits.append(unpack(packed))
    text = number.decode()
    return Entry(text, int(text.partition("-")[0]), hits)


def trim(redis: Any, name: str, before: int) -> None:
    """Drop entries older than *before* (ms), if the stream is still in the life *name*."""
    redis.eval(_TRIM, 1, KEY, name, f"{max(0, before)}-0")


def is_empty(redis: Any) -> bool:
    """Tell whether there is nothing to count and nothing to drop."""
    return not redis.xlen(KEY)


def marked(redis: Any, since: int) -> set[str]:
    """Return the visitors that gave themselves away after *since* (ms); forget the older ones."""
    redis.zremrangebyscore(MARKS, "-inf", since)
    return {name.decode() for name in redis.zrange(MARKS, 0, -1)}


def mark(redis: Any, visitors: Collection[str], at: int, seconds: int) -> None:
    """Remember *visitors* for *seconds* from *at* (ms)."""
    if visitors:
        redis.zadd(MARKS, dict.fromkeys(visitors, at))
        redis.expire(MARKS, seconds)
