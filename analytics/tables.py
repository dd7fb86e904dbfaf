"""Every table of the reports as CSV: a name, columns, and rows that are streamed.

Formula-safe as subscribers.exporting: servers, readers and links chose some
of the words. What was not measured is an empty cell, never 0.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from django.utils import timezone

from analytics import counts, edition_report, figures, rates, weeks
from analytics.models import DomainDay
from briefs.models import Publication
from deliveries.models import Delivery, DeliveryEvent, Edition
from subscribers.importing.cells import neutralise

CHUNK = 500
Row = Sequence[Any]


class Table(NamedTuple):
    """A table of an edition or a publication; *names_readers*: only for who may see them."""

    columns: tuple[str, ...]
    rows: Callable[[Any], Iterator[Row]]
    names_readers: bool = False


def lines(table: Table, subject: Edition | Publication) -> Iterator[bytes]:
    """Yield *table* of *subject* piece by piece."""
    yield _as_csv([table.columns])
    rows = table.rows(subject)
    while chunk := list(islice(rows, CHUNK)):
        yield _as_csv(chunk)


def _as_csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # a sum that is negative is no formula
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return neutralise(str(value))


# --- of an edition ------------------------------------------------------------


def _links(edition: Edition) -> Iterator[Row]:
    for link in figures.of(edition)["links"]:
        yield [link[name] for name in _LINK]


_LINK = ("position", "url", "corrected_url", "label", "human", "machine")


def _curve(edition: Edition) -> Iterator[Row]:
    curve = figures.of(edition)["curve"]
    if curve:
        begin = dt.datetime.fromisoformat(curve["from"])
        for index, hour in enumerate(curve["hours"]):
            yield [begin + index * counts.HOUR, *hour]


def _domains_of(edition: Edition) -> Iterator[Row]:
    for row in edition_report.domains(figures.of(edition)):
        yield [row[name] for name in _DOMAIN]


_DOMAIN = ("domain", "audience", "accepted", "delivered", "bounced", "complained", "failed")


def _reasons(edition: Edition) -> Iterator[Row]:
    found = figures.of(edition)
    for kind in ("permanent", "transient"):
        for reason, readers in found["bounces"][kind].items():
            yield [f"bounced ({kind})", reason, readers]
    for status, reasons in found["why"].items():
        for reason, readers in reasons.items():
            yield [status, reason, readers]
    for reason, readers in found["unsubscribed"]["reasons"].items():
        yield ["unsubscribed", reason, readers]


def _bounces(edition: Edition) -> Iterator[Row]:
    """Yield each reader whose copy bounced, in the order in which the copies were planned.

    Read in chunks by key: no transaction stays open for as long as somebody downloads.
    """
    after = 0
    while rows := list(
        Delivery.objects.filter(edition=edition, status=Delivery.Status.BOUNCED, pk__gt=after)
        .order_by("pk")
        .values_list("pk", "subscriber__address", "reason", "reply")[:CHUNK]
    ):
        after = rows[-1][0]
        events = DeliveryEvent.objects.filter(
            delivery__in=[row[0] for row in rows], type=DeliveryEvent.Type.BOUNCED
        )
        last = {event.delivery_id: event for event in events.order_by("is_permanent", "pk")}
        for pk, address, reason, reply in rows:
            event = last.get(pk)
            yield [
                address or "",
                ("yes" if event.is_permanent else "no") if event else "",
                event.reason if event else reason,
                event.code if event else "",
                event.words if event else reply,
                event.at if event else None,
            ]


OF_EDITION = {
    "links": Table(_LINK, _links),
    "curve": Table(
        ("hour", "opens_human", "opens_machine", "clicks_human", "clicks_machine"), _curve
    ),
    "domains": Table(_DOMAIN, _domains_of),
    "reasons": Table(("what", "reason", "readers"), _reasons),
    "bounces": Table(
        ("address", "permanent", "reason", "code", "words", "at"), _bounces, names_readers=True
    ),
}


# --- of a publication ---------------------------------------------------------


def _editions(publication: Publication) -> Iterator[Row]:
    rows = Edition.objects.filter(publication=publication, frozen_at__isnull=False)
    rows = rows.select_related("brief", "revision", "tally").order_by("pk")
    after = 0
    while chunk := list(rows.filter(pk__gt=after)[:50]):
        after = chunk[-1].pk
        for edition, found in zip(chunk, figures.of_many(chunk), strict=True):
            yield _edition(edition, found)


def _edition(edition: Edition, found: dict[str, Any]) -> Row:
    measured = {name: rate["count"] for name, rate in rates.of(found).items()}
    hits = found["hits"] or {"opens": {}, "clicks": {}}
    return [
        edition.pk,
        edition.brief.headline,
        edition.kind,
        found["status"],
        edition.send_at,
        found["policy"],
        found["audience"],
        *(measured[name] for name in rates.OF_READERS),
        *(hits[what].get(who) for what in rates.PER_HUNDRED for who in ("human", "machine")),
        *(found["statuses"][status] for status in Delivery.Status.values),
    ]


_EDITION = (
    *("edition", "headline", "kind", "status", "send_at", "tracking", "audience"),
    *rates.OF_READERS,
    *("opens_human", "opens_machine", "clicks_human", "clicks_machine"),
    *(f"status_{status}" for status in Delivery.Status.values),
)


def _growth(publication: Publication) -> Iterator[Row]:
    for week in weeks.growth(publication):
        yield [week["week"], *(week[name] for name in weeks.COUNTED), week["active"]]


def _sources(publication: Publication) -> Iterator[Row]:
    for week in weeks.growth(publication):
        for source, (asked, confirmed) in sorted(week["sources"].items()):
            yield [week["week"], source, asked, confirmed]


def _domain_days(publication: Publication) -> Iterator[Row]:
    first = timezone.localdate() - dt.timedelta(days=weeks.WEEKS * 7)
    rows = DomainDay.objects.filter(publication=publication, day__gte=first)
    yield from rows.order_by("day", "domain").values_list(*_DOMAIN_DAY).iterator(CHUNK)


_DOMAIN_DAY = ("day", "domain", "sent", "delivered", "bounced", "complained", "failed")

OF_PUBLICATION = {
    "editions": Table(_EDITION, _editions),
    "growth": Table(("week", *weeks.COUNTED, "active"), _growth),
    "sources": Table(("week", "source", "asked", "confirmed"), _sources),
    "domains": Table(_DOMAIN_DAY, _domain_days),
}
