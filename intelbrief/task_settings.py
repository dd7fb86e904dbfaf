"""What the settings say of tasks, whatever the installation: how Celery works, and what is when.

`settings.py` takes every name in capitals from here, and what depends on the
environment from `schedule()`.
"""

from typing import Any

CELERY_TASK_IGNORE_RESULT = True
# Celery would open a connection to the database for each task: several milliseconds of
# PostgreSQL's time. intelbrief.celery closes those that are old or broken instead.
CELERY_DB_REUSE_MAX = 1_000_000
CELERY_TASK_ACKS_LATE = True
# Without this, acks_late loses the task of a pool child that was killed.
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Each worker has a queue of its own too, for what can be done on its host alone: only there
# lie the journals that prove what became of the letters of a process that died.
CELERY_WORKER_DIRECT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # a doorbell that nobody hears is rung again by the tick
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # visibility_timeout alone is ignored for about 100 s: the restore must run often too.
    "visibility_timeout": 120,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    # kombu sleeps for seconds before it gives up, and a visitor would wait for it.
    "max_retries": 0,
}
# Separate queues, since priority numbers mean the opposite on Redis and RabbitMQ.
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_TASK_ROUTES = {
    "deliveries.tasks.drain": {"queue": "editions"},
    # A confirmation waits for no import.
    "subscribers.tasks.run_imports": {"queue": "housekeeping"},
    "subscribers.tasks.tidy_imports": {"queue": "housekeeping"},
    "subscribers.tasks.*": {"queue": "notices"},
}


def schedule(tick_seconds: float) -> dict[str, dict[str, Any]]:
    """Return what the scheduler rings for, and how often, in seconds."""
    return {
        "tick": {
            "task": "deliveries.tasks.heartbeat",
            "schedule": tick_seconds,
            "args": ["scheduler"],
        },
        "webhooks": {"task": "api.tasks.tend_hooks", "schedule": tick_seconds},
        "readers by the day": {"task": "analytics.tasks.roll_up", "schedule": 60.0},
        "what is old": {"task": "analytics.tasks.prune", "schedule": 60.0},
        "renditions of briefs": {"task": "briefs.tasks.look_after_renditions", "schedule": 60.0},
        "where mail arrives": {"task": "analytics.tasks.watch_over_domains", "schedule": 300.0},
    }
