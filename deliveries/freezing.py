"""Freezing the audience: one Delivery for each active reader, in chunks, exactly once."""

import datetime as dt
import time
from contextlib import suppress
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Now

from deliveries import audience, clocks, lanes, zones
from deliveries.models import Batch, Delivery, Edition
from subscribers.models import Subscriber, Subscription

# One transaction for a million readers blocked other writers for 2.2 s, chunks of this for 0.1 s.
CHUNK = 20_000
LEASE = dt.timedelta(seconds=60)
FREEZE_TRIES = 5
GAP_SECONDS = 0.03

# With rules to weigh, a chunk also ends after so many ids: few may meet them, and it holds a lock.
REACH = 200_000

# Somebody may confirm between the count and this statement: the CASE puts whoever
# is over into the last batch, where a plain join would drop them.
# "WHERE true" tells SQLite that ON CONFLICT belongs to the INSERT, not to the join.
_INSERT = """
    INSERT INTO {delivery}
        (edition_id, subscriber_id, batch_id, status, reason, reply, attempt)
    SELECT %s, s.subscriber_id, b.id, 'pending', '', '', 0
    FROM (
        SELECT r.id, r.subscriber_id, (ROW_NUMBER() OVER (ORDER BY r.id) - 1) / {size} AS nth
        FROM ({readers}) r
    ) s
    JOIN {batch} b ON b.edition_id = %s
        AND b.number = %s + CASE WHEN s.nth < %s THEN s.nth ELSE %s - 1 END
    WHERE true
    ON CONFLICT DO NOTHING
"""

