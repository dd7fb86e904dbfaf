"""Taking an import back: who came in with it goes again; who left or was suppressed stays so.

Who was mailed meanwhile is not taken back; that is known in an app above, so
the caller brings along what tells it (deliveries.import_undo).
"""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from subscribers.importing import files
from subscribers.models import ConsentRecord, ImportRun, Subscriber, Subscription

CHUNK = 1_000
# Given ids of subscribers, returns those of them that an edition went to.
Mailed = Callable[[list[int]], set[int]]


def begin(run: ImportRun) -> bool:
    """Have *run* undone; return False if it is not finished or is being undone already."""
    return bool(
        ImportRun.objects.filter(
            pk=run.pk, status__in=[ImportRun.Status.FINISHED, ImportRun.Status.FAILED]
        )
        .exclude(basis="")
        .update(status=ImportRun.Status.UNDOING, undone_to=0, undone_rows=0)
    )


def undo_chunk(run: ImportRun, mailed: Mailed) -> bool:
    """Take the next readers back; return False when none is left. May be called by several."""
    with transaction.atomic():
        held = ImportRun.objects.select_for_update().filter(
            pk=run.pk, status=ImportRun.Status.UNDOING
        )
        run = held.get()
        rows = list(
            Subscription.objects.filter(
                publication=run.publication_id,
                pk__gt=run.undone_to,
                source__in=[run.mark, f"{run.mark} confirmed"],
            )
            .order_by("pk")
            .values_list("pk", "subscriber_id", "source", "subscriber__address_hash")[:CHUNK]
        )
        if not rows:
            held.update(status=ImportRun.Status.UNDONE, undone_at=Now())
            files.drop_all(run)
            return False
        kept = mailed([subscriber for _pk, subscriber, _source, _hash in rows])
        going = [row for row in rows if row[1] not in kept]
        _take_back(run, going)
        held.update(
            undone_to=max(pk for pk, *_rest in rows), undone_rows=F("undone_rows") + len(going)
        )
    return True


def _take_back(run: ImportRun, rows: list[tuple[int, int, str, str]]) -> None:
    """Delete who was created, let who was confirmed wait again, and write down both.

    A reader who has left since stays, as one who left: nobody may be brought
    back later. So does who has confirmed since: that was their own word.
    """
    by_themselves = ConsentRecord.objects.filter(
        subscriber=OuterRef("subscriber"),
        publication=run.publication_id,
        kind=ConsentRecord.Kind.CONFIRMED,
        at__gte=run.started_at,
    )
    open_to_undo = Subscription.objects.filter(~Exists(by_themselves))
    confirmed = set(
        open_to_undo.filter(
            pk__in=[pk for pk, _who, source, _hash in rows if source != run.mark],
            status=Subscription.Status.ACTIVE,
        ).values_list("pk", flat=True)
    )
    Subscription.objects.filter(pk__in=confirmed).update(
        status=Subscription.Status.UNCONFIRMED, confirmed_at=None
    )
    created = open_to_undo.filter(
        pk__in=[pk for pk, _who, source, _hash in rows if source == run.mark]
    )
    gone = set(
        created.exclude(status=Subscription.Status.UNSUBSCRIBED).values_list("pk", flat=True)
    )
    ConsentRecord.objects.bulk_create(
        (
            ConsentRecord(
                address_hash=hashed,
                publication_id=run.publication_id,
                kind=ConsentRecord.Kind.CHANGED,
                source="import undone",
                details={"import": run.pk, "undone": True},
            )
            for pk, _who, _source, hashed in rows
            if pk in gone or pk in confirmed
        ),
        batch_size=500,
    )
    Subscription.objects.filter(pk__in=gone).delete()
    Subscriber.objects.filter(
        pk__in=[who for pk, who, _source, _hash in rows if pk in gone],
        subscriptions__isnull=True,
        created_at__gte=run.started_at,
    ).delete()
