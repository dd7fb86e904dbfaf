"""The figures of an edition: what its report, its CSV, the JSON and the weekly mail all show.

One definition of each number (analytics.counts, docs/reports.md). Of a small
edition they are counted where they are asked for; of a large one a worker
keeps them in a row, ever more seldom as the edition ages, and a page reads
that row with what the ledger's tally has learned since. What is settled is
never counted again: its rows may be gone.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterable
from typing import Any

from django.core.cache import cache
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from redis.exceptions import RedisError

from analytics import counts
from analytics.models import EditionFigures
from deliveries import reports, tallies
from deliveries.models import PIXEL, Delivery, Edition

log = logging.getLogger(__name__)

# Raised when what count() returns changes its meaning.
VERSION = 1
# An edition as old as the first is counted as often as the second.
PACE = (
    (dt.timedelta(hours=2), dt.timedelta(minutes=1)),
    (dt.timedelta(days=2), dt.timedelta(minutes=10)),
    (dt.timedelta(days=14), dt.timedelta(hours=2)),
    (dt.timedelta(days=100), dt.timedelta(days=1)),
)
SELDOM = dt.timedelta(days=7)
# Counting takes one part in so many of a worker's time.
ONE_PART_IN = 50
LEAST_PAUSE = 30  # seconds
# One round of counting, in seconds.
ROUND = 5.0
MOST_AT_ONCE = 200


def count(edition: Edition) -> dict[str, Any]:
    """Count *edition* from its rows; a million deliveries take seconds.

    JSON-able. What could not be measured is None, never 0: "hits", "links"
    that nobody counts, "readers" but under the policy *per reader*.
    """
    begun = time.monotonic()
    policy = counts.policy(edition)
    found = counts.ledger(edition)
    summary = reports.sums(found.why)
    statuses = summary["statuses"]
    totals = counts.sums(statuses)
    domains = counts.by_domain(edition) if summary["audience"] else []
    return {
        "version": VERSION,
        "status": edition.status,
        "kind": edition.kind,
        "policy": policy,
        "started_at": edition.started_at.isoformat() if edition.started_at else None,
        **summary,
        **totals,
        "why": counts.by_reason(found.why),
        "deferred": counts.deferred(edition) if totals["waiting"] else 0,
        "bounces": counts.bounces(edition, found, totals["bounced"]),
        "unsubscribed": counts.departures(edition, found),
        "domains": counts.others(
            domains,
            {**totals, "audience": summary["audience"], "failed": statuses["failed"]},
        ),
        "heard": counts.heard(edition, statuses),
        **_hits(edition, found, policy),
        "at": timezone.now().isoformat(),
        "seconds": round(time.monotonic() - begun, 3),
    }


def _hits(edition: Edition, found: counts.Ledger, policy: str) -> dict[str, Any]:
    if policy == "off":
        links = counts.links(edition, {})
        unknown = {"human": None, "machine": None}
        return {
            "hits": None,
            "readers": None,
            "curve": None,
            "links": [{**link, **unknown} for link in links],
        }
    return {
        **_sums(edition),
        "readers": counts.readers(edition, found) if policy == "per-reader" else None,
    }


def _sums(edition: Edition) -> dict[str, Any]:
    """Return opens and clicks of *edition* as far as they are sums, which are quickly read."""
    counted = counts.hits(edition)
    opens = counted.pop(PIXEL, {"human": 0, "machine": 0})
    clicks = {
        kind: sum(number[kind] for number in counted.values()) for kind in ("human", "machine")
    }
    return {
        "hits": {"opens": opens, "clicks": clicks},
        "curve": counts.curve(edition),
        "links": counts.links(edition, counted),
    }


def of(edition: Edition) -> dict[str, Any]:
    """Return the figures of *edition* as far as a page may ask for them: count() or its row."""
    row = EditionFigures.objects.filter(edition=edition).first()
    if (row is None or not row.is_final) and tallies.is_small(edition):
        return count(edition)
    return _up_to_now(edition, row)


def of_now(edition: Edition) -> dict[str, Any]:
    """Return of(edition) with the opens and clicks of this moment, for who does not ask often."""
    found = of(edition)
    is_final = EditionFigures.objects.filter(edition=edition, is_final=True).exists()
    return found if is_final or not found["hits"] else {**found, **_sums(edition)}


def of_many(editions: Iterable[Edition]) -> list[dict[str, Any]]:
    """Return the figures of each of *editions*, for a list: by their rows, where they have one.

    Fetch them with their tally: then each costs no query, or few.
    """
    editions = list(editions)
    rows = {
        row.edition_id: row
        for row in EditionFigures.objects.filter(edition__in=[one.pk for one in editions])
    }
    return [
        _up_to_now(one, rows.get(one.pk))
        if one.pk in rows or not tallies.is_small(one)
        else count(one)
        for one in editions
    ]


def _up_to_now(edition: Edition, row: EditionFigures | None) -> dict[str, Any]:
    """Return the figures of *row* with what the tally has learned since, so that pages agree."""
    if row is not None and row.is_final:
        return dict(row.figures)
    ledger = tallies.of(edition)
    known = row.figures if row is not None and row.figures else _nothing_yet(edition)
    return {**known, "status": edition.status, **ledger, **counts.sums(ledger["statuses"])}


def _nothing_yet(edition: Edition) -> dict[str, Any]:
    """Return the figures of *edition* before they were ever counted."""
    nothing = counts.Ledger([], 0, -1)
    audience = edition.audience or 0
    statuses = dict.fromkeys(Delivery.Status.values, 0)
    return {
        "version": VERSION,
        "kind": edition.kind,
        "policy": counts.policy(edition),
        "started_at": edition.started_at.isoformat() if edition.started_at else None,
        "audience": audience,
        "why": counts.by_reason([]),
        "deferred": 0,
        "bounces": {"permanent": {}, "transient": {}},
        "unsubscribed": {"readers": 0, "reasons": {}},
        "domains": [],
        "heard": counts.heard(edition, {str(key): number for key, number in statuses.items()}),
        **_hits(edition, nothing, counts.policy(edition)),
        "at": None,
        "seconds": 0.0,
    }


def settle(edition: Edition) -> dict[str, Any]:
    """Count *edition* for the last time and return its figures; a repeat changes nothing.

    Whoever takes its rows away calls this first.
    """
    row, _made = EditionFigures.objects.get_or_create(
        edition=edition, defaults={"counted_at": tallies.NOT_COUNTED}
    )
    if not row.is_final:
        EditionFigures.objects.filter(pk=row.pk, is_final=False).update(
            figures=count(edition), counted_at=Now(), is_final=True
        )
        row.refresh_from_db()
    return dict(row.figures)


def keep() -> int:
    """Count anew what is due, for some seconds; return how many editions."""
    until = time.monotonic() + ROUND
    counted = 0
    for edition in _due():
        try:
            if not cache.add(f"edition-figures:{edition.pk}", 1, LEAST_PAUSE):
                continue
            seconds = _renew(edition)
            pause = max(LEAST_PAUSE, round(ONE_PART_IN * seconds))
            cache.touch(f"edition-figures:{edition.pk}", pause)
        except RedisError:
            log.warning("Redis is away; editions are counted once it is back.")
            return counted
        except Exception:
            # One that cannot be counted holds up no other.
            log.exception("Edition %s could not be counted.", edition.pk)
            continue
        counted += 1
        if time.monotonic() > until:
            break
    return counted


def _due() -> QuerySet[Edition]:
    """Return the editions whose figures are missing or too old for their age, newest first."""
    begun = Edition.objects.filter(started_at__isnull=False, pruning_at__isnull=True)
    is_due = Q(figures__isnull=True)
    for age, pause in PACE:
        is_due |= Q(started_at__gt=Now() - age, figures__counted_at__lt=Now() - pause)
    is_due |= Q(figures__counted_at__lt=Now() - SELDOM)
    # What a dead man's clock wrote would never be due again.
    is_due |= Q(figures__counted_at__gt=Now() + dt.timedelta(hours=1))
    open_ = Q(figures__isnull=True) | Q(figures__is_final=False)
    return (
        begun.filter(is_due, open_)
        .select_related("revision")
        .order_by(F("started_at").desc(), "-pk")[:MOST_AT_ONCE]
    )


def _renew(edition: Edition) -> float:
    """Count *edition* and write it down, unless it was settled meanwhile; return the seconds."""
    begun = time.monotonic()
    edition.refresh_from_db(fields=["status"])
    row, _made = EditionFigures.objects.get_or_create(
        edition=edition, defaults={"counted_at": tallies.NOT_COUNTED}
    )
    EditionFigures.objects.filter(pk=row.pk, is_final=False).update(
        figures=count(edition), counted_at=Now()
    )
    return time.monotonic() - begun
