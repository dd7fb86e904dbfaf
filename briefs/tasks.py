"""The tasks of the archive: renditions are made, and what nothing points at goes."""

import logging
from contextlib import suppress

from celery import shared_task
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from briefs import pdf, renditions

log = logging.getLogger(__name__)

SECONDS = 20.0
TIDY_SECONDS = 3_600


@shared_task
def make_renditions() -> None:
    """Make what is due for a while, one worker at a time; then ring again if something is left."""
    if pdf.trouble():
        return  # another host may have what is missing here
    try:
        if not cache.add("printing", 1, int(renditions.CLAIM.total_seconds())):
            return
    except RedisError:
        log.warning("Redis is away; PDFs are made once it is back.")
        return
    try:
        is_left = renditions.make_due(SECONDS)
    finally:
        with suppress(RedisError):
            cache.delete("printing")
    if is_left:
        _ring()


@shared_task
def look_after_renditions() -> None:
    """Ask for the PDFs of fresh briefs, ring for what waits, and tidy now and then."""
    if pdf.is_offered():
        renditions.want_fresh()
        if renditions.due().exists():
            _ring()
    try:
        if cache.add("tidying-renditions", 1, TIDY_SECONDS):
            renditions.tidy()
    except RedisError:
        log.warning("Redis is away; old renditions go once it is back.")


def ring() -> None:
    """Have a worker look for what is due, once the transaction at hand is committed."""
    transaction.on_commit(_ring)


def _ring() -> None:
    try:
        make_renditions.apply_async(retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("Nobody heard the bell for renditions: %s. The scheduler finds them.", error)
