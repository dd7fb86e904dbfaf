"""Figures for the dashboard, each asked of the database once."""

import datetime as dt
from collections import Counter
from typing import NamedTuple

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from analytics import rollups
from analytics.models import ReaderDay
from deliveries import readership, reports, tallies
from deliveries.models import Edition, Readership
from subscribers.models import Notice, Subscription

# So many mails in trouble are counted.
MOST_NOTICES = 200


class Readers(NamedTuple):
    """How many readers there are, and how that changed in a week."""

    active: int
    unconfirmed: int
    joined: int
    left: int
    # When they were counted; None for just now.
    as_of: dt.datetime | None = None
    # Too many to be counted for a page.
    are_many: bool = False

    @property
    def change(self) -> int:
        """Return how many more there are than a week ago."""
        return self.joined - self.left


def readers(publications: frozenset[int]) -> Readers:
    """Count the readers of *publications*: some thousands here, more by the workers' last count."""
    if readership.size_of(publications) > readership.COUNTED_AT_ONCE:
        return _readers_by_rows(publications)
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


def _readers_by_rows(publications: frozenset[int]) -> Readers:
    found = Readership.objects.filter(publication__in=publications).aggregate(
        active=Sum("active", default=0),
        unconfirmed=Sum("unconfirmed", default=0),
        as_of=Min("counted_at"),
    )
    week = timezone.localdate() - dt.timedelta(days=6)
    days = ReaderDay.objects.filter(publication__in=publications, day__gte=week)
    moved = days.aggregate(joined=Sum("joined", default=0), left=Sum("left", default=0))
    return Readers(**found, **moved, are_many=True)


def growth(
    publications: frozenset[int], active: int, days: int = 30, *, are_many: bool = False
) -> list[tuple[dt.date, int]]:
    """Return (day, active readers at its end) for the last *days*, counted back from *active*.

    Of some thousands the days are the editor's; where there *are_many*, they
    are the publications' own, as the workers have stored them.
    """
    today = timezone.localdate()
    dates = [today - dt.timedelta(days=back) for back in range(days)]
    if are_many:
        joined, left = _stored_changes(publications, min(dates))
    else:
        joined, left = rollups.changes(publications, dates)
    line: list[tuple[dt.date, int]] = []
    count = active
    for date in dates:
        line.append((date, max(count, 0)))
        count -= joined[date] - left[date]
    return line[::-1]


def _stored_changes(
    publications: frozenset[int], first: dt.date
) -> tuple[Counter[dt.date], Counter[dt.date]]:
    rows = ReaderDay.objects.filter(publication__in=publications, day__gte=first)
    by_day = rows.values("day").annotate(came=Sum("joined"), went=Sum("left")).order_by()
    joined: Counter[dt.date] = Counter()
    left: Counter[dt.date] = Counter()
    for row in by_day:
        joined[row["day"]], left[row["day"]] = row["came"], row["went"]
    return joined, left


class Outcome(NamedTuple):
    """An edition and what became of its audience."""

    edition: Edition
    audience: int
    counts: dict[str, int]

    @property
    def accepted(self) -> int:
        """Return how many letters the provider took, whatever came back of them."""
        return reports.accepted(self.counts)

    @property
    def failed(self) -> int:
        """Return how many it did not take."""
        return self.counts["failed"]

    @property
    def bounced(self) -> int:
        """Return how many of those that it took came back."""
        return self.counts["bounced"]

    @property
    def in_doubt(self) -> int:
        """Return of how many nobody knows."""
        return self.counts["in-doubt"]


def last_editions(publications: frozenset[int], most: int = 5) -> list[Outcome]:
    """Return the latest editions that went to somebody, and their outcome."""
    rows = Edition.objects.filter(publication__in=publications, frozen_at__isnull=False)
    found = rows.select_related("brief", "publication", "tally").order_by("-send_at")[:most]
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
    """Count the single mails that are overdue or failed, no further than MOST_NOTICES."""
    overdue = timezone.now() - dt.timedelta(minutes=2)
    # The few in trouble first: joined, a database begins with a million subscriptions.
    counts = {}
    for name, trouble in (
        ("overdue", Q(status=Notice.Status.UNSENT, due_at__lt=overdue)),
        ("failed", Q(status=Notice.Status.FAILED)),
    ):
        rows = Notice.objects.filter(trouble, subscription__isnull=False).order_by()
        theirs = list(rows.values_list("subscription_id", flat=True)[:MOST_NOTICES])
        mine = Subscription.objects.filter(publication__in=publications).in_bulk(set(theirs))
        counts[name] = sum(pk in mine for pk in theirs)
    return counts
