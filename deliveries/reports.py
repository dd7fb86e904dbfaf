"""What became of an edition, counted from the ledger."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count

from deliveries.ledger import LEFT
from deliveries.models import Delivery, Edition, Tally


def _no_more(_edition: Edition) -> dict[str, Any]:
    return {}


def _no_lines(_report: dict[str, Any]) -> list[str]:
    return []


# What the provider took, whatever came back of it: each page that says “accepted” means these.
ACCEPTED = (
    Delivery.Status.SENT,
    Delivery.Status.DELIVERED,
    Delivery.Status.BOUNCED,
    Delivery.Status.COMPLAINED,
)

# An app above knows more of an edition: what the command's report adds, and how that is read.
more: Callable[[Edition], dict[str, Any]] = _no_more
more_lines: Callable[[dict[str, Any]], list[str]] = _no_lines


def summary(edition: Edition) -> dict[str, Any]:
    """Return {"audience", "statuses", "reasons"}; the statuses are a partition of the audience.

    *reasons* counts why deliveries failed, were skipped, wait or are in doubt.
    Each call counts all rows: pages ask deliveries.tallies.
    """
    return sums(by_reason(edition))


def by_reason(edition: Edition) -> list[tuple[str, str, int]]:
    """Return (status, reason, how many) of all deliveries of *edition*.

    Of one whose rows are gone, or going, as they were counted at last.
    """
    if edition.is_pruned:
        tally = Tally.objects.filter(edition=edition).first()
        counted = tally.report.get("why", []) if tally else []
        return [(status, reason, count) for status, reason, count in counted]
    rows = (
        Delivery.objects.filter(edition=edition)
        .values_list("status", "reason")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return list(rows)


def sums(rows: list[tuple[str, str, int]]) -> dict[str, Any]:
    """Return the summary() that by_reason() gave the *rows* of."""
    statuses = dict.fromkeys(Delivery.Status.values, 0)
    reasons: dict[str, int] = {}
    for status, reason, count in rows:
        statuses[status] += count
        if reason:
            reasons[reason] = reasons.get(reason, 0) + count
    return {"audience": sum(statuses.values()), "statuses": statuses, "reasons": reasons}


def accepted(statuses: dict[str, int]) -> int:
    """Return how many letters the provider took."""
    return sum(statuses[status] for status in ACCEPTED)


def left(report: dict[str, Any]) -> int:
    """Return how many of those in doubt a person has left so, from a summary()."""
    reasons: dict[str, int] = report["reasons"]
    return sum(count for reason, count in reasons.items() if reason.startswith(LEFT))


def in_doubt(edition: Edition, most: int | None = None) -> Iterator[dict[str, str]]:
    """Yield {"address", "reason", "reply", "since"} of each in doubt, *most* of them at most.

    A reader who was erased since has no address any more.
    """
    rows = (
        Delivery.objects.filter(edition=edition, status=Delivery.Status.IN_DOUBT)
        .order_by("pk")
        .values_list("subscriber__address", "reason", "reply", "changed_at")
    )
    for address, reason, reply, since in rows[:most].iterator(chunk_size=2000):
        yield {
            "address": address or "",
            "reason": reason,
            "reply": reply,
            "since": since.isoformat() if since else "",
        }
