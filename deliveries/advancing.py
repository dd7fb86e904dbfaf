"""Advancing: what a provider's reports make of a delivery, in whatever order they come.

The status after a set of reports depends on the set alone: each of them proposes
one, and the furthest wins. A report is the proof that a copy went out, so that
it advances whatever the ledger believed of it, a failure too: after an attempt
in doubt another may have failed, and the reader has the first.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Now

from deliveries.models import Batch, Delivery, DeliveryEvent
from deliveries.told import BOUNCED, COMPLAINED, DELIVERED, REFUSED, Told

Status = Delivery.Status

# Further is later; all that is not here is what came before any report.
_RANK: dict[str, int] = {
    Status.FAILED: 1,
    Status.DELIVERED: 2,
    Status.BOUNCED: 3,
    Status.COMPLAINED: 4,
}
_PROPOSES = {
    REFUSED: Status.FAILED,
    DELIVERED: Status.DELIVERED,
    BOUNCED: Status.BOUNCED,
    COMPLAINED: Status.COMPLAINED,
}
# What is counted on the batch: the brakes judge by it.
COUNTED = (BOUNCED, COMPLAINED)


class Row(NamedTuple):
    """A delivery as it stands, locked until the transaction ends."""

    pk: int
    edition: int
    batch: int | None
    subscriber: int | None
    status: str
    attempt: int


@dataclass
class News:
    """What a run of reports has told that was not known before, by delivery."""

    rows: dict[int, Row] = field(default_factory=dict)
    # Reports that left no event yet.
    fresh: list[tuple[Row, Told]] = field(default_factory=list)
    # Deliveries of which nobody had said so before.
    bounced: set[int] = field(default_factory=set)
    complained: set[int] = field(default_factory=set)
    delivered: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)


def lock_batches(ids: Iterable[int]) -> None:
    """Lock the batches of the deliveries *ids*, each of whose counters will be written.

    Called before lock(): who takes a slice has its batch before its rows, and two
    that go the other way round would be a deadlock.
    """
    theirs = Delivery.objects.filter(pk__in=ids).values("batch")
    rows = Batch.objects.select_for_update(no_key=True).filter(pk__in=theirs).order_by("pk")
    list(rows.values_list("pk"))


def lock(ids: Iterable[int]) -> dict[int, Row]:
    """Lock those deliveries of *ids* that nobody else holds, and return them.

    Who settles or takes one just now is not waited for: two that wait for each
    other would be a deadlock.
    """
    rows = Delivery.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=ids)
    found = rows.order_by("pk").values_list(
        "pk", "edition_id", "batch_id", "subscriber_id", "status", "attempt"
    )
    return {values[0]: Row(*values) for values in found}


def apply(rows: dict[int, Row], reports: Sequence[tuple[int, Told]], source: str) -> News:
    """Write down *reports*, each of a delivery among *rows*, and advance their statuses.

    Called in a transaction that holds the rows. A repeat changes nothing and
    is no news.
    """
    news = News(rows)
    by_delivery: dict[int, list[Told]] = defaultdict(list)
    for pk, told in reports:
        by_delivery[pk].append(told)
    _write_events(news, by_delivery, source)
    told_badly = {row.pk for row, told in news.fresh if told.type in (BOUNCED, REFUSED)}
    targets: dict[str, list[int]] = defaultdict(list)
    for pk, tolds in by_delivery.items():
        row = rows[pk]
        status = _furthest(row, tolds)
        if status != row.status:
            news.changed.add(pk)
            targets[status].append(pk)
            if status == Status.DELIVERED:
                news.delivered.add(pk)
        elif pk in told_badly and status in (Status.BOUNCED, Status.FAILED):
            targets[status].append(pk)
    for status, ids in targets.items():
        _advance(sorted(ids), Status(status))
    return news


def _write_events(news: News, by_delivery: dict[int, list[Told]], source: str) -> None:
    """Store what left no event yet; what was delivered has none."""
    ids = [pk for pk, tolds in by_delivery.items() if any(t.type != DELIVERED for t in tolds)]
    if not ids:
        return
    seen: set[tuple[int, str, str]] = set(
        DeliveryEvent.objects.filter(delivery__in=ids)
        .order_by()
        .values_list("delivery_id", "type", "key")
    )
    before = {(pk, type_) for pk, type_, _key in seen}
    events = []
    for pk in ids:
        row = news.rows[pk]
        for told in by_delivery[pk]:
            if told.type == DELIVERED or (pk, told.type, told.key) in seen:
                continue
            seen.add((pk, told.type, told.key))
            news.fresh.append((row, told))
            for kind, group in ((BOUNCED, news.bounced), (COMPLAINED, news.complained)):
                if told.type == kind and (pk, kind) not in before:
                    group.add(pk)
            events.append(_event(row, told, source))
    DeliveryEvent.objects.bulk_create(events, ignore_conflicts=True)


def _event(row: Row, told: Told, source: str) -> DeliveryEvent:
    return DeliveryEvent(
        delivery_id=row.pk,
        type=told.type,
        key=told.key,
        at=told.at,
        source=source,
        is_permanent=told.is_permanent,
        code=told.code,
        reason=told.reason,
        # A server's words may name the reader, who was erased.
        words=told.words if row.subscriber is not None else "",
    )


def _furthest(row: Row, tolds: Iterable[Told]) -> str:
    best = row.status
    for told in tolds:
        proposed = _PROPOSES.get(told.type)
        if proposed is None or (proposed in _OF_AN_ATTEMPT and _is_older(row, told)):
            continue
        if _RANK[proposed] > _RANK.get(best, 0):
            best = proposed
    return best


# That an older attempt bounced says nothing of a newer one; that it arrived does.
_OF_AN_ATTEMPT = (Status.BOUNCED, Status.FAILED)


def _is_older(row: Row, told: Told) -> bool:
    """Tell whether *told* is about an attempt before the one that *row* is at.

    Who is pending has the next one before them.
    """
    if row.status == Status.PENDING:
        return told.attempt <= row.attempt
    return 0 < told.attempt < row.attempt


def _advance(ids: list[int], status: Status) -> None:
    lower = [one for one in Status.values if _RANK.get(one, 0) <= _RANK[status]]
    rows = Delivery.objects.filter(pk__in=ids, status__in=lower)
    if status in (Status.DELIVERED, Status.COMPLAINED):
        _end(rows, status, "", "")
        return
    for pk, (reason, words) in _why(ids, status).items():
        _end(rows.filter(pk=pk), status, reason, words)


def _end(rows: QuerySet[Delivery], status: str, reason: str, reply: str) -> int:
    return rows.update(status=status, reason=reason, reply=reply, due_at=None, changed_at=Now())


def _why(ids: list[int], status: Status) -> dict[int, tuple[str, str]]:
    """Return the reason and words that stand for all that was told of each delivery.

    The worst of them, and of these the first, whatever came in first.
    """
    kind = BOUNCED if status == Status.BOUNCED else REFUSED
    told = DeliveryEvent.objects.filter(delivery__in=ids, type=kind).order_by()
    found: dict[int, list[tuple[bool, dt.datetime, str, str, str]]] = defaultdict(list)
    for pk, permanent, at, key, reason, words in told.values_list(
        "delivery_id", "is_permanent", "at", "key", "reason", "words"
    ):
        found[pk].append((not permanent, at, key, reason, words))
    empty = "unknown" if kind == BOUNCED else "refused"
    return {pk: (min(found[pk])[3] or empty, min(found[pk])[4]) for pk in ids if pk in found}
