"""How often one address may get a confirmation, whoever asks."""

from datetime import datetime, timedelta

from subscribers.models import Notice, Subscriber

BETWEEN = timedelta(hours=1)
PER_DAY = 3
DAY = timedelta(hours=24)


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
