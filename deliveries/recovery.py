"""Recovery: what each tick puts right, whoever died meanwhile."""

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.functions import Now

from deliveries import clocks, control, lanes, owners, rerouting, takeover
from deliveries.models import Batch, Delivery, Edition


def sweep() -> None:
    """Free what the dead held, form retry batches, end what is done; safe anywhere, any time."""
    takeover.free_lost()
    clocks.mark_missed()
    rerouting.sweep()
    for edition in Edition.objects.filter(status__in=Edition.MOVING, frozen_at__isnull=False):
        form_retry_batches(edition)
        finish(edition)
    skip_cancelled()
    takeover.hear_last_words()
    owners.forget_the_dead()


def form_retry_batches(edition: Edition) -> int:
    """Put deferred readers whose time has come into further batches; return how many batches."""
    formed = 0
    while True:
        due = Delivery.objects.filter(
            edition=edition,
            status=Delivery.Status.PENDING,
            batch__isnull=True,
            due_at__lte=Now(),
        )
        if not due.exists():
            return formed
        with transaction.atomic():
            # The lock makes two sweeps take turns, so that their numbers differ.
            Edition.objects.select_for_update().get(pk=edition.pk)
            last = Batch.objects.filter(edition=edition).aggregate(last=Max("number"))["last"]
            batch = Batch.objects.create(
                edition=edition,
                number=0 if last is None else last + 1,
                lane=lanes.to_try(),
                not_before=Now(),
            )
            ids = list(due.order_by("pk").values_list("pk", flat=True)[: Batch.SIZE])
            taken = Delivery.objects.filter(pk__in=ids, batch__isnull=True).update(
                batch=batch, due_at=None
            )
            if not taken:
                batch.delete()
                return formed
            formed += 1


def finish(edition: Edition) -> bool:
    """End *edition* if nobody waits; it is finishing while only deferred readers are left."""
    _end_empty_batches(edition)
    if Batch.objects.filter(edition=edition, done_at__isnull=True).exists():
        return False
    moving = Edition.objects.filter(pk=edition.pk, status__in=Edition.MOVING)
    waiting = Delivery.objects.filter(
        edition=OuterRef("pk"), status__in=[Delivery.Status.PENDING, Delivery.Status.SENDING]
    )
    # An index has those who are due later. While there are some, for up to a day, no tick
    # looks through the whole ledger of the edition, on SQLite under the lock of all writers.
    later = Delivery.objects.filter(
        edition=edition, due_at__isnull=False, status=Delivery.Status.PENDING
    )
    with transaction.atomic():
        # Whoever makes deliveries due again holds this lock too: what it wrote is seen below.
        Edition.objects.select_for_update().get(pk=edition.pk)
        if not later.exists() and moving.filter(~Exists(waiting)).update(
            status=Edition.Status.FINISHED, finished_at=Now(), word=""
        ):
            control.note("finished", edition)
            return True
        moving.filter(status=Edition.Status.SENDING).update(status=Edition.Status.FINISHING)
        return False


def _end_empty_batches(edition: Edition) -> None:
    in_work = Delivery.objects.filter(
        batch=OuterRef("pk"), status__in=[Delivery.Status.PENDING, Delivery.Status.SENDING]
    )
    Batch.objects.filter(
        ~Exists(in_work), edition=edition, owner__isnull=True, done_at__isnull=True
    ).update(done_at=Now())


def skip_cancelled() -> None:
    """Skip what the holders of a cancelled edition have given back since."""
    # Who is pending stands in a batch that is not done, or is due by itself: both have an index.
    # To look for the status read all rows of each edition that ever was cancelled, at each tick.
    due = Delivery.objects.filter(edition=OuterRef("pk"), due_at__isnull=False)
    cancelled = Edition.objects.filter(
        Q(Exists(Batch.objects.filter(edition=OuterRef("pk"), done_at__isnull=True)))
        | Q(Exists(due)),
        status=Edition.Status.CANCELLED,
    )
    for edition in cancelled:
        control.skip_unsent(edition)
        _end_empty_batches(edition)


def waiting_lanes() -> list[str]:
    """Return the lanes that have something due and are not resting."""
    due = (
        Batch.objects.filter(
            done_at__isnull=True,
            owner__isnull=True,
            not_before__lte=Now(),
            missed_at__isnull=True,
            edition__status__in=Edition.MOVING,
            edition__frozen_at__isnull=False,
        )
        # Without its usual order, whose columns would make each batch a distinct row.
        .order_by()
        .values_list("lane", flat=True)
        .distinct()
    )
    known = lanes.names()
    for lane in due:
        if known and lane not in known:
            rerouting.take_in(lane)
    return [lane for lane in due if lane in known and not lanes.is_held(lane)]
