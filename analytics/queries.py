"""Figures for the dashboard, each asked of the database once."""

import datetime as dt
from collections import Counter
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from deliveries import tallies
from deliveries.models import Edition
from subscribers.models import Notice, Subscription


class Readers(NamedTuple):
    """How many readers there are, and how that changed in a week."""

    active: int
    unconfirmed: int
    joined: int
    left: int

    @property
    def change(self) -> int:
        """Return how many more there are than a week ago."""
        return self.joined - self.left


def readers(publications: frozenset[int]) -> Readers:
    """Count the readers of *publications*."""
    week_ago = timezone.now() - dt.timedelta(days=7)
    counts = Subscription.objects.filter(publication__in=publications).aggregate(
        active=Count("pk", filter=Q(status=Subscription.Status.ACTIVE)),
        unconfirmed=Count("pk", filter=Q(status=Subscription.Status.UNCONFIRMED)),
        joined=Count("pk", filter=Q(status=Subscription.Status.ACTIVE, confirmed_at__gte=week_ago)),
        left=Count(
            "pk",
            filter=Q(
                status=Subscription.Status.UNSUBSCRIBED,
                unsubscribed_at__gte=week_ago,
                confirmed_at__lt=week_ago,
            ),
        ),
    )
    return Readers(**counts)


def growth(publications: frozenset[int], active: int, days: int = 30) -> list[tuple[dt.date, int]]:
    """Return (day, active readers at its end) for the last *days*, counted back from *active*."""
    today = timezone.localdate()
    dates = [today - dt.timedelta(days=back) for back in range(days)]
    # Only who had confirmed was ever counted as a reader.
    rows = Subscription.objects.filter(publication__in=publications, confirmed_at__isnull=False)
    joined = _per_day(rows, "confirmed_at", dates)
    left = _per_day(rows, "unsubscribed_at", dates)
    line: list[tuple[dt.date, int]] = []
    count = active
    for date in dates:
        line.append((date, max(count, 0)))
        count -= joined[date] - left[date]
    return line[::-1]


def _per_day(rows: QuerySet[Subscription], field: str, dates: list[dt.date]) -> Counter[dt.date]:
    """Count *rows* by the local day of *field*, from the earliest of *dates* on.

    They are grouped by the minute of their text, which both databases write
    alike in UTC: TruncDate is a Python function on SQLite, and a condition for
    each day was asked of each row; a million readers took five seconds.
    """
    first = timezone.make_aware(dt.datetime.combine(min(dates), dt.time()))
    minute = Substr(Cast(field, TextField()), 1, 16)
    found = (
        rows.filter(**{f"{field}__gte": first})
        .annotate(minute=minute)
        .order_by()
        .values_list("minute")
        .annotate(count=Count("pk"))
    )
    days: Counter[dt.date] = Counter()
    for text, count in found:
        at = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        days[timezone.localdate(at)] += count
    return days


class Outcome(NamedTuple):
    """An edition and what became of its audience."""

    edition: Edition
    audience: int
    counts: dict[str, int]

    @property
    def sent(self) -> int:
        """Return how many the provider took."""
        return self.counts["sent"] + self.counts["delivered"]

    @property
    def failed(self) -> int:
        """Return how many got nothing, as far as is known."""
        return self.counts["failed"] + self.counts["bounced"]

    @property
    def in_doubt(self) -> int:
        """Return of how many nobody knows."""
        return self.counts["in-doubt"]


def last_editions(publications: frozenset[int], most: int = 5) -> list[Outcome]:
    """Return the latest editions that went to somebody, and their outcome."""
    rows = Edition.objects.filter(publication__in=publications, frozen_at__isnull=False)
    found = rows.select_related("brief", "publication").order_by("-send_at")[:most]
    outcomes = []
    for edition in found:
        report = tallies.of(edition)
        outcomes.append(Outcome(edition, report["audience"], report["statuses"]))
    return outcomes


def waiting_editions(publications: frozenset[int]) -> list[Edition]:
    """Return what is scheduled, on its way, held or missed, the next one first."""
    status = [*Edition.OPEN, Edition.Status.MISSED]
    rows = Edition.objects.filter(publication__in=publications, status__in=status)
    return list(rows.select_related("brief", "publication").order_by("send_at")[:8])


def waiting_notices(publications: frozenset[int]) -> dict[str, int]:
    """Count the single mails that are overdue or failed."""
    overdue = timezone.now() - dt.timedelta(minutes=2)
    rows = Notice.objects.filter(subscription__publication__in=publications)
    return rows.aggregate(
        overdue=Count("pk", filter=Q(status=Notice.Status.UNSENT, due_at__lt=overdue)),
        failed=Count("pk", filter=Q(status=Notice.Status.FAILED)),
    )