# By the readers' clocks. "zone" says of each stated zone at which moment (a number) it gets its
# mail, how many places of that moment's first batch are taken, and how many batches it has;
# "place" has those batches. Who stands in no row, or moved to a zone that was not counted, is at
# home, or where nobody is at home gets the last moment.
_INSERT_BY_CLOCK = """
    WITH zone (name, moment, taken, batches) AS (VALUES {zones}),
    place (moment, nth, batch_id) AS (VALUES {places})
    INSERT INTO {delivery}
        (edition_id, subscriber_id, batch_id, status, reason, reply, attempt)
    SELECT %s, s.subscriber_id, p.batch_id, 'pending', '', '', 0
    FROM (
        SELECT t.subscriber_id, t.moment, t.batches,
            (t.taken + ROW_NUMBER() OVER (PARTITION BY t.moment ORDER BY t.id) - 1) / {size} AS nth
        FROM (
            SELECT r.id, r.subscriber_id, COALESCE(z.moment, %s) AS moment,
                COALESCE(z.taken, %s) AS taken, COALESCE(z.batches, %s) AS batches
            FROM ({readers}) r
            JOIN {subscriber} u ON u.id = r.subscriber_id
            LEFT JOIN zone z ON z.name = u.time_zone
        ) t
    ) s
    JOIN place p ON p.moment = s.moment
        AND p.nth = CASE WHEN s.nth < s.batches THEN s.nth ELSE s.batches - 1 END
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
        reach = min(end, start + _reach(edition))
        found = _between(edition, start, reach)
        ids = list(found.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        last = ids[-1] if len(ids) == CHUNK else reach
        if ids:
            _insert(edition, start, last, len(ids))
        held.update(freeze_last_id=last)
        edition.freeze_last_id = last
    return True


def _reach(edition: Edition) -> int:
    """Return over how many ids a chunk of *edition* may go."""
    if edition.corrects:
        # Of each reader the ledger is asked twice for each of the editions, whoever got one.
        return max(CHUNK, REACH // (2 * (1 + len(edition.corrects))))
    is_grouped = audience.groups_of(edition.brief) is not None
    is_narrowed = edition.rules or edition.topics or is_grouped
    return REACH if is_narrowed else (edition.freeze_max_id or 0)


def _between(edition: Edition, after: int, last: int) -> QuerySet[Subscription]:
    return audience.of_edition(edition).filter(pk__gt=after, pk__lte=last)


def _insert(edition: Edition, after: int, last: int, readers: int) -> None:
    found = _between(edition, after, last)
    if edition.clock == Edition.Clock.READER:
        _insert_by_clock(edition, found)
        return
    first = _next_number(edition)
    batches = -(-readers // Batch.SIZE)
    _make_batches(edition, first, [(edition.send_at, None)] * batches)
    _execute(_INSERT, found, [edition.pk], [edition.pk, first, batches, batches])


def _next_number(edition: Edition) -> int:
    highest = Batch.objects.filter(edition=edition).aggregate(last=Max("number"))["last"]
    return 0 if highest is None else highest + 1


def _make_batches(
    edition: Edition, first: int, times: list[tuple[dt.datetime, dt.datetime | None]]
) -> None:
    """Make a batch for each of *times* (not before, planned), numbered from *first* on."""
    # The first finds out whether a lane that was broken is well again; the others do not wait.
    one, others = lanes.to_try(), lanes.preferred()
    Batch.objects.bulk_create(
        Batch(
            edition=edition,
            number=number,
            lane=one if number == first else others,
            not_before=not_before,
            planned_at=planned_at,
        )
        for number, (not_before, planned_at) in enumerate(times, start=first)
    )


def _execute(
    sql: str,
    found: QuerySet[Subscription],
    before: list[Any],
    after: list[Any],
    **parts: str,
) -> None:
    """Run *sql* with *found* as its readers; parameters stand *before* and *after* theirs."""
    readers, parameters = (
        found.order_by().values_list("id", "subscriber_id").query.sql_with_params()
    )
    sql = sql.format(
        delivery=Delivery._meta.db_table,
        subscriber=Subscriber._meta.db_table,
        batch=Batch._meta.db_table,
        size=Batch.SIZE,
        readers=readers,
        **parts,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*before, *parameters, *after])


# --- by the readers' clocks -------------------------------------------------


def _insert_by_clock(edition: Edition, found: QuerySet[Subscription]) -> None:
    """Write *found* into batches of their moments.

    Zones that strike the hour together share batches, and each moment goes on
    filling the batch that the chunk before has left half empty.
    """
    home = clocks.not_before(edition, "")
    moments: dict[dt.datetime, list[str]] = {}
    readers: dict[dt.datetime, int] = {}
    for stated, count in audience.by_zone(found).items():
        at = clocks.not_before(edition, stated)
        moments.setdefault(at, [])
        # Others are at home; whatever somebody may have written there makes no row of its own.
        if zones.exists(stated):
            moments[at].append(stated)
        readers[at] = readers.get(at, 0) + count
    if not moments:
        return  # the last of them has left just now
    places = _places(edition, readers)
    numbered = {at: number for number, at in enumerate(sorted(moments))}
    described = {at: (numbered[at], places[at][0], len(places[at][1])) for at in numbered}
    others = described.get(home) or described[max(described)]
    stated_zones: list[Any] = ["", *others]
    for at, names in moments.items():
        for name in names:
            stated_zones += [name, *described[at]]
    rows: list[Any] = []
    for at, (_taken, batches) in places.items():
        for nth, batch in enumerate(batches):
            rows += [numbered[at], nth, batch]
    _execute(
        _INSERT_BY_CLOCK,
        found,
        [*stated_zones, *rows, edition.pk, *others],
        [],
        zones=", ".join(["(%s, %s, %s, %s)"] * (len(stated_zones) // 4)),
        places=", ".join(["(%s, %s, %s)"] * (len(rows) // 3)),
    )


def _places(
    edition: Edition, readers: dict[dt.datetime, int]
) -> dict[dt.datetime, tuple[int, list[int]]]:
    """Return for each moment how much of its first batch is taken, and its batches."""
    open_ = _half_empty(edition)
    places: dict[dt.datetime, tuple[int, list[int]]] = {}
    times: list[dt.datetime] = []
    for at, count in readers.items():
        batch, taken = open_.get(at, (0, 0))
        places[at] = (taken, [batch] if batch else [])
        times += [at] * (-(-(taken + count) // Batch.SIZE) - bool(batch))
    first = _next_number(edition)
    _make_batches(edition, first, [(at, at) for at in times])
    made = Batch.objects.filter(edition=edition, number__gte=first)
    for pk, at in made.order_by("number").values_list("pk", "not_before"):
        places[at][1].append(pk)
    return places


def _half_empty(edition: Edition) -> dict[dt.datetime, tuple[int, int]]:
    """Return {moment: (batch, readers in it)} of the last batches that have room."""
    ours = Batch.objects.filter(edition=edition)
    lasts = ours.order_by().values("planned_at").annotate(last=Max("pk")).values("last")
    counted = ours.filter(pk__in=lasts).annotate(readers=Count("deliveries"))
    return {
        batch.planned_at: (batch.pk, batch.readers)
        for batch in counted
        if batch.planned_at and batch.readers < Batch.SIZE
    }
