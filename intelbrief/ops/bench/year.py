"""A year of daily editions: how large the database gets, whom pruning keeps waiting, and whether
the report of the first edition says the same at the end.

Days go by as fast as rows can be written. What each would have left behind is
inserted by one statement a table, since sending is measured elsewhere; what is
rolled up and pruned is so by the code that does it at night, told what day it
is, while somebody else writes all the time.
"""

import datetime as dt
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from analytics import domains, figures, retention
from briefs import revisions
from briefs.models import Publication
from deliveries import tallies
from deliveries.models import Batch, Delivery, DeliveryEvent, Edition, HitCount, ReaderHit
from intelbrief.ops import population
from intelbrief.ops.scratch import CannotRun, Running, Scratch
from intelbrief.ops.supervisor import python
from subscribers.models import Subscription

# Bytes by which docs/retention.md bounds the database: for each delivery that is kept with what
# is told of it, for each reader, and for each edition for ever. By vendor.
BOUND = {
    "sqlite": {"delivery": 220, "reader": 1_500, "edition": 150_000, "base": 20_000_000},
    "postgresql": {"delivery": 600, "reader": 2_500, "edition": 250_000, "base": 60_000_000},
}
# Of a thousand letters: what became of them, and who opened and clicked (per reader, the most
# that is stored).
BOUNCED, COMPLAINED, FAILED, SKIPPED, DELIVERED = 8, 1, 5, 2, 600
OPENED, CLICKED = 300, 50
HOURS = 72
# The night of the simulation is short: it rests less between two steps than a real one.
REST = 0.2
STEP_SECONDS = 600.0


