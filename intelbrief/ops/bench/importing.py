"""How fast readers come in from a file: with evidence, suppressions and people who left."""

import csv
import datetime as dt
import os
import time
from pathlib import Path
from typing import Any

from django.db import connections
from django.utils import timezone

from briefs.models import Publication
from intelbrief.ops import demo
from intelbrief.ops.bench import usage
from intelbrief.ops.scratch import CannotRun, Scratch
from subscribers.importing import running
from subscribers.models import ConsentRecord, ImportRun, Subscriber, Subscription, Suppression
from subscribers.suppression import address_hash

DOMAINS = 5_000
HEADERS = ("email", "name", "status", "optin_time", "optin_ip", "confirm_time", "city", "plan")
# Of each hundred rows: one is suppressed here, one left here, one left there, one was erased,
# one repeats the row before in other letters, one is no address.
SUPPRESSED, LEFT_HERE, LEFT_THERE, ERASED, REPEAT, BROKEN = 11, 22, 33, 44, 55, 66
BEGAN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def run(scratch: Scratch, rows: int) -> dict[str, Any]:
    """Import *rows* rows; return the figures."""
    publication = demo.make_publication("bench-import")
    _make_past(publication, rows)
    table = scratch.folder / "readers.csv"
    _write_table(table, rows)
    connections.close_all()
    before = _processor_time(scratch)
    started_at = time.monotonic()
    one = running.receive(publication, table, name=table.name, by=None)
    running.start(one, basis="moved from another house", by=None)
    running.work_on(one.pk, time.monotonic() + 3600)
    seconds = time.monotonic() - started_at
    peak = usage.peak_megabytes([os.getpid()])
    spent = {name: cpu - before[name] for name, cpu in _processor_time(scratch).items()}
    one.refresh_from_db()
    wrong = _what_is_wrong(one, rows)
    if wrong:
        raise CannotRun(f"The import is wrong: {wrong}.")
    return {
        "rows": rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "cpu_seconds": {name: round(cpu, 2) for name, cpu in spent.items()},
        "peak_rss_mb": round(peak, 1),
        "verified": True,
        "counts": one.counts,
        "reasons": one.reasons,
    }


def _processor_time(scratch: Scratch) -> dict[str, float]:
    """Return the processor time so far; SQLite works within our own process."""
    found = {"import": usage.cpu_seconds([os.getpid()])}
    if scratch.postgres:
        found["postgres"] = usage.cpu_seconds([scratch.postgres.pid])
        found["import"] -= found["postgres"]
    return found


def _address(number: int) -> str:
    return f"reader{number}@d{number % DOMAINS}.example"


def _make_past(publication: Publication, rows: int) -> None:
    """Store those who must not come back."""
    now = timezone.now()
    for first in range(0, rows, 100_000):
        hundreds = range(first, min(first + 100_000, rows), 100)
        Suppression.objects.bulk_create(
            [
                Suppression(
                    address_hash=address_hash(_address(hundred + offset)), reason=reason, note=""
                )
                for hundred in hundreds
                for offset, reason in ((SUPPRESSED, "bounce"), (ERASED, "erasure"))
            ],
            batch_size=1_000,
        )
        gone = Subscriber.objects.bulk_create(
            [
                Subscriber(
                    address=mail,
                    address_key=mail,
                    address_hash=address_hash(mail),
                    domain=mail.partition("@")[2],
                )
                for mail in (_address(hundred + LEFT_HERE) for hundred in hundreds)
            ],
            batch_size=1_000,
        )
        Subscription.objects.bulk_create(
            [
                Subscription(
                    subscriber=one,
                    publication=publication,
                    status=Subscription.Status.UNSUBSCRIBED,
                    unsubscribed_at=now,
                )
                for one in gone
            ],
            batch_size=1_000,
        )


def _write_table(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for number in range(rows):
            nth = number % 100
            address = _address(number - 1).upper() if nth == REPEAT else _address(number)
            asked = BEGAN + dt.timedelta(seconds=number * 61)
            writer.writerow(
                (
                    f"reader{number}@" if nth == BROKEN else address,
                    f"Réader {number}",
                    "unsubscribed" if nth == LEFT_THERE else "active",
                    asked.strftime("%Y-%m-%d %H:%M:%S"),
                    f"198.51.{number // 250 % 250}.{number % 250}",
                    (asked + dt.timedelta(seconds=40)).strftime("%Y-%m-%d %H:%M:%S"),
                    f"City {number % 977}",
                    ("free", "paid")[number % 2],
                )
            )


def _what_is_wrong(one: ImportRun, rows: int) -> str:
    """Count in the database what must be there; return what is not."""

    def of(nth: int) -> int:
        return len(range(nth, rows, 100))

    refused = {
        "bounce": of(SUPPRESSED),
        "left": of(LEFT_HERE),
        "erasure": of(ERASED),
        "address": of(BROKEN),
    }
    created = rows - sum(refused.values()) - of(REPEAT) - of(LEFT_THERE)
    imported = ConsentRecord.objects.filter(kind="imported")
    subscriptions = Subscription.objects.filter(publication=one.publication)
    # With letters where the row is lower-cased away from the first.
    found = {
        "status": one.status,
        "created": one.counts.get("created", 0),
        "unchanged": one.counts.get("unchanged", 0),
        "unsubscribed": one.counts.get("unsubscribed", 0),
        "active": subscriptions.filter(status="active").count(),
        "gone": subscriptions.filter(status="unsubscribed").count(),
        "reasons": {code: count for code, count in one.reasons.items() if count},
        "records": imported.count(),
        "records with an address they came from": imported.filter(ip__isnull=False).count(),
        "readers with attributes": Subscriber.objects.exclude(attributes={}).count(),
    }
    wanted = {
        "status": "finished",
        "created": created,
        "unchanged": 0,
        "unsubscribed": of(LEFT_THERE),
        "active": created,
        "gone": of(LEFT_THERE) + of(LEFT_HERE),
        "reasons": {code: count for code, count in refused.items() if count},
        "records": created + of(LEFT_THERE),
        "records with an address they came from": created + of(LEFT_THERE),
        "readers with attributes": created + of(LEFT_THERE),
    }
    # A repeat carries the city of its own row, so it changes the reader of the row before.
    wanted["updated"], found["updated"] = of(REPEAT), one.counts.get("updated", 0)
    return ", ".join(
        f"{name}: {found[name]} in place of {wanted[name]}"
        for name in wanted
        if found[name] != wanted[name]
    )
