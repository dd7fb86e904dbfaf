"""What a person decides about readers whose moment went by: they get it now, or not at all."""

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from briefs.models import User
from deliveries import clocks, tallies
from deliveries.control import note
from deliveries.models import Delivery, Edition
from deliveries.slices import skip

REASON = "missed"


def readers(edition: Edition) -> int:
    """Count the readers of *edition* who missed their moment and wait."""
    late = clocks.missed(edition)
    if edition.clock != Edition.Clock.READER or not late.exists():
        return 0
    return Delivery.objects.filter(batch__in=late, status=Delivery.Status.PENDING).count()


def send(edition: Edition, by: User | None = None) -> int:
    """Let those who missed their moment have *edition* now; return how many readers."""
    with transaction.atomic():
        if not _held(edition):
            return 0
        count = readers(edition)
        # From now on they are in time again, so that the next trouble is weighed afresh.
        clocks.missed(edition).update(missed_at=None, not_before=Now(), planned_at=Now())
        if count:
            note("sent-late", edition, by, f"{count:,} readers")
    return count


def skip_them(edition: Edition, by: User | None = None) -> int:
    """Skip those who missed their moment; return how many readers."""
    with transaction.atomic():
        if not _held(edition):
            return 0
        late = list(clocks.missed(edition).values_list("pk", flat=True))
        count = skip(Q(batch__in=late), REASON)
        tallies.stale([edition.pk])
        clocks.missed(edition).filter(pk__in=late).update(done_at=Now())
        if count:
            note("skipped-late", edition, by, f"{count:,} readers")
    return count


def _held(edition: Edition) -> bool:
    """Lock *edition*, so that of two people one decides; False once it is over."""
    open_ = [*Edition.MOVING, Edition.Status.PAUSED]
    return (
        Edition.objects.select_for_update().filter(pk=edition.pk, status__in=open_).first()
        is not None
    )
