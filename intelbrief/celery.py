"""The Celery app: a doorbell, not a memory.

Tasks carry an id and hold no state; what has to be done lies in the database.
So a lost message costs seconds and a repeated one does no harm.
"""

import os
import threading

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intelbrief.settings")

app = Celery("intelbrief")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def tick_from_every_worker(**_: object) -> None:
    """Ring the tick from each worker too, so that a dead scheduler costs nothing."""
    from django.conf import settings

    def ring() -> None:
        from subscribers.doorbell import ring_now

        while not stopped.wait(settings.TICK_SECONDS):
            ring_now("deliveries.tasks.tick", expires=settings.TICK_SECONDS)

    stopped = threading.Event()
    threading.Thread(target=ring, name="tick", daemon=True).start()
