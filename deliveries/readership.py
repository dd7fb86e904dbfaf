"""How many would get it: exact for a few thousand readers, and quick for a million.

A screen must not count a million rows before it shows. Up to some thousands
are counted on the spot. Of larger publications the tick keeps the number, at
most once a minute and a fiftieth of the time, and the screen says from when it
is; what topics or a segment narrow is counted by a request of its own.
"""

import datetime as dt
import hashlib
import json
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.utils import timezone
from redis.exceptions import RedisError

from briefs.models import Publication
from deliveries import audience, segments
from deliveries.models import Edition, Readership
from subscribers.models import Subscription

COUNTED_AT_ONCE = 20_000
LEAST_PAUSE = 60.0  # seconds
ONE_PART_IN = 50
ROUND = 2.0
A_CLOCK_AHEAD = dt.timedelta(hours=1)
REMEMBERED = 60  # seconds that a narrowed count is good for
EACH = Subscription.Rhythm.EACH


class Counted(NamedTuple):
    """A number of readers; None where nobody has counted yet, `as_of` where it is not of now."""

    readers: int | None
    as_of: dt.datetime | None = None


def quick(
    publication: Publication,
    topics: Collection[int] = (),
    rules: Sequence[segments.Rule] = (),
    rhythm: str = EACH,
    groups: Collection[int] | None = None,
) -> Counted:
    """Return how many readers audience.readers() has, without counting more than some thousands."""
    if is_small(publication):
        return Counted(audience.readers(publication, topics, rules, rhythm, groups).count())
    if topics or rules or groups is not None:
        return _remembered(_key(publication, topics, rules, rhythm, groups))
    row = Readership.objects.filter(publication=publication).first()
    if row is None:
        return Counted(None)
    number = row.active - row.weekly if rhythm == EACH else row.weekly
    return Counted(number, row.counted_at)


def exact(
    publication: Publication,
    topics: Collection[int] = (),
    rules: Sequence[segments.Rule] = (),
    rhythm: str = EACH,
    groups: Collection[int] | None = None,
) -> Counted:
    """Count them all, as of now or of the last minute; with a million this takes a moment."""
    key = _key(publication, topics, rules, rhythm, groups)
    known = _remembered(key)
    if known.readers is not None and not is_small(publication):
        return known
    rows = audience.readers(publication, topics, rules, rhythm, groups)
    found = Counted(rows.count(), timezone.now())
    with suppress(RedisError):
        cache.set(key, tuple(found), REMEMBERED)
    return found


def of_edition(edition: Edition) -> Counted:
    """Return who would get *edition* if it were frozen now, as far as is known."""
    is_digest = edition.kind == Edition.Kind.DIGEST
    rhythm = Subscription.Rhythm.WEEKLY if is_digest else EACH
    if edition.corrects:
        return Counted(None)  # who got a wrong edition: the ledger knows when it is frozen
    groups = audience.groups_of(edition.brief)
    return quick(edition.publication, edition.topics, edition.rules, rhythm, groups)


def is_small(publication: Publication) -> bool:
    """Tell whether its readers may be counted within a request."""
    return size_of([publication.pk]) <= COUNTED_AT_ONCE


def size_of(publications: Iterable[int]) -> int:
    """Return about how many readers *publications* have; no further than what is small."""
    ids = set(publications)
    rows = Readership.objects.filter(publication__in=ids)
    known = dict(rows.values_list("publication_id", "active"))
    size = sum(known.values())
    for pk in ids:
        # A row of a minute ago knows nothing of an import since: few are looked at themselves.
        if known.get(pk, 0) <= COUNTED_AT_ONCE and size <= COUNTED_AT_ONCE:
            rows_of = Subscription.objects.filter(publication=pk).order_by()
            size += rows_of[: COUNTED_AT_ONCE + 1].count() - known.get(pk, 0)
    return size


def keep() -> int:
    """Count the readers of each publication anew where it is time; return of how many."""
    until = time.monotonic() + ROUND
    counted = 0
    long_ago = Q(readership__counted_at__lt=Now() - dt.timedelta(seconds=LEAST_PAUSE))
    missing = Q(readership__isnull=True) | Q(readership__counted_at__gt=Now() + A_CLOCK_AHEAD)
    found = Publication.objects.filter(long_ago | missing).select_related("readership")
    # The longest ago first: else the first few of many would take all the time there is.
    for publication in found.order_by(F("readership__counted_at").asc(nulls_first=True), "pk"):
        row = getattr(publication, "readership", None)
        if row is None or _is_due(row):
            _count(publication)
            counted += 1
        if time.monotonic() > until:
            break
    return counted


def _is_due(row: Readership) -> bool:
    age = (timezone.now() - row.counted_at).total_seconds()
    return not 0 <= age < max(LEAST_PAUSE, ONE_PART_IN * row.seconds)


def _count(publication: Publication) -> None:
    begun, at = time.monotonic(), timezone.now()
    active = Q(status=Subscription.Status.ACTIVE)
    rows = Subscription.objects.filter(publication=publication)
    found = rows.aggregate(
        active=Count("pk", filter=active),
        weekly=Count("pk", filter=active & Q(rhythm=Subscription.Rhythm.WEEKLY)),
        unconfirmed=Count("pk", filter=Q(status=Subscription.Status.UNCONFIRMED)),
    )
    seconds = time.monotonic() - begun
    Readership.objects.update_or_create(
        publication=publication, defaults={**found, "counted_at": at, "seconds": seconds}
    )


def _key(
    publication: Publication,
    topics: Collection[int],
    rules: Sequence[segments.Rule],
    rhythm: str,
    groups: Collection[int] | None,
) -> str:
    among = [] if groups is None else [sorted(groups)]
    asked = json.dumps(
        [publication.pk, sorted(topics), list(rules), rhythm, *among], sort_keys=True
    )
    return f"readers:{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def _remembered(key: str) -> Counted:
    try:
        found = cache.get(key)
    except RedisError:
        found = None
    return Counted(*found) if found else Counted(None)
