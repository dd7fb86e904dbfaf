"""The tasks of webhooks and of stored answers: they hold no state, and may run twice or never."""

import logging
from contextlib import suppress

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from api import stored_answers
from api.hooks import collecting, delivering, pruning
from deliveries import guard
from subscribers.doorbell import ring_now

log = logging.getLogger(__name__)

COLLECTING_SECONDS = 4.0
DELIVERING_SECONDS = 8.0
DELIVERING = "webhooks-delivering"
# Longer than a task takes whose last message hangs.
DELIVERING_AT_MOST = 40
PRUNING_SECONDS = 600


@shared_task
def tend_hooks() -> None:
    """Look for what is new and ring for what is due; the scheduler and every worker ring for this.

    A copy of the database tells nobody anything: the original does.
    """
    with suppress(RedisError):
        if not cache.add("webhooks-tended", 1, settings.TICK_SECONDS * 0.8):
            return
    if not guard.may_send():
        return
    try:
        collecting.collect(COLLECTING_SECONDS)
    finally:  # what waits does not wait for what cannot be read
        if delivering.due().exists():
            ring_now(deliver_hooks)
    with suppress(RedisError):
        if cache.add("webhooks-pruned", 1, PRUNING_SECONDS):
            pruning.prune()
            pruning.bury()
            while stored_answers.prune():
                pass


@shared_task
def deliver_hooks() -> None:
    """Deliver for a while, in one process of all workers; the others stay free for mail."""
    try:
        if not cache.add(DELIVERING, 1, DELIVERING_AT_MOST):
            return
    except RedisError:
        log.warning("Redis is away; webhooks are delivered without a lock.")
    try:
        delivering.deliver(DELIVERING_SECONDS)
    finally:
        with suppress(RedisError):
            cache.delete(DELIVERING)
    if guard.may_send() and delivering.due().exists():
        ring_now(deliver_hooks)