def run(
    scratch: Scratch, readers: int, days: int, kept: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Live *days* days with *readers* readers, deliveries being kept for *kept*; return figures."""
    settings.DELIVERY_DAYS = kept
    population.make_readers(readers)
    publication = population.make_publication(readers)
    connections.close_all()
    other = _Other(scratch, publication.pk)
    year = Year(publication, readers, days)
    started_at = time.monotonic()
    for day in range(days):
        year.send(day)
        other.go_on()
        year.night(day)
        other.rest()
        if day % 30 == 29:
            say(f"Day {day + 1}: {year.sizes[-1] / 1e6:,.0f} MB.")
    longest = other.end()
    seconds = time.monotonic() - started_at
    return {**year.verdict(kept), "longest_wait_of_a_writer_seconds": round(longest, 3),
            "seconds": round(seconds)}  # fmt: skip


class _Other:
    """Somebody else who writes while rows go, and nothing while a day is made up."""

    def __init__(self, scratch: Scratch, publication: int) -> None:
        command = python("-m", "intelbrief.ops.bench.writer", str(publication))
        self._one: Running = scratch.spawn("writer", command, stdout=subprocess.PIPE)
        self._answer()
        self.rest()

    def _answer(self) -> str:
        assert self._one.process.stdout
        return self._one.process.stdout.readline().decode().strip()

    def rest(self) -> None:
        """Wait until nothing is written."""
        self._one.process.send_signal(signal.SIGUSR1)
        self._answer()

    go_on = rest

    def end(self) -> float:
        """Return the longest wait in seconds."""
        self._one.process.send_signal(signal.SIGTERM)
        return float(self._answer())


class Year:
    """The days, and what is looked at when they are over."""

    def __init__(self, publication: Publication, readers: int, days: int) -> None:
        self.publication = publication
        self.readers = readers
        self.begins = timezone.now() - dt.timedelta(days=days)
        self.sizes: list[int] = []
        self.editions: list[int] = []
        self.first: dict[str, Any] = {}
        self.pruned = 0

    def send(self, day: int) -> Edition:
        """Store what an edition of *day* leaves behind."""
        at = self.begins + dt.timedelta(days=day)
        brief = population.make_brief(self.publication, "sample")
        edition = Edition.objects.create(
            brief=brief,
            revision=revisions.take(brief),
            publication=self.publication,
            status=Edition.Status.FINISHED,
            send_at=at,
            created_at=at,
            started_at=at,
            frozen_at=at,
            finished_at=at + dt.timedelta(minutes=5),
            audience=self.readers,
        )
        _write_ledger(edition, day)
        _write_what_came_back(edition)
        self.editions.append(edition.pk)
        tallies.renew(edition)
        domains.roll_up(edition)
        if day == 0:
            self.first = _report(edition)
        return edition

    def night(self, day: int) -> None:
        """Roll up and prune as the task does, and note how large everything is."""
        now = self.begins + dt.timedelta(days=day, hours=23)
        self.pruned += retention.keep(STEP_SECONDS, now, REST)
        self.sizes.append(_size())

    def verdict(self, kept: int) -> dict[str, Any]:
        """Return the figures; raise CannotRun where the first edition was not pruned at all."""
        first = Edition.objects.get(pk=self.editions[0])
        if first.pruned_at is None:
            raise CannotRun(f"Nothing was pruned within {len(self.editions)} days: take more.")
        bound = bound_of(connection.vendor, self.readers, len(self.editions), kept)
        live = Delivery.objects.count()
        return {
            "readers": self.readers,
            "days": len(self.editions),
            "kept_days": kept,
            "deliveries_made": self.readers * len(self.editions),
            "deliveries_pruned": self.pruned,
            "deliveries_left": live,
            "megabytes_at_end": round(self.sizes[-1] / 1e6, 1),
            "megabytes_at_peak": round(max(self.sizes) / 1e6, 1),
            "megabytes_bound": round(bound / 1e6, 1),
            "is_within_bound": max(self.sizes) <= bound,
            "bytes_per_delivery": round(max(self.sizes) / max(live, 1)),
            "first_report_is_unchanged": _report(first) == self.first,
        }


def bound_of(vendor: str, readers: int, editions: int, kept: int) -> int:
    """Return how many bytes docs/retention.md promises at most, one edition being sent a day."""
    each = BOUND[vendor]
    # Two days more than are kept: an edition ends on its day, and goes in the night after.
    deliveries = readers * min(editions, kept + 2)
    return (
        deliveries * each["delivery"]
        + readers * each["reader"]
        + editions * each["edition"]
        + each["base"]
    )


def _report(edition: Edition) -> dict[str, Any]:
    """Return the report of *edition* but for when, and how long, it was counted."""
    found = figures.of(edition)
    if found["at"] is None:
        found = figures.count(edition)
    return {key: value for key, value in found.items() if key not in ("at", "seconds")}


def _write_ledger(edition: Edition, day: int) -> None:
    """Store a delivery for each reader, in batches, as an ESP reports on them."""
    links = Subscription.objects.filter(publication=edition.publication_id)
    first = links.order_by("pk").values_list("pk", flat=True)[0]
    batches = Batch.objects.bulk_create(
        [
            Batch(
                edition=edition,
                number=number,
                not_before=edition.send_at,
                done_at=edition.finished_at,
                sent=Batch.SIZE,
            )
            for number in range(-(-(edition.audience or 0) // Batch.SIZE))
        ],
        batch_size=500,
    )
    stops, at = [], 0
    for share in (BOUNCED, COMPLAINED, FAILED, SKIPPED, DELIVERED):
        at += share
        stops.append(at)
    lot = "(t.id * 7919 + %s * 104729) %% 1000"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")  # no look at each foreign key
        else:
            cursor.execute("PRAGMA cache_size = -400000")
        cursor.execute(
            f"""
            INSERT INTO {Delivery._meta.db_table}
                (edition_id, subscriber_id, batch_id, status, reason, reply, attempt, changed_at)
            SELECT %s, t.subscriber_id, %s + (t.id - %s) / {Batch.SIZE},
                CASE WHEN {lot} < %s THEN 'bounced' WHEN {lot} < %s THEN 'complained'
                    WHEN {lot} < %s THEN 'failed' WHEN {lot} < %s THEN 'skipped'
                    WHEN {lot} < %s THEN 'delivered' ELSE 'sent' END,
                CASE WHEN {lot} < %s THEN '' WHEN {lot} < %s THEN 'refused'
                    WHEN {lot} < %s THEN 'unsubscribed' ELSE '' END,
                CASE WHEN {lot} < %s THEN '' WHEN {lot} < %s THEN '550 5.1.1 No such user here'
                    ELSE '' END,
                1, %s
            FROM {Subscription._meta.db_table} t WHERE t.publication_id = %s ORDER BY t.id
            """,  # noqa: S608  (our own names)
            [
                *(edition.pk, batches[0].pk, first),
                *(value for stop in stops for value in (day, stop)),
                *(value for stop in stops[1:4] for value in (day, stop)),
                *(value for stop in stops[1:3] for value in (day, stop)),
                *(edition.finished_at, edition.publication_id),
            ],
        )


def _write_what_came_back(edition: Edition) -> None:
    """Store bounces and complaints, and who opened and clicked when."""
    at = edition.finished_at
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {DeliveryEvent._meta.db_table}
                (delivery_id, type, key, at, recorded_at, source, is_permanent, code, reason, words)
            SELECT d.id, d.status, 'bench-key-of-forty-characters-0000000000', %s, %s, 'postmark',
                d.status = 'bounced', '5.1.1', CASE WHEN d.status = 'bounced' THEN 'no-mailbox'
                ELSE '' END, 'smtp;550 5.1.1 The email account does not exist'
            FROM {Delivery._meta.db_table} d
            WHERE d.edition_id = %s AND d.status IN ('bounced', 'complained')
            """,  # noqa: S608  (our own names)
            [at, at, edition.pk],
        )
        for position, share in ((-1, OPENED), (0, CLICKED)):
            cursor.execute(
                f"""
                INSERT INTO {ReaderHit._meta.db_table}
                    (delivery_id, position, is_machine, first_at, hits)
                SELECT d.id, %s, d.id %% 4 = 0, %s, 1 FROM {Delivery._meta.db_table} d
                WHERE d.edition_id = %s AND d.status IN ('sent', 'delivered')
                    AND (d.id * 31) %% 1000 < %s
                """,  # noqa: S608  (our own names)
                [position, at, edition.pk, share],
            )
        if connection.vendor == "postgresql":
            cursor.execute("RESET session_replication_role")
        else:
            cursor.execute("PRAGMA cache_size = -2000")  # as a worker has it
    hour = edition.send_at.replace(minute=0, second=0, microsecond=0)
    HitCount.objects.bulk_create(
        HitCount(
            edition=edition,
            position=position,
            hour=hour + dt.timedelta(hours=after),
            human=300 // (after + 1),
            machine=90 // (after + 1),
        )
        for position in range(-1, 3)
        for after in range(HOURS)
    )


def _size() -> int:
    """Return how many bytes the database has on its disk."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            row = cursor.fetchone()
        return int(row[0]) if row else 0
    name = Path(str(settings.DATABASES["default"]["NAME"]))
    return sum(path.stat().st_size for path in (name, Path(f"{name}-wal")) if path.exists())
