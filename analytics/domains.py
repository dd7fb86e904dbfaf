"""Receiving domains by the day: counted by a worker at a pace, kept when the ledger's rows go."""

import datetime as dt
import logging
import math
import time
from collections import defaultdict
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from redis.exceptions import RedisError

from analytics.models import DomainDay
from briefs.models import Publication
from deliveries import zones
from deliveries.models import Delivery, Edition

log = logging.getLogger(__name__)

# The many small domains of a day are one row.
OTHERS = "*"
MOST_BY_SIZE, MOST_BY_TROUBLE = 25, 15
# A domain with fewer letters a day says nothing by itself.
LEAST_LETTERS = 10
# How far back late words of servers are counted in.
LATELY = dt.timedelta(days=10)
LEAST_PAUSE = 600  # seconds between two counts of one edition
# Counting takes one part in so many of a worker's time.
ONE_PART_IN = 100
# One round of counting.
ROUND = 5.0

Status = Delivery.Status
COLUMNS = ("sent", "delivered", "bounced", "complained", "failed")
# In which columns a delivery counts: what came back had been sent before.
_COUNTS: dict[str, tuple[str, ...]] = {
    Status.SENT: ("sent",),
    Status.DELIVERED: ("sent", "delivered"),
    Status.BOUNCED: ("sent", "bounced"),
    Status.COMPLAINED: ("sent", "complained"),
    Status.FAILED: ("failed",),
}

# One house under several names: it judges a sender once, for all of them.
_HOUSES = {
    "Gmail": ("gmail.com", "googlemail.com"),
    "Yahoo": (
        *("yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it", "yahoo.ca"),
        *("ymail.com", "rocketmail.com", "aol.com", "aim.com"),
    ),
    "Outlook.com": (
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "outlook.fr"),
        *("hotmail.co.uk", "hotmail.de", "hotmail.fr", "hotmail.it", "hotmail.es", "live.co.uk"),
        *("live.de", "live.fr", "live.nl"),
    ),
    "iCloud": ("icloud.com", "me.com", "mac.com"),
    "GMX and WEB.DE": ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de"),
    "Proton": ("proton.me", "protonmail.com", "pm.me"),
}
_HOUSE_OF = {domain: house for house, domains in _HOUSES.items() for domain in domains}


def house_of(domain: str) -> str:
    """Return who judges mail to *domain*: a large house by its name, else the domain itself."""
    return _HOUSE_OF.get(domain, domain)


def keep() -> int:
    """Count the days of late editions anew whose tally has changed; return how many editions."""
    until = time.monotonic() + ROUND
    counted = 0
    for edition in _lately():
        key, state = f"domain-day:{edition.pk}", edition.tally.report.get("at", "")
        try:
            if cache.get(key) == state or not cache.add(f"{key}:pace", 1, LEAST_PAUSE):
                continue
            begun = time.monotonic()
            roll_up(edition)
            took = time.monotonic() - begun
            cache.touch(f"{key}:pace", max(LEAST_PAUSE, math.ceil(ONE_PART_IN * took)))
            cache.set(key, state, int(LATELY.total_seconds()))
        except RedisError:
            log.warning("Redis is away; receiving domains are counted once it is back.")
            return counted
        counted += 1
        if time.monotonic() > until:
            break
    return counted


def _lately() -> Iterable[Edition]:
    """Return the editions of the last days that something has been counted of, latest first."""
    return (
        Edition.objects.filter(
            frozen_at__gt=timezone.now() - LATELY, pruning_at__isnull=True, tally__isnull=False
        )
        .select_related("publication", "tally")
        .order_by("-frozen_at")
    )


def day_of(edition: Edition) -> dt.date:
    """Return the day on which *edition* went out, by the clock of its publication."""
    at = edition.frozen_at or edition.send_at
    return at.astimezone(_zone(edition.publication)).date()


def _zone(publication: Publication) -> ZoneInfo:
    return ZoneInfo(zones.known(publication.time_zone, "UTC"))


def roll_up(edition: Edition) -> int:
    """Count the day of *edition* anew; return how many rows it has.

    All editions of its publication and day are counted together. A day that
    has lost rows of one of them stays as it was counted before.
    """
    publication, day = edition.publication, day_of(edition)
    begins = dt.datetime.combine(day, dt.time(), _zone(publication))
    ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), _zone(publication))
    same_day = Edition.objects.filter(
        publication=publication, frozen_at__gte=begins, frozen_at__lt=ends
    ).only("pk", "pruning_at")
    editions = list(same_day)
    if any(one.is_pruned for one in editions):
        return 0
    counted = _shortened(_counted([one.pk for one in editions]))
    rows = [
        DomainDay(publication=publication, day=day, domain=domain, **columns)
        for domain, columns in counted.items()
    ]
    with transaction.atomic():
        DomainDay.objects.filter(publication=publication, day=day).exclude(
            domain__in=list(counted)
        ).delete()
        DomainDay.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["publication", "day", "domain"],
            update_fields=COLUMNS,
        )
    return len(rows)


def _counted(editions: list[int]) -> dict[str, dict[str, int]]:
    """Return what became of the letters of *editions*, by domain."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    rows = (
        Delivery.objects.filter(edition__in=editions)
        .order_by()
        .values_list("subscriber__domain", "status")
        .annotate(letters=Count("pk"))
    )
    for domain, status, letters in rows:
        for column in _COUNTS.get(status, ()):
            # Who was erased has no domain any more.
            found[domain or OTHERS][column] += letters
    return found


def _shortened(found: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the largest and the most troubled domains by themselves, all others together."""

    def letters(domain: str) -> int:
        return found[domain]["sent"] + found[domain]["failed"]

    def troubles(domain: str) -> int:
        return sum(found[domain][column] for column in ("bounced", "complained", "failed"))

    # By name where they are alike, so that a repeat chooses the same ones.
    names = sorted(name for name in found if name != OTHERS and letters(name) >= LEAST_LETTERS)
    largest = sorted(names, key=letters, reverse=True)[:MOST_BY_SIZE]
    worst = [name for name in sorted(names, key=troubles, reverse=True) if troubles(name)]
    chosen = {*largest, *worst[:MOST_BY_TROUBLE]} | (_HOUSE_OF.keys() & set(names))
    kept: dict[str, dict[str, int]] = {}
    for domain, columns in found.items():
        row = kept.setdefault(domain if domain in chosen else OTHERS, dict.fromkeys(COLUMNS, 0))
        for column, number in columns.items():
            row[column] += number
    return kept
