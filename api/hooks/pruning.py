"""What was told to other programs is forgotten after a while."""

import datetime as dt

from django.conf import settings
from django.db.models.functions import Now

from api.models import HookAttempt, HookEndpoint, HookMessage

AT_A_TIME = 1_000
# All tries of a message are over by then.
LEAST_DAYS = 5


def prune(rounds: int = 10) -> int:
    """Delete messages older than HOOK_DAYS, and their tries; return how many. A repeat goes on."""
    if not settings.HOOK_DAYS:
        return 0
    old = dt.timedelta(days=max(settings.HOOK_DAYS, LEAST_DAYS))
    gone = 0
    for _round in range(rounds):
        # By number, the oldest first: no index has the time.
        first = HookMessage.objects.order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]
        ids = list(
            HookMessage.objects.filter(pk__in=list(first), created_at__lt=Now() - old).values_list(
                "pk", flat=True
            )
        )
        gone += _forget(ids)
        if len(ids) < AT_A_TIME:
            break
    return gone


def bury(rounds: int = 10) -> int:
    """Delete endpoints that somebody deleted, and before all they were told; return how much.

    A repeat goes on: of one that was told of millions, the messages go in steps.
    """
    gone = 0
    for _round in range(rounds):
        dead = HookEndpoint.objects.filter(deleted_at__isnull=False).order_by("pk").first()
        if dead is None:
            break
        ids = list(dead.messages.order_by("-pk").values_list("pk", flat=True)[:AT_A_TIME])
        gone += _forget(ids)
        if len(ids) < AT_A_TIME:
            dead.delete()
    return gone


def _forget(ids: list[int]) -> int:
    HookAttempt.objects.filter(message__in=ids).delete()
    return HookMessage.objects.filter(pk__in=ids).delete()[0]
