"""How long answers to an Idempotency-Key are kept; here, so that workers load no web API."""

import datetime as dt

from django.db.models.functions import Now

from api.models import StoredAnswer

KEPT = dt.timedelta(hours=24)
MOST_PRUNED = 500


def prune() -> int:
    """Forget answers that are older than KEPT, some hundred at a time; return how many."""
    old = StoredAnswer.objects.filter(started_at__lt=Now() - KEPT).order_by("started_at")
    ids = list(old.values_list("pk", flat=True)[:MOST_PRUNED])
    return StoredAnswer.objects.filter(pk__in=ids).delete()[0] if ids else 0
