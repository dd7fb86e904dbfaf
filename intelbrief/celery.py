"""The Celery app: a doorbell, not a memory.

Tasks carry an id and hold no state; what has to be done lies in the database.
So a lost message costs seconds and a repeated one does no harm.
"""

import gc
import logging
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from billiard.process import active_children, current_process
from celery import Celery
from celery.signals import (
    beat_init,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_ready,
    worker_shutting_down,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intelbrief.settings")
# Django's own checks look at every page, and so load the desk and the API, thirty megabytes that no
# letter needs. They run with each `migrate`; a worker asks refuse_to_start() what concerns it.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

log = logging.getLogger(__name__)

app = Celery("intelbrief")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_what_is_dangerous(**_: object) -> None:
    """End the worker at once where the installation lacks a key or a provider."""
    from intelbrief.checks import refuse_to_start

    refuse_to_start()


@worker_ready.connect
@beat_init.connect
def tell_that_it_is_ready(**_: object) -> None:
    """Make the file that `manage.py up` waits for, where it names one."""
    if path := os.environ.get("INTELBRIEF_READY_FILE"):
        Path(path).touch()


@worker_ready.connect
def let_pages_go_first(**_: object) -> None:
    """Take a smaller share of the processor, where `manage.py up` serves pages beside the worker.

    Each service is a session of its own, which Linux may weigh as a whole
    (sched(7), "The autogroup feature"), so both are told.
    """
    if nice := os.environ.get("INTELBRIEF_NICE"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PGRP, 0, int(nice))
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(nice)


@worker_ready.connect
def tick_from_every_worker(sender: Any, **_: object) -> None:
    """Ring the tick from each worker too, so that a dead scheduler costs nothing.

    Any worker may take the tick; what only this host can do is rung for by itself.
    """
    from django.conf import settings

    def ring() -> None:
        from subscribers.doorbell import ring_now

        while not stopped.wait(settings.TICK_SECONDS):
            ring_now("deliveries.tasks.heartbeat")
            ring_now("api.tasks.tend_hooks")
            # This host's clock is the one that both sets and reads when a ring is stale, so that
            # they do not heap up behind a worker that is busy.
            ring_now(
                "deliveries.tasks.look_after_own",
                expires=4 * settings.TICK_SECONDS,
                worker=sender.hostname,
            )

    stopped = threading.Event()
    threading.Thread(target=ring, name="tick", daemon=True).start()


@worker_process_init.connect
def spare_the_collector_what_stays(**_: object) -> None:
    """Take what has been loaded out of the garbage collector's rounds, which are many in a send."""
    gc.collect()
    gc.freeze()


@worker_process_init.connect
def look_after_who_died_here(**_: object) -> None:
    """Read the journal of the child that this one may replace, while its lease runs.

    In a thread: the pool takes a child for dead that is not up within seconds, and the database
    may be away. Celery takes ten seconds to notice that a task died with its child, and a child
    that has nothing else to do is rung for until then in vain.
    """
    from django.db import Error, connection

    def look() -> None:
        from deliveries.tasks import look_after_own

        try:
            look_after_own()
        except Error as error:
            log.warning("Who died here was not looked after: %s. The next ring does it.", error)
        finally:
            connection.close()

    threading.Thread(target=look, name="own dead", daemon=True).start()


@task_prerun.connect
def finish_the_message_in_hand(**_: object) -> None:
    """Let a pool child that is told to end give its slice back, instead of dying in mid-send.

    Set before each task: the pool resets the signals of its children after
    the fork, and once more after worker_process_init.
    """
    if current_process().name != "MainProcess":
        from deliveries import sending

        signal.signal(signal.SIGTERM, sending.stop_soon)


@task_prerun.connect
def say_in_the_log_which_task(task: Any, **_: object) -> None:
    """Have each line of the log say which task it comes from."""
    from structlog.contextvars import bind_contextvars, clear_contextvars

    clear_contextvars()
    bind_contextvars(task=task.name)


@task_prerun.connect
@task_postrun.connect
def close_old_connections(**_: object) -> None:
    """Close connections to the database that are broken or have reached their age."""
    from django import db

    db.close_old_connections()


@worker_shutting_down.connect
def tell_the_pool(**_: object) -> None:
    """Pass the request to end on to the pool, which Celery lets finish its tasks untold."""
    for child in active_children():
        with suppress(ProcessLookupError):
            if child.pid:
                os.kill(child.pid, signal.SIGTERM)
