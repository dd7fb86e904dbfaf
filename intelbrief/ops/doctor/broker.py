"""Redis and the workers behind it: whether it answers, keeps what it is told, and is ours alone."""

import datetime as dt
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from deliveries import guard
from deliveries.tracking import stream
from intelbrief.ops.doctor import Severity, Trouble, database, examination

PATIENCE = 3.0
ANSWER_SECONDS = 1.0
OLDEST = (6, 2)
QUEUES = ("editions", "notices", "housekeeping")
LIVES_SECONDS = 60
MOST_WAITING = 1_000

_MEANINGS = (
    (r"WRONGPASS|invalid.*password|AUTH.*called without", "refuses the password",
     "Look at REDIS_URL: redis://:password@host:6379/0, signs like @ percent-encoded."),
    (r"NOAUTH|Authentication required|already authenticated", "wants a password",
     "Put it into REDIS_URL: redis://:password@host:6379/0."),
    (r"NOPERM", "does not let this user do what is needed", "Give it ~* &* +@all in its ACL."),
    (r"out of range|invalid DB", "has no database of this number",
     "Take a smaller number at the end of REDIS_URL, or raise “databases” in redis.conf."),
    (r"LOADING", "is still loading", "Wait a minute."),
    (r"Name or service|resolve|nodename", "has a name that nobody knows", "Correct REDIS_URL."),
    (r"refused|No such file", "cannot be reached", "Start it, or correct REDIS_URL."),
    (r"timed out|timeout|unreachable", "does not answer",
     "Look at host and port in REDIS_URL, and at the firewall between."),
    (r"SSL|certificate", "and this machine do not agree on TLS",
     "Write rediss://…?ssl_cert_reqs=required for TLS, redis:// without."),
)  # fmt: skip


def explained(words: str, which: str, name: str = "Redis") -> Trouble:
    """Return what Redis's *words* mean, and what to do."""
    words = " ".join(words.split())
    meant = (
        (meaning, cure)
        for pattern, meaning, cure in _MEANINGS
        if re.search(pattern, words, re.IGNORECASE)
    )
    meaning, cure = next(meant, ("does not answer", "Start it, or look at its log."))
    if settings.EMBEDDED_REDIS and not settings.SITE_IS_LOCAL:
        cure = "Set REDIS_URL to a Redis or Valkey of your own; the embedded one is part of ./run."
    elif settings.EMBEDDED_REDIS:
        cure = "It is part of ./run: start that."
    return Trouble(f"{name} {meaning}: {words}", cure, which)


