"""What became of an edition, counted from the ledger."""

from typing import Any

from django.db.models import Count

from deliveries.models import Delivery, Edition


def summary(edition: Edition) -> dict[str, Any]:
    """Return {"audience", "statuses", "reasons"}; the statuses are a partition of the audience.

    *reasons* counts why deliveries failed, were skipped, wait or are in doubt.
    """
    statuses = dict.fromkeys(Delivery.Status.values, 0)
    reasons: dict[str, int] = {}
    rows = (
        Delivery.objects.filter(edition=edition)
        .values_list("status", "reason")
        .annotate(count=Count("pk"))
        .order_by()
    )
    for status, reason, count in rows:
        statuses[status] += count
        if reason:
            reasons[reason] = reasons.get(reason, 0) + count
    return {"audience": sum(statuses.values()), "statuses": statuses, "reasons": reasons}
