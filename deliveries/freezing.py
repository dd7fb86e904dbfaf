"""Freezing the audience: one Delivery for each active reader, in chunks, exactly once."""

import datetime as dt
import time
from contextlib import suppress

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from deliveries import lanes
from deliveries.models import Batch, Delivery, Edition
from subscribers.models import Subscription

# One transaction for a million readers blocked other writers for 2.2 s, chunks of this for 0.1 s.
CHUNK = 20_000
LEASE = dt.timedelta(seconds=60)
FREEZE_TRIES = 5
GAP_SECONDS = 0.03

# Somebody may confirm between the count and this statement: the CASE puts whoever
# is over into the last batch, where a plain join would drop them.
# "WHERE true" tells SQLite that ON CONFLICT belongs to the INSERT, not to the join.
_INSERT = """
    INSERT INTO {delivery}
        (edition_id, subscriber_id, batch_id, status, reason, reply, attempt)
    SELECT %s, s.subscriber_id, b.id, 'pending', '', '', 0
    FROM (
        SELECT id, subscriber_id, (ROW_NUMBER() OVER (ORDER BY id) - 1) / {size} AS nth
        FROM {subscription}
        WHERE publication_id = %s AND status = 'active' AND id > %s AND id <= %s
    ) s
    JOIN {batch} b ON b.edition_id = %s
        AND b.number = %s + CASE WHEN s.nth < %s THEN s.nth ELSE %s - 1 END
    WHERE true
    ON CONFLICT DO NOTHING
"""


def freeze(edition: Edition) -> bool:
    """Write the audience of *edition* into the ledger; return True once it is complete.

    Any number of workers may call this, again after any crash: a lease lets
    one at a time work, each chunk is one transaction that also moves the
    mark, and the audience becomes sendable by one final UPDATE.
    """
    taken = Edition.objects.filter(
        Q(freeze_lease_until__isnull=True) | Q(freeze_lease_until__lt=Now()),
        pk=edition.pk,
        status=Edition.Status.SENDING,
        frozen_at__isnull=True,
    ).update(freeze_lease_until=Now() + LEASE, freeze_epoch=F("freeze_epoch") + 1)
    if not taken:
        return Edition.objects.filter(pk=edition.pk, frozen_at__isnull=False).exists()
    edition.refresh_from_db()
    _fix_the_end(edition)
    while _freeze_chunk_again(edition):
        # SQLite's writers poll for their turn: without a gap one waited three seconds.
        if connection.vendor == "sqlite":
            time.sleep(GAP_SECONDS)
    return bool(
        Edition.objects.filter(
            pk=edition.pk,
            freeze_epoch=edition.freeze_epoch,
            frozen_at__isnull=True,
            freeze_last_id=F("freeze_max_id"),
        ).update(
            frozen_at=Now(),
            freeze_lease_until=None,
            audience=Delivery.objects.filter(edition=edition).count(),
        )
    )


def _fix_the_end(edition: Edition) -> None:
    """Fix the last subscription that can belong to the audience: nobody joins in mid-freeze."""
    last = Subscription.objects.filter(publication=edition.publication).aggregate(last=Max("pk"))
    Edition.objects.filter(pk=edition.pk, freeze_max_id__isnull=True).update(
        freeze_max_id=last["last"] or 0
    )
    edition.refresh_from_db(fields=["freeze_max_id"])


def _freeze_chunk_again(edition: Edition) -> bool:
    """Write the next chunk, once more where a reader of it is erased at that moment."""
    for _try in range(FREEZE_TRIES - 1):
        with suppress(IntegrityError):
            return _freeze_chunk(edition)
    return _freeze_chunk(edition)


def _freeze_chunk(edition: Edition) -> bool:
    """Write the next chunk and move the mark; return False when none is left or the lease is."""
    with transaction.atomic():
        held = Edition.objects.filter(
            pk=edition.pk, freeze_epoch=edition.freeze_epoch, frozen_at__isnull=True
        )
        if not held.update(freeze_lease_until=Now() + LEASE):
            return False
        edition.refresh_from_db(fields=["freeze_last_id"])
        start, end = edition.freeze_last_id, edition.freeze_max_id or 0
        if start >= end:
            return False
        ids = list(
            Subscription.objects.filter(
                publication=edition.publication,
                status=Subscription.Status.ACTIVE,
                pk__gt=start,
                pk__lte=end,
            )
            .order_by("pk")
            .values_list("pk", flat=True)[:CHUNK]
        )
        last = ids[-1] if len(ids) == CHUNK else end
        if ids:
            _insert(edition, start, last, len(ids))
        held.update(freeze_last_id=last)
        edition.freeze_last_id = last
    return True


def _insert(edition: Edition, after: int, last: int, readers: int) -> None:
    highest = Batch.objects.filter(edition=edition).aggregate(last=Max("number"))["last"]
    first = 0 if highest is None else highest + 1
    batches = -(-readers // Batch.SIZE)
    Batch.objects.bulk_create(
        Batch(
            edition=edition,
            number=first + offset,
            lane=lanes.names()[0],
            not_before=edition.send_at,
        )
        for offset in range(batches)
    )
    sql = _INSERT.format(
        delivery=Delivery._meta.db_table,
        subscription=Subscription._meta.db_table,
        batch=Batch._meta.db_table,
        size=Batch.SIZE,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                *(edition.pk, edition.publication_id, after, last),
                *(edition.pk, first, batches, batches),
            ],
        )
