"""What the workers do for readers."""

from contextlib import suppress

from celery import shared_task
from django.core.cache import cache
from redis.exceptions import RedisError

from briefs import accounts
from subscribers import attack, consent, intake, moving, notices, preferences, waiting
from subscribers.doorbell import ring_now
from subscribers.importing import running

RUNG = "send-notices-rung"
RUNG_SECONDS = 5  # a ring that nobody heard in that time was lost
FORGETTING_SECONDS = 600
PAUSES_SECONDS = 600
ORIGINS_SECONDS = 24 * 3600
# A worker that is told to stop waits for its task.
IMPORTING_SECONDS = 8
TIDYING_SECONDS = 3600


@shared_task
def send_notices() -> int:
    """Send the notices that are due; holds no state, so a lost or repeated message does no harm."""
    with suppress(RedisError):
        cache.delete(RUNG)
    sent = notices.sweep()
    if sent and notices.due().exists():
        _ring_for_notices()
    return sent


def _ring_for_notices() -> None:
    """Ring for the sweep unless a ring lies there unheard.

    Sweeps that follow one another would fill the queue that sign-ups wait in too.
    """
    try:
        is_first = cache.add(RUNG, 1, RUNG_SECONDS)
    except RedisError:
        is_first = True
    if is_first:
        ring_now(send_notices)


@shared_task
def note_sign_ups() -> int:
    """Note what came in at the forms, and have the confirmations mailed."""
    noted = intake.note_waiting()
    if noted:
        _ring_for_notices()
        attack.look(noted)
    return sum(noted.values())


@shared_task
def forget_unconfirmed() -> int:
    """Delete what nobody confirmed within a week."""
    intake.forget_what_failed()
    moving.forget_addresses()
    return waiting.forget_unconfirmed()


def tend_the_door() -> None:
    """Ring for sign-ups that no ring was heard of, and lower what guards a form in calm."""
    if intake.is_waiting():
        ring_now(note_sign_ups)
    attack.calm_down()
    with suppress(RedisError):  # what is overdue can wait until it is back
        if cache.add("forget-unconfirmed", 1, FORGETTING_SECONDS):
            ring_now(forget_unconfirmed)


@shared_task
def run_imports() -> bool:
    """Work on imports for a while, then ring again if some are left."""
    is_left = running.work(IMPORTING_SECONDS)
    if is_left:
        ring_now(run_imports)
    return is_left


@shared_task
def tidy_imports() -> None:
    """Delete files of imports that nobody needs any more."""
    running.tidy()


def tend_imports() -> None:
    """Ring for imports on which nobody works: their worker died, or the first ring was lost."""
    if running.waiting().exists():
        ring_now(run_imports)
    with suppress(RedisError):
        if cache.add("tidy-imports", 1, TIDYING_SECONDS):
            ring_now(tidy_imports)


@shared_task
def end_pauses() -> int:
    """Send again to readers whose pause is over."""
    return preferences.end_pauses()


@shared_task
def truncate_origins() -> int:
    """Make old evidence of where consent came from coarser, and forget where people logged in."""
    return consent.truncate_origins() + accounts.forget()


def keep_promises() -> None:
    """Ring for what readers were promised: that a pause ends, and that origins are forgotten.

    Both look at the database for what is due, so a ring too many does no harm.
    """
    with suppress(RedisError):  # what is overdue can wait until it is back
        if cache.add("end-pauses", 1, PAUSES_SECONDS):
            ring_now(end_pauses)
        if cache.add("truncate-origins", 1, ORIGINS_SECONDS):
            ring_now(truncate_origins)
