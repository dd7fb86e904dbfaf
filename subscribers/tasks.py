"""What the workers do for readers."""

from contextlib import suppress

from celery import shared_task
from django.core.cache import cache
from redis.exceptions import RedisError

from subscribers import attack, intake, notices, waiting
from subscribers.doorbell import ring_now

FORGETTING_SECONDS = 600


@shared_task
def send_notices() -> int:
    """Send the notices that are due; holds no state, so a lost or repeated message does no harm."""
    return notices.sweep()


@shared_task
def note_sign_ups() -> int:
    """Note what came in at the forms, and have the confirmations mailed."""
    noted = intake.note_waiting()
    if noted:
        ring_now(send_notices)
        attack.look(noted)
    return sum(noted.values())


@shared_task
def forget_unconfirmed() -> int:
    """Delete what nobody confirmed within a week."""
    return waiting.forget_unconfirmed()


def tend_the_door() -> None:
    """Ring for sign-ups that no ring was heard of, and lower what guards a form in calm."""
    if intake.is_waiting():
        ring_now(note_sign_ups)
    attack.calm_down()
    with suppress(RedisError):  # what is overdue can wait until it is back
        if cache.add("forget-unconfirmed", 1, FORGETTING_SECONDS):
            ring_now(forget_unconfirmed)
