"""The readers of a publication as CSV, from which an empty database is filled the same."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import F, Q

from briefs.models import Publication
from subscribers.importing.cells import neutralise
from subscribers.models import Subscription, Suppression

COLUMNS = (
    "address",
    "name",
    "language",
    "time_zone",
    "status",
    "rhythm",
    "topics",
    "requested_at",
    "confirmed_at",
    "unsubscribed_at",
    "paused_until",
    "suppressed",
    "attributes",
)
CHUNK = 2_000
_VALUES = (
    "pk",
    "subscriber__address",
    "subscriber__name",
    "subscriber__language",
    "subscriber__time_zone",
    "status",
    "rhythm",
    "requested_at",
    "confirmed_at",
    "unsubscribed_at",
    "paused_until",
    "subscriber__attributes",
    "subscriber__address_hash",
)


def lines(publication: Publication) -> Iterator[bytes]:
    """Yield the file piece by piece, readers in the order in which they came.

    Read in chunks by key, each a query of its own: no transaction stays open
    for as long as somebody downloads.
    """
    yield _as_csv([COLUMNS])
    after = 0
    while rows := list(
        Subscription.objects.filter(publication=publication, pk__gt=after)
        .order_by("pk")
        .values_list(*_VALUES)[:CHUNK]
    ):
        after = rows[-1][0]
        topics = _topics_of([row[0] for row in rows])
        reasons = _reasons_of([row[-1] for row in rows], publication)
        yield _as_csv([_cells(row, topics, reasons) for row in rows])


def _cells(row: Sequence[Any], topics: dict[int, str], reasons: dict[str, str]) -> list[str]:
    (pk, address, name, language, zone, status, rhythm, asked, confirmed, left, until) = row[:11]
    attributes, hashed = row[11:]
    return [
        address,
        name,
        language,
        zone,
        status,
        rhythm,
        topics.get(pk, ""),
        _moment(asked),
        _moment(confirmed),
        _moment(left),
        until.isoformat() if until else "",
        reasons.get(hashed, ""),
        json.dumps(attributes, ensure_ascii=False, sort_keys=True) if attributes else "",
    ]


def _moment(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat() if moment else ""


def _topics_of(ids: list[int]) -> dict[int, str]:
    """Return {subscription: its topics as one cell}."""
    chosen: dict[int, list[str]] = {}
    through = Subscription.topics.through
    for pk, name in (
        through.objects.filter(subscription_id__in=ids)
        .order_by("topic__name", "topic_id")
        .values_list("subscription_id", "topic__name")
    ):
        names = chosen.setdefault(pk, [])
        if name not in names:
            names.append(name)
    return {pk: _line(names) for pk, names in chosen.items()}


def _reasons_of(hashes: list[str], publication: Publication) -> dict[str, str]:
    """Return {hash: why mail must not go there}."""
    return dict(
        Suppression.objects.filter(
            Q(publication__isnull=True) | Q(publication=publication), address_hash__in=hashes
        )
        .order_by(F("publication").desc(nulls_last=True))
        .values_list("address_hash", "reason")
    )


def _line(names: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


def _as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[neutralise(cell) for cell in row] for row in rows])
    return text.getvalue().encode()
