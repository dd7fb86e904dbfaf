"""What figures.count() is made of: each number counted from its rows, once, here and nowhere else.

docs/reports.md says of each what it is and what it is not.
"""

import datetime as dt
import re
from collections import Counter
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Sum

from deliveries import lanes, reports
from deliveries.models import (
    PIXEL,
    Batch,
    Delivery,
    DeliveryEvent,
    Edition,
    HitCount,
    Link,
    ReaderHit,
)
from subscribers.models import ConsentRecord
from subscribers.preference_forms import LeaveForm

# A curve has so many hours.
HOURS = 48
HOUR = dt.timedelta(hours=1)
# A domain of fewer readers could name one of them: it is counted among the others.
LEAST_READERS = 10
OTHERS = "*"
MOST_DOMAINS, MOST_BOUNCING = 25, 10
# Bounces that are looked at one by one, to tell why; the rest is “unknown”.
MOST_BOUNCES = 200_000

_WHYS = frozenset(name for name, _words in LeaveForm.WHYS)
_LABEL = re.compile(r"(?<!!)\[([^\[\]\n]{1,200})\]\(<?(https?://[^\s)>]{1,2000})")
Status = Delivery.Status
# Who complains has got it.
ARRIVED = (Status.DELIVERED, Status.COMPLAINED)
WAITING = (Status.PENDING, Status.SENDING)


class Ledger(NamedTuple):
    """The deliveries of an edition by status and reason, and the range of their ids."""

    why: list[tuple[str, str, int]]
    first: int
    last: int


def ledger(edition: Edition) -> Ledger:
    """Count the deliveries of *edition*; their ids find all else that is said of them."""
    rows = list(
        Delivery.objects.filter(edition=edition)
        .values_list("status", "reason")
        .annotate(count=Count("pk"), first=Min("pk"), last=Max("pk"))
        .order_by()
    )
    return Ledger(
        [(status, reason, count) for status, reason, count, _first, _last in rows],
        min((row[3] for row in rows), default=0),
        max((row[4] for row in rows), default=-1),
    )


def sums(statuses: dict[str, int]) -> dict[str, int]:
    """Return what the *statuses* of an edition add up to."""
    return {
        "accepted": reports.accepted(statuses),
        "delivered": sum(statuses[status] for status in ARRIVED),
        "bounced": statuses[Status.BOUNCED],
        "complained": statuses[Status.COMPLAINED],
        "waiting": sum(statuses[status] for status in WAITING),
    }


