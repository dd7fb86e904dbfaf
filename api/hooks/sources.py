"""Where events stand: the evidence of consent, what came back of letters, the audit trail.

Each is only ever added to, so a number says how far it was read. Nothing below
this app knows that it is read.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from briefs.models import AuditEntry, Correction
from deliveries.models import Delivery, DeliveryEvent
from subscribers.models import ConsentRecord

# Rows that are read, and events written, in one transaction.
AT_A_TIME = 500

_OF_CONSENT = {
    "requested": "subscriber.subscribed",
    "confirmed": "subscriber.confirmed",
    "added": "subscriber.added",
    "imported": "subscriber.added",
    "unsubscribed": "subscriber.unsubscribed",
    "erased": "subscriber.erased",
}
_OF_LETTERS = {"bounced": "subscriber.bounced", "complained": "subscriber.complained"}
_OF_AUDIT = {
    "started": "edition.started",
    "paused": "edition.paused",
    "resumed": "edition.resumed",
    "finished": "edition.finished",
    "cancelled": "edition.cancelled",
    "missed": "edition.missed",
    "published": "brief.published",
    "corrected": "brief.corrected",
}


@dataclass(frozen=True)
class Happening:
    """One event, before it is known who listens."""

    type: str
    publication: int
    source_id: int
    at: dt.datetime
    subscriber: int | None = None


@dataclass(frozen=True)
class Chunk:
    """What was read: the events, and up to which row."""

    happenings: list[Happening]
    upto: int


@dataclass(frozen=True)
class Source:
    """A table of events; *read* takes the rows that it reads, in order."""

    name: str
    model: type[models.Model]
    fields: tuple[str, ...]
    read: Callable[[list[tuple[Any, ...]]], list[Happening]]

    def chunk(self, after: int, upto: int) -> Chunk:
        """Return the next events after the row *after*, and not beyond *upto*."""
        rows = list(
            self.model._default_manager.filter(pk__gt=after, pk__lte=upto)
            .order_by("pk")
            .values_list("pk", *self.fields)[:AT_A_TIME]
        )
        is_all = len(rows) < AT_A_TIME
        return Chunk(self.read(rows), upto if is_all else rows[-1][0])


def _consent(rows: list[tuple[Any, ...]]) -> list[Happening]:
    return [
        Happening(_OF_CONSENT[kind], publication, pk, at, subscriber)
        for pk, kind, publication, subscriber, at, details in rows
        # An import notes whom it did not let in as well; none of them is mailed.
        if kind in _OF_CONSENT and not (kind == "imported" and details.get("status"))
    ]


def _letters(rows: list[tuple[Any, ...]]) -> list[Happening]:
    wanted = [row for row in rows if row[1] in _OF_LETTERS]
    letters = {
        pk: (publication, subscriber)
        for pk, publication, subscriber in Delivery.objects.filter(
            pk__in={row[2] for row in wanted}
        ).values_list("pk", "edition__publication", "subscriber")
    }
    # One whose letter was pruned meanwhile is about nobody.
    return [
        Happening(_OF_LETTERS[kind], letters[delivery][0], pk, at, letters[delivery][1])
        for pk, kind, delivery, at in wanted
        if delivery in letters
    ]


def _audit(rows: list[tuple[Any, ...]]) -> list[Happening]:
    wanted = [row for row in rows if row[1] in _OF_AUDIT]
    # A correction puts a text on the web too, in the same transaction: it is told of once.
    published = {(row[4], row[5]) for row in wanted if row[1] == "published"}
    corrected = set(
        Correction.objects.filter(right__in={revision for _brief, revision in published})
        .values_list("brief", "right")
        .iterator()
        if published
        else ()
    )
    return [
        Happening(_OF_AUDIT[verb], publication, pk, at)
        for pk, verb, publication, at, brief, revision in wanted
        if not (verb == "published" and (brief, revision) in corrected)
    ]


SOURCES = (
    Source(
        "consent",
        ConsentRecord,
        ("kind", "publication", "subscriber", "at", "details"),
        _consent,
    ),
    Source("letters", DeliveryEvent, ("type", "delivery", "at"), _letters),
    Source("audit", AuditEntry, ("verb", "publication", "at", "brief", "revision"), _audit),
)
