"""What waits for a confirmation: how often an address is asked, and when it is forgotten."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription

BETWEEN = timedelta(hours=1)
PER_DAY = 3
DAY = timedelta(hours=24)
FORGOTTEN_AFTER = timedelta(days=7)  # as long as the link in the mail works
CHUNK = 500


def earliest_confirmation(subscriber: Subscriber, now: datetime) -> datetime:
    """Return when the next confirmation to *subscriber* may go: *now* or later.

    One an hour and three a day, counted over all publications: somebody who
    types a stranger's address into every form fills no mailbox. Called with
    the reader's row locked.
    """
    notices = Notice.objects.filter(
        kind=Notice.Kind.CONFIRMATION, subscription__subscriber=subscriber
    ).exclude(sent_at__lt=now - DAY, status=Notice.Status.SENT)
    # What could not be sent has filled no mailbox, and must lock nobody out.
    notices = notices.exclude(status=Notice.Status.FAILED)
    # What still waits goes out now at the earliest, even if it was due long ago.
    times = sorted((notice.sent_at or max(notice.due_at, now) for notice in notices), reverse=True)[
        :PER_DAY
    ]
    earliest = now
    if times:
        earliest = max(earliest, times[0] + BETWEEN)
    if len(times) == PER_DAY:
        earliest = max(earliest, times[-1] + DAY)
    return earliest


def forget_unconfirmed() -> int:
    """Delete what was asked for a week ago and never confirmed; return how many subscriptions.

    Its readers go too, unless something else is known of them. The evidence of
    the request stays, with the keyed hash instead of the reader.
    """
    forgotten = 0
    while True:
        found = list(_overdue().values_list("pk", "subscriber_id")[:CHUNK])
        if not found:
            return forgotten
        with transaction.atomic():
            # Locked as consent.request() locks them: nobody asks anew while we look.
            readers = Subscriber.objects.filter(pk__in={reader for _, reader in found})
            locked = list(readers.order_by("pk").select_for_update().values_list("pk", flat=True))
            subscriptions = _overdue().filter(pk__in=[pk for pk, _ in found])
            forgotten += subscriptions.count()
            subscriptions.order_by().delete()
            _delete_unknown(locked)


def _overdue() -> QuerySet[Subscription]:
    return Subscription.objects.filter(
        status=Subscription.Status.UNCONFIRMED, requested_at__lt=timezone.now() - FORGOTTEN_AFTER
    ).order_by("requested_at")


def _delete_unknown(readers: list[int]) -> None:
    """Delete those of *readers* of whom nothing is left but that they once asked."""
    theirs = OuterRef("pk")
    more_than_asked = ConsentRecord.objects.filter(subscriber=theirs).exclude(
        kind=ConsentRecord.Kind.REQUESTED
    )
    Subscriber.objects.filter(
        ~Exists(Subscription.objects.filter(subscriber=theirs)),
        ~Exists(more_than_asked),
        pk__in=readers,
    ).delete()