def place(url: str) -> str:
    """Return where *url* leads, without what is secret in it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}{parts.path}" if parts.hostname else parts.path


@examination("redis")
def redis() -> Iterator[Trouble]:
    """Find out whether Redis answers and can be written: it is the doorbell of the workers, and
    holds what limits the rate."""
    url = settings.CACHES["default"]["LOCATION"]
    try:
        with stream.connected(PATIENCE) as link:
            link.ping()
            info = link.info("replication")
            if str(info.get("role")) in ("slave", "replica"):
                cure = "Let REDIS_URL lead to the primary."
                yield Trouble("Redis is a replica, and takes no writes.", cure, place(url))
    except (RedisError, OSError) as error:
        yield explained(str(error), place(url))


@examination("redis-version", needs=("redis",))
def version() -> Iterator[Trouble]:
    """Find a Redis older than 6.2, which lacks commands that are used; Valkey will do always."""
    with stream.connected(PATIENCE) as link:
        info = link.info("server")
    written = str(info.get("redis_version", ""))
    found = tuple(int(part) for part in re.findall(r"\d+", written)[:2])
    if found and found < OLDEST:
        yield Trouble("Redis is too old.", "Install Redis 6.2 or newer, or Valkey.", written)


@examination("redis-memory", Severity.WARNING, needs=("redis",))
def memory() -> Iterator[Trouble]:
    """Find a Redis that throws keys away, or is nearly full: it would forget rings, limits, opens
    and clicks while all looks well."""
    with stream.connected(PATIENCE) as link:
        info = link.info("memory")
    policy, most = str(info.get("maxmemory_policy", "noeviction")), int(info.get("maxmemory", 0))
    if policy != "noeviction":
        yield Trouble(
            f"Redis throws keys away when it is full ({policy}).",
            "Set maxmemory-policy noeviction in its configuration.",
            policy,
        )
    if most and int(info.get("used_memory", 0)) > 0.9 * most:
        cure = "Raise maxmemory; what fills it: redis-cli --bigkeys."
        yield Trouble("Redis is nearly full.", cure, f"{most // 1024**2} MB")


@examination("redis-clock", needs=("redis",))
def clock() -> Iterator[Trouble]:
    """Compare the clock of this machine with that of Redis, which smooths the rate by its own."""
    with stream.connected(PATIENCE) as link:
        before = time.time()
        seconds, micro = link.time()
    yield from database.apart(seconds + micro / 1e6 - (before + time.time()) / 2, "Redis")


@examination("two-installations", needs=("redis", "migrations"))
def two_installations() -> Iterator[Trouble]:
    """Find a second installation on this Redis: each would ring for the other's workers, and share
    its limits and its cache."""
    own = cache.make_key(guard.witness_key(guard.find_fingerprint())).encode()
    now = dt.datetime.now(dt.UTC)
    with stream.connected(PATIENCE) as link:
        others = [
            key for key in link.scan_iter(cache.make_key("installation:*"), 1000) if key != own
        ]
    for key in others:
        seen = cache.get(key.decode().split(":", 2)[2])
        try:
            age = abs((now - dt.datetime.fromisoformat(str(seen))).total_seconds())
        except ValueError:
            continue
        if age < LIVES_SECONDS:
            yield Trouble(
                "Another installation is at work on this Redis.",
                "Give each a Redis of its own, or at least another number at the end of REDIS_URL. "
                "(Right after a restore, wait a minute.)",
                place(settings.CACHES["default"]["LOCATION"]),
            )
            return


@examination("broker", needs=("redis",))
def broker() -> Iterator[Trouble]:
    """Find out whether the broker answers, where BROKER_URL names another than REDIS_URL, and
    whether its queues are emptied."""
    from intelbrief.celery import app

    url = settings.CELERY_BROKER_URL
    try:
        with app.connection_for_write() as link:
            link.connect()
    except (OperationalError, RedisError, OSError) as error:
        yield explained(str(error), place(url), "The broker")
        return
    if not url.startswith("redis"):
        return
    with _raw(url) as link:
        for queue in QUEUES:
            if (waiting := int(link.llen(queue))) > MOST_WAITING:
                cure = f"Start a worker that listens to it: -Q {','.join(QUEUES)}."
                yield Trouble(f"{waiting:,} rings wait in the queue “{queue}”.", cure, queue)


def _raw(url: str) -> Any:
    """Return a connection to the broker that knows nothing of Celery."""
    if url.startswith("redis+socket://"):
        url = url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    return Redis.from_url(
        url,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )


@examination("queues", needs=("broker", "migrations", "worker"))
def queues() -> Iterator[Trouble]:
    """Ask the workers which queues they listen to: a queue without one is work that is never done,
    and workers that do not hear us listen to another broker, or another database of it."""
    listening = answering()
    if not listening:
        yield Trouble(
            "Workers are at work on this database, but none answers on this broker.",
            "Give web and workers the same REDIS_URL and BROKER_URL, down to the number at their "
            "end, and restart all of them.",
            place(settings.CELERY_BROKER_URL),
        )
        return
    heard = {queue for names in listening.values() for queue in names}
    for queue in QUEUES:
        if queue not in heard:
            cure = f"Start a worker with -Q {','.join(QUEUES)}, or one for this queue alone."
            yield Trouble(f"No worker listens to the queue “{queue}”.", cure, queue)


def answering() -> dict[str, set[str]]:
    """Return which worker listens to which queues, as far as they answer within a second."""
    from intelbrief.celery import app

    found = app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    return {name: {str(queue["name"]) for queue in listed} for name, listed in found.items()}
