"""Retention: what is counted stays, what was counted goes. docs/retention.md has the bounds.

Nothing is pruned whose figures are not written for good: an edition is counted
here first, by all who keep something of it, and only then do its rows go
(deliveries.pruning). Where this app is deleted, they stay.
"""

import datetime as dt
import logging
import time

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from analytics import domains, figures
from analytics.models import EditionFigures
from deliveries import pruning
from deliveries.models import Edition, InboundEvent
from subscribers.models import Notice

log = logging.getLogger(__name__)

SECONDS = 20.0
MOST_AT_ONCE = 1_000
# A bound below this would take copies away while servers still report on them.
LEAST_DAYS = 30


def keep(
    seconds: float = SECONDS, now: dt.datetime | None = None, rest: float = pruning.REST
) -> int:
    """Prune for about *seconds*; return how many deliveries went. A repeat goes on.

    *now* and *rest* are for a simulation, which lives a year in some minutes.
    """
    gone, until = 0, time.monotonic() + seconds
    for edition in pruning.due(now):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            if edition.is_pruned or settle(edition):
                gone += pruning.prune(edition, left, rest)
        except Exception:  # one that cannot be counted must not keep all others for ever
            log.exception("Edition %s could not be pruned; the next round tries again.", edition.pk)
        if pruning.is_sending():
            break  # one edition a round is enough while mail goes out
    pruning.drop_orphans()
    forget_the_rest()
    return gone


def settle(edition: Edition) -> bool:
    """Write down for good what is counted of *edition*, and let its rows go; False if it moves."""
    sealed = pruning.seal(edition)
    if sealed is None:
        return False
    # A crash may have left them final, and the ledger has gone on since.
    not_begun = EditionFigures.objects.filter(edition=edition, edition__pruning_at__isnull=True)
    not_begun.update(is_final=False)
    figures.settle(edition)
    domains.roll_up(edition)
    if not pruning.begin(edition, sealed):
        not_begun.update(is_final=False)
        log.info("Edition %s changed while it was counted for good; it is tried again.", edition.pk)
        return False
    return True


def forget_the_rest() -> int:
    """Delete single mails that are long done, and log-ins that have expired; return how many."""
    gone = 0
    if settings.NOTICE_DAYS > 0:
        old = Now() - dt.timedelta(days=max(settings.NOTICE_DAYS, LEAST_DAYS))
        done = [Notice.Status.SENT, Notice.Status.FAILED]
        # By number: those are the oldest, and no index has the time.
        first = Notice.objects.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
        gone += Notice.objects.filter(
            pk__in=list(first), status__in=done, created_at__lt=old
        ).delete()[0]
        # Reports that could not be applied wait for a person, and for nobody for ever.
        lost = InboundEvent.objects.filter(due_at__isnull=True).order_by("pk")
        ids = list(lost.values_list("pk", flat=True)[:MOST_AT_ONCE])
        gone += InboundEvent.objects.filter(pk__in=ids, received_at__lt=old).delete()[0]
    expired = Session.objects.filter(expire_date__lt=Now()).values_list("pk", flat=True)
    return gone + Session.objects.filter(pk__in=list(expired[:MOST_AT_ONCE])).delete()[0]
