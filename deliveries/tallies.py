"""Tallies: what became of an edition, counted beside the send, so that no page counts a million.

The ledger stays the truth. Of a large edition a worker writes the count into
one row, at the pace that counting allows; between two counts a page adds what
the batches have counted since, as each slice does for the brakes anyway. An
edition that has ended is counted once more, and its row is final until a verb
or a late word of a server changes the ledger again: whoever does so calls
stale() in the same transaction.
"""

import datetime as dt
import re
import time
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from deliveries import audience, reports
from deliveries.models import Batch, Delivery, Edition, Tally

# So many rows are counted in the request itself, in some milliseconds.
COUNTED_AT_ONCE = 5_000
# A count takes one part in so many of a worker's time, and no more of the send's.
ONE_PART_IN = 50
LEAST_PAUSE = 2.0  # seconds
# One round of counting within a tick.
ROUND = 2.0
# What ended lately is looked at once more now and then: a worker that was stopped
# and woken up settles its last slice without a word to anybody.
LATELY = dt.timedelta(days=2)
AGAIN_AFTER = dt.timedelta(minutes=10)
# A count that was begun is another's for so long, in seconds or times the last one took.
LEAST_LEASE, TIMES_AS_LONG = 60.0, 4
NOT_COUNTED = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

UNHAPPY = (
    Delivery.Status.FAILED,
    Delivery.Status.BOUNCED,
    Delivery.Status.COMPLAINED,
    Delivery.Status.IN_DOUBT,
)
# What a provider's report says need not have a reason.
REPORTED = (Delivery.Status.BOUNCED, Delivery.Status.COMPLAINED)
WAITING = (Delivery.Status.PENDING, Delivery.Status.SENDING)
# Of more failures than this the words and domains of the first are shown.
MOST_LOOKED_AT = 50_000
MOST_WORDS, MOST_DOMAINS, SAMPLES = 20, 12, 3
_ADDRESS = re.compile(r"\S*@\S*")
_MARK = re.compile(r"(?=\S*\d)[\w.+=/-]{8,}")  # queue numbers and the like


def of(edition: Edition) -> dict[str, Any]:
    """Return what reports.summary() does, for the price of a row or two."""
    whole = details(edition)
    return {key: whole[key] for key in ("audience", "statuses", "reasons")}


def details(edition: Edition) -> dict[str, Any]:
    """Return of() and more: which words and domains stand behind the failures, and when.

    "words" is [{"status", "reason", "readers", "samples"}], "domains" [{"failed",
    "deferred", "in_doubt", "samples"}], the most frequent first. Samples are ids
    of deliveries: what a server said of a reader, and the reader's domain, stand
    in their own rows alone, where an erasure finds them. "is_counted" is false
    while the figures are those of a moment ago.
    """
    tally = _row(edition)
    if edition.is_pruned:  # what is left in the ledger, if anything, is no part of its figures
        return {**(tally.report if tally else _nothing_yet(edition)), "is_counted": True}
    if tally is not None and tally.is_final and not edition.is_open:
        return {**tally.report, "is_counted": True}
    if is_small(edition):
        return {**count(edition), "is_counted": True}
    report = tally.report if tally is not None and tally.report else _nothing_yet(edition)
    return {**_up_to_now(edition, report), "is_counted": False}


def _row(edition: Edition) -> Tally | None:
    """Return the row of *edition*: what a list has fetched with it, or else the present one."""
    if "tally" in edition._state.fields_cache:
        found: Tally | None = edition._state.fields_cache["tally"]
        return found
    return Tally.objects.filter(edition=edition).first()


def is_small(edition: Edition) -> bool:
    """Tell whether *edition* may be counted within a request."""
    if edition.audience is not None:
        return edition.audience <= COUNTED_AT_ONCE
    rows = Delivery.objects.filter(edition=edition).order_by()
    return rows[: COUNTED_AT_ONCE + 1].count() <= COUNTED_AT_ONCE


def stale(editions: Iterable[int], *, at_once: bool = True) -> None:
    """Have *editions* counted anew: something in their ledger has changed.

    Call it in the transaction of the change. *at_once* is for what a person
    did; what comes by the thousand waits for the pace of counting.
    """
    ids = list(editions)
    counted = Tally.objects.filter(edition__in=ids, edition__pruning_at__isnull=True)
    if at_once:
        # Whoever counts just now sees that the time has changed, and lets the count go.
        counted.update(is_final=False, changes=F("changes") + 1, counted_at=NOT_COUNTED)
    else:
        # The count goes on, and is not the last: reports come all day, and would let none be.
        counted.update(is_final=False, changes=F("changes") + 1)
        # Who is found to have a wrong text is one whom its correction has not told.
        theirs = Edition.objects.filter(brief__editions__in=ids, kind=Edition.Kind.CORRECTION)
        Tally.objects.filter(edition__in=theirs.values("pk")).update(is_final=False)


