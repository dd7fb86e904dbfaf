"""What `up` starts: each part only where nothing in the environment replaces it."""

import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from intelbrief.ops import valkey
from intelbrief.ops.supervisor import Service, python

# Whoever waits for a page is served before the mail that leaves behind it: read by
# intelbrief.celery once a worker has come up.
AFTER_PAGES = {"INTELBRIEF_NICE": str(settings.WORKER_NICE)}
READY_FILE = "INTELBRIEF_READY_FILE"  # intelbrief.celery makes the file it names


def broker() -> Service | None:
    """Return the embedded Valkey, or None where REDIS_URL names one."""
    if not settings.EMBEDDED_REDIS:
        return None
    path = settings.EMBEDDED_REDIS_SOCKET
    return Service(
        "valkey",
        valkey.command(path, settings.VAR_DIR / "valkey"),
        prepare=lambda: valkey.end_leftover(path),
        is_ready=lambda: valkey.answers(path),
        stops_within=10,
        quiet=True,  # it warns of memory settings that concern far larger ones
    )


def inbox() -> Service | None:
    """Return the local inbox, or None where a provider carries the mail."""
    if not settings.LOCAL_INBOX:
        return None
    port_file: Path = settings.RUN_DIR / "inbox.port"
    return Service(
        "inbox",
        python(
            *("-m", "intelbrief.inbox.server"),
            *("--folder", str(settings.INBOX_DIR)),
            *("--port-file", str(port_file)),
            *("--port", str(settings.INBOX_SMTP_PORT_GIVEN)),
        ),
        is_ready=lambda: _accepts_mail(port_file),
    )


def _accepts_mail(port_file: Path) -> bool:
    try:
        port = int(port_file.read_text())
        with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
            return link.recv(3) == b"220"
    except (OSError, ValueError):
        return False


def worker(environment: dict[str, str]) -> Service:
    """Return the Celery worker."""
    # However many send at a time, two are left for confirmations and the ticks.
    senders = sum(int(lane.get("concurrency", 1)) for lane in settings.PROVIDERS.values())
    return _celery(
        "worker",
        {**AFTER_PAGES, **environment},
        *("-Q", "editions,notices,housekeeping"),
        *("--concurrency", str(max(settings.WORKER_CONCURRENCY, senders + 2))),
        # Talk between workers, which a doorbell has no use for.
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        # A worker gives its slice back and is gone within 30 s of SIGTERM.
        stops_within=35,
    )


def scheduler(environment: dict[str, str]) -> Service:
    """Return the Celery scheduler."""
    memory = settings.CELERY_BEAT_SCHEDULE_FILENAME
    return _celery("beat", environment, "-s", memory, name="scheduler", stops_within=5)


def _celery(
    verb: str, environment: dict[str, str], *arguments: str, name: str = "", stops_within: float
) -> Service:
    ready = settings.RUN_DIR / f"{verb}.ready"
    return Service(
        name or verb,
        python(
            # In a container one is root, and tasks are JSON, which cannot carry code.
            *("-W", "ignore:You're running the worker with superuser"),
            *("-m", "celery", "-q", "-A", "intelbrief", verb, "-l", "WARNING", *arguments),
        ),
        prepare=lambda: ready.unlink(missing_ok=True),
        is_ready=ready.exists,
        stops_within=stops_within,
        restarts=True,
        environment={**environment, READY_FILE: str(ready)},
    )


def web(port: int, environment: dict[str, str]) -> Service:
    """Return the web server on *port* of this machine."""
    return Service(
        "web",
        python(
            *("-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"),
            *("--host", "127.0.0.1", "--port", str(port)),
            # Bounded: each thread holds a database connection of its own.
            *("--workers", str(settings.WEB_PROCESSES)),
            *("--blocking-threads", str(settings.WEB_THREADS)),
            "intelbrief.wsgi:application",
        ),
        is_ready=answers(port),
        stops_within=10,
        environment=environment,
    )


def answers(port: int) -> Callable[[], bool]:
    """Return a test that asks for the first page, so that no visitor meets a cold one."""
    host = urlsplit(settings.SITE_URL).netloc

    def is_ready() -> bool:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            link.request("GET", "/", headers={"Host": host})
            # Whatever it says, it has loaded everything.
            link.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()
        return True

    return is_ready
