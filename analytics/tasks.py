"""The tasks of the dashboard: without them its numbers stand still, and nothing else does."""

import logging

from celery import shared_task
from django.core.cache import cache
from redis.exceptions import RedisError

from analytics import domains, figures, retention, rollups, watch, weekly
from deliveries import guard

log = logging.getLogger(__name__)


@shared_task
def roll_up() -> None:
    """Keep what pages read; as often as it is rung, each step keeps a pace of its own."""
    for step in (rollups.keep, figures.keep, domains.keep, weekly.write_due):
        try:
            step()
        except Exception:  # one count holds up no other
            log.exception("A count failed; the next ring tries it again.")


@shared_task
def prune() -> None:
    """Take away what is older than it is kept, one task at a time; the next ring goes on."""
    if not guard.may_send():
        return  # of a copy, nobody has said yet that it is the one that shall go on
    try:
        if not cache.add("pruning", 1, int(retention.SECONDS) + 30):
            return
        retention.keep()
        cache.delete("pruning")
    except RedisError:
        log.warning("Redis is away; what is old goes once it is back.")


@shared_task
def watch_over_domains() -> None:
    """Look at the sender's domains and at what receiving ones do, and tell of troubles once."""
    if guard.may_send():
        watch.look()