def stale_by(deliveries: Iterable[int]) -> None:
    """Have the editions of *deliveries* counted anew."""
    ids = sorted(set(deliveries))
    if ids:
        found = Delivery.objects.filter(pk__in=ids).order_by()
        stale(found.values_list("edition_id", flat=True).distinct(), at_once=False)


def keep() -> int:
    """Count anew what is due; return how many editions. The tick calls it."""
    until = time.monotonic() + ROUND
    counted = 0
    for edition in _candidates():
        tally = getattr(edition, "tally", None)
        if tally is None or _is_due(edition, tally):
            counted += renew(edition)
        if time.monotonic() > until:
            break
    return counted


def _candidates() -> QuerySet[Edition]:
    """Return the editions whose row is missing or not final, or was final lately; open ones first.

    Small ones are counted where they are asked for, until they have ended.
    """
    begun = Edition.objects.filter(started_at__isnull=False, pruning_at__isnull=True)
    large = Q(frozen_at__isnull=False, audience__gt=COUNTED_AT_ONCE)
    # One that was final and is open again was opened by a late word: it moves as before.
    not_final = Q(tally__isnull=True) | Q(tally__is_final=False) | Q(status__in=Edition.OPEN)
    once_more = Q(finished_at__gt=Now() - LATELY, tally__counted_at__lt=Now() - AGAIN_AFTER)
    return (
        begun.filter(large | ~Q(status__in=Edition.OPEN))
        .filter(not_final | once_more)
        .select_related("tally")
        .order_by(F("finished_at").desc(nulls_first=True), "-pk")[:100]
    )


def _is_due(edition: Edition, tally: Tally) -> bool:
    report = tally.report
    if tally.counted_at == NOT_COUNTED:
        return True
    if _is_being_counted(tally):
        return False
    if not report:
        return True
    if report["status"] != edition.status and not edition.is_open:
        return True  # it has ended since
    pause = max(LEAST_PAUSE, ONE_PART_IN * report["seconds"])
    if edition.status == Edition.Status.PAUSED == report["status"]:
        pause *= 10  # nothing goes out meanwhile
    age = (timezone.now() - dt.datetime.fromisoformat(report["at"])).total_seconds()
    # The clocks of two workers may differ; what is an hour ahead is none.
    return not -3600 <= age < pause


def _is_being_counted(tally: Tally) -> bool:
    """Tell whether somebody is at it: to begin anew would throw their count away.

    Where counting takes longer than a tick, each would, and none were ever written.
    """
    report = tally.report
    if report and tally.counted_at <= dt.datetime.fromisoformat(report["at"]):
        return False
    lease: float = max(LEAST_LEASE, TIMES_AS_LONG * report.get("seconds", 0))
    return abs((timezone.now() - tally.counted_at).total_seconds()) < lease


def renew(edition: Edition) -> bool:
    """Count *edition* and write it down, unless another does, or a person acts meanwhile."""
    tally, _made = Tally.objects.get_or_create(
        edition=edition, defaults={"counted_at": NOT_COUNTED}
    )
    mine = timezone.now()
    seen = Tally.objects.filter(pk=tally.pk, counted_at=tally.counted_at)
    if not seen.update(counted_at=mine):
        return False
    edition.refresh_from_db()  # its status before its rows: what ends in between is counted again
    report = count(edition)
    waiting = sum(report["statuses"][status] for status in WAITING)
    own = Tally.objects.filter(pk=tally.pk, counted_at=mine)
    is_last = not edition.is_open and not waiting
    return bool(
        own.filter(changes=tally.changes).update(report=report, is_final=is_last)
        or own.update(report=report)
    )


def count(edition: Edition) -> dict[str, Any]:
    """Count the whole edition, as details() gives it; a million rows take a second."""
    begun = time.monotonic()
    counters = _counters(edition)
    why = reports.by_reason(edition)
    report = reports.sums(why)
    has_trouble = any(s in UNHAPPY or (s in WAITING and reason) for s, reason, _count in why)
    return {
        **report,
        "why": why,
        "counters": counters,
        **(_troubles(edition, report) if has_trouble else {"words": [], "domains": []}),
        "moments": _by_moment(edition) if edition.clock == Edition.Clock.READER else [],
        "late": _late(edition),
        "status": edition.status,
        "at": timezone.now().isoformat(),
        "seconds": round(time.monotonic() - begun, 3),
    }