def by_reason(why: list[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Return why readers were skipped, failed or are in doubt: {"skipped": {"left": 3}, …}."""
    found: dict[str, dict[str, int]] = {"skipped": {}, "failed": {}, "in-doubt": {}}
    for status, reason, count in sorted(why, key=lambda row: (-row[2], row[1])):
        if status in found:
            found[status][reason] = count
    return found


def deferred(edition: Edition) -> int:
    """Count the readers whose server said “later” and who still wait."""
    rows = Delivery.objects.filter(edition=edition, due_at__isnull=False, status__in=WAITING)
    return rows.filter(deferred_since__isnull=False).count()


def _of(edition: Edition, found: Ledger) -> Q:
    """Return what narrows rows that hold a delivery's id to *edition*, by an index on that id."""
    own = Delivery.objects.filter(pk=OuterRef("delivery_id"), edition=edition)
    return Q(Exists(own), delivery_id__gte=found.first, delivery_id__lte=found.last)


def bounces(edition: Edition, found: Ledger, bounced: int) -> dict[str, dict[str, int]]:
    """Return {"permanent": {reason: readers}, "transient": …} of those whose copy bounced.

    A reader counts once, by the gravest and latest bounce.
    """
    why: dict[str, dict[str, int]] = {"permanent": {}, "transient": {}}
    if not bounced:
        return why
    events = DeliveryEvent.objects.filter(
        _of(edition, found),
        type=DeliveryEvent.Type.BOUNCED,
        delivery__status=Status.BOUNCED,
    ).order_by()
    gravest: dict[int, tuple[bool, int, str]] = {}
    rows = events.values_list("delivery_id", "is_permanent", "pk", "reason")[:MOST_BOUNCES]
    for delivery, is_permanent, pk, reason in rows.iterator(chunk_size=2_000):
        said = (bool(is_permanent), pk, reason)
        gravest[delivery] = max(gravest.get(delivery, said), said)
    for is_permanent, _pk, reason in gravest.values():
        kind = why["permanent" if is_permanent else "transient"]
        kind[reason or "unknown"] = kind.get(reason or "unknown", 0) + 1
    return {kind: _descending(counts) for kind, counts in why.items()}


def departures(edition: Edition, found: Ledger) -> dict[str, Any]:
    """Return {"readers", "reasons"} of who unsubscribed by a link of this mail.

    Of their own words only the choice is counted; the rest stays in the evidence.
    """
    records = ConsentRecord.objects.filter(
        _of(edition, found),
        delivery_id__isnull=False,  # in these words the partial index is found
        kind=ConsentRecord.Kind.UNSUBSCRIBED,
        at__gte=edition.started_at or edition.created_at,
    ).order_by()
    reasons: dict[int, str] = {}
    for delivery, details in records.values_list("delivery_id", "details").iterator():
        reasons[delivery] = _choice(str(details.get("why", ""))) or reasons.get(delivery, "")
    return {"readers": len(reasons), "reasons": _descending(Counter(reasons.values()))}


def _choice(why: str) -> str:
    head = why.partition(":")[0].strip()
    return head if head in _WHYS or not head else "other"


def by_domain(edition: Edition) -> list[dict[str, Any]]:
    """Return the large receiving domains, and how each took the mail; all others are one row."""
    rows = list(
        Delivery.objects.filter(edition=edition, subscriber__domain__gt="")
        .values(domain=F("subscriber__domain"))
        .annotate(
            audience=Count("pk"),
            accepted=Count("pk", filter=Q(status__in=reports.ACCEPTED)),
            delivered=Count("pk", filter=Q(status__in=ARRIVED)),
            bounced=Count("pk", filter=Q(status=Status.BOUNCED)),
            complained=Count("pk", filter=Q(status=Status.COMPLAINED)),
            failed=Count("pk", filter=Q(status=Status.FAILED)),
        )
        .filter(audience__gte=LEAST_READERS)
        .order_by()
    )
    by_size = sorted(rows, key=lambda row: (-row["audience"], row["domain"]))
    by_trouble = sorted(rows, key=lambda row: -row["bounced"] - row["failed"])
    shown = {id(row) for row in [*by_size[:MOST_DOMAINS], *by_trouble[:MOST_BOUNCING]]}
    return [{**row} for row in by_size if id(row) in shown]


def others(domains: list[dict[str, Any]], totals: dict[str, int]) -> list[dict[str, Any]]:
    """Return *domains* and a row of what is left of *totals*, if anything is."""
    keys = ("audience", "accepted", "delivered", "bounced", "complained", "failed")
    rest = {key: totals[key] - sum(row[key] for row in domains) for key in keys}
    return [*domains, {"domain": OTHERS, **rest}] if rest["audience"] > 0 else domains


# --- opens and clicks ---------------------------------------------------------


def policy(edition: Edition) -> str:
    """Return the tracking policy that *edition* was mailed under: off, totals or per-reader."""
    return str(edition.revision.snapshot["publication"]["tracking"])


def hits(edition: Edition) -> dict[int, dict[str, int]]:
    """Return {position: {"human", "machine"}}; PIXEL is the position of the opens."""
    rows = HitCount.objects.filter(edition=edition).order_by().values("position")
    found = rows.annotate(people=Sum("human"), machines=Sum("machine"))
    return {row["position"]: {"human": row["people"], "machine": row["machines"]} for row in found}


def curve(edition: Edition) -> dict[str, Any]:
    """Return {"from", "hours"} of the first HOURS: [opens human, machine, clicks human, machine].

    Hours are whole ones of UTC, as they are stored; the first is that of the start.
    """
    begin = _hour_of(edition.started_at or edition.send_at)
    hours = [[0, 0, 0, 0] for _hour in range(HOURS)]
    rows = HitCount.objects.filter(
        edition=edition, hour__gte=begin, hour__lt=begin + HOURS * HOUR
    ).order_by()
    for position, hour, human, machine in rows.values_list(
        "position", "hour", "human", "machine"
    ).iterator():
        cell = hours[int((hour - begin) / HOUR)]
        column = 0 if position == PIXEL else 2
        cell[column] += human
        cell[column + 1] += machine
    return {"from": begin.isoformat(), "hours": hours}


def _hour_of(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def readers(edition: Edition, found: Ledger) -> dict[str, int]:
    """Return how many readers opened and how many clicked, as far as people did."""
    rows = ReaderHit.objects.filter(_of(edition, found), is_machine=False).order_by()
    counted: dict[str, int] = rows.aggregate(
        opened=Count("delivery_id", distinct=True, filter=Q(position=PIXEL)),
        clicked=Count("delivery_id", distinct=True, filter=Q(position__gte=0)),
    )
    return counted


def links(edition: Edition, counted: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    """Return the links of *edition*, the most followed first, with the words they stand under."""
    labels = {url: label for label, url in reversed(_LABEL.findall(_body(edition)))}
    nobody = {"human": 0, "machine": 0}
    rows = [
        {
            "position": link.position,
            "url": link.url,
            "corrected_url": link.corrected_url,
            "label": re.sub(r"[*_`\\]", "", labels.get(link.url, "")),
            **counted.get(link.position, nobody),
        }
        for link in Link.objects.filter(edition=edition)
    ]
    return sorted(rows, key=lambda row: (-row["human"], -row["machine"], row["position"]))


def _body(edition: Edition) -> str:
    return str(edition.revision.snapshot.get("body", ""))


# --- what can be known at all -------------------------------------------------


def heard(edition: Edition, statuses: dict[str, int]) -> dict[str, str | bool]:
    """Return what the lanes of *edition* let us know.

    "delivery": "all" or "some" of its lanes report that mail arrived, or
    "none" has so far; "bounces", "complaints": whether they find their way
    back at all.
    """
    used = Batch.objects.filter(edition=edition).order_by().values_list("lane").distinct()
    can = [_reports(lane) for (lane,) in used]
    has_come = sum(sums(statuses)[key] for key in ("delivered", "bounced"))
    delivery = "none"
    if statuses[Status.DELIVERED] or (has_come and True in can):
        delivery = "some" if False in can else "all"
    finds_us = bool(settings.BOUNCE_DOMAIN or settings.BOUNCE_MAILBOX) or True in can
    return {
        "delivery": delivery,
        "bounces": finds_us or has_come > 0,
        "complaints": finds_us or statuses[Status.COMPLAINED] > 0,
    }


def _reports(lane: str) -> bool | None:
    """Tell whether *lane* is an ESP's; None for one that nobody configures any more.

    A relay says that it took a letter, and no more.
    """
    if lane not in lanes.names():
        return None
    return lanes.options(lane).get("provider") != "smtp"


def _descending(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