def _late(edition: Edition) -> int:
    """Count whom the correction *edition* should have told and does not; 0 until it is over."""
    if not edition.corrects or edition.status != Edition.Status.FINISHED:
        return 0
    wrong = Edition.objects.filter(pk__in=edition.corrects, pruning_at__isnull=True)
    return audience.late(edition).count() if wrong.exists() else 0


def _by_moment(edition: Edition) -> list[dict[str, Any]]:
    """Return how many readers each moment of *edition* has, by when their batch was planned."""
    rows = (
        Delivery.objects.filter(edition=edition)
        .values("batch__planned_at")
        .annotate(
            readers=Count("pk"),
            waiting=Count("pk", filter=Q(status__in=WAITING)),
            missed=Count(
                "pk",
                filter=Q(status=Delivery.Status.PENDING, batch__missed_at__isnull=False),
            ),
        )
        .order_by("batch__planned_at")
    )
    return [
        {
            "at": row["batch__planned_at"].isoformat() if row["batch__planned_at"] else "",
            "readers": row["readers"],
            "waiting": row["waiting"],
            "missed": row["missed"],
        }
        for row in rows
    ]


def _counters(edition: Edition) -> dict[str, int]:
    """Return what the batches of *edition* have counted: up to the last slice of each worker."""
    found: dict[str, int] = Batch.objects.filter(edition=edition).aggregate(
        sent=Sum("sent", default=0), refused=Sum("refused", default=0)
    )
    return found


def _nothing_yet(edition: Edition) -> dict[str, Any]:
    audience = edition.audience or 0
    statuses = dict.fromkeys(Delivery.Status.values, 0) | {Delivery.Status.PENDING: audience}
    return {
        "audience": audience,
        "statuses": {str(status): number for status, number in statuses.items()},
        "reasons": {},
        "why": [],
        "counters": {"sent": 0, "refused": 0},
        "words": [],
        "domains": [],
        "moments": [],
    }


def _up_to_now(edition: Edition, report: dict[str, Any]) -> dict[str, Any]:
    """Return *report* with what the batches have counted since."""
    now, then = _counters(edition), report["counters"]
    statuses = dict(report["statuses"])
    for kind, status in (("sent", Delivery.Status.SENT), ("refused", Delivery.Status.FAILED)):
        more = max(now[kind] - then[kind], 0)
        for waiting in (Delivery.Status.SENDING, Delivery.Status.PENDING):
            moved = min(more, statuses[waiting])
            statuses[waiting] -= moved
            statuses[status] += moved
            more -= moved
    return {**report, "statuses": statuses}


# --- what stands behind the failures ----------------------------------------


def _troubles(edition: Edition, report: dict[str, Any]) -> dict[str, Any]:
    """Return "words" and "domains" of the readers whose mail failed, waits or is in doubt.

    Servers name the address, a queue or a time in their words: without those,
    the same refusal is the same words.
    """
    rows = Delivery.objects.filter(
        Q(status__in=UNHAPPY) | Q(status__in=WAITING, deferred_since__isnull=False),
        edition=edition,
    ).order_by()
    if not any(report["statuses"][status] for status in REPORTED):
        rows = rows.exclude(reason="")  # an index has these few
    words: dict[tuple[str, str, str], dict[str, Any]] = {}
    domains: dict[str, dict[str, Any]] = {}
    found = rows.values_list("pk", "status", "reason", "reply", "subscriber__domain")
    for pk, status, reason, reply, domain in found[:MOST_LOOKED_AT].iterator(chunk_size=2000):
        said = words.setdefault(
            (status, reason, _alike(reply)),
            {"status": status, "reason": reason, "readers": 0, "samples": []},
        )
        said["readers"] += 1
        there = domains.setdefault(
            domain or "", {"failed": 0, "deferred": 0, "in_doubt": 0, "samples": []}
        )
        there[_column(status)] += 1
        for group in (said, there):
            if len(group["samples"]) < SAMPLES:
                group["samples"].append(pk)
    return {
        "words": sorted(words.values(), key=lambda row: -row["readers"])[:MOST_WORDS],
        "domains": sorted(domains.values(), key=_weight)[:MOST_DOMAINS],
    }


def _alike(reply: str) -> str:
    return _MARK.sub("…", _ADDRESS.sub("…", reply[:300]))


def _column(status: str) -> str:
    if status in WAITING:
        return "deferred"
    return "in_doubt" if status == Delivery.Status.IN_DOUBT else "failed"


def _weight(row: dict[str, Any]) -> int:
    return -int(row["failed"] + row["deferred"] + row["in_doubt"])
