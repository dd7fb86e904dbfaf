"""What the tests of the reports share: an edition of which everything came back that can."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from briefs import revisions
from briefs.models import Publication
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
from subscribers.models import ConsentRecord, Subscriber
from tests.make import make_brief, make_publication, make_readers

# How 30 deliveries end, in the order of their ids.
ENDS = (
    *["delivered"] * 18,
    *["sent"] * 3,
    *["bounced"] * 4,
    *["complained"] * 1,
    *["failed"] * 2,
    *["skipped"] * 1,
    *["in-doubt"] * 1,
)
WHY = {"failed": "refused", "skipped": "left", "in-doubt": "connection lost"}


def ended(publication: Publication | None = None, hours: float = 100, **fields: Any) -> Edition:
    """Store an edition that went to 30 readers so many *hours* ago, and has ended."""
    brief = make_brief(publication or make_publication(tracking="per-reader"), **fields)
    publication = brief.publication
    at = timezone.now() - dt.timedelta(hours=hours)
    readers = list(publication.subscriptions.order_by("pk").values_list("subscriber", flat=True))
    edition = Edition.objects.create(
        brief=brief, revision=revisions.take(brief), publication=publication, status="finished",
        audience=len(readers), send_at=at, started_at=at, frozen_at=at, finished_at=at,
    )  # fmt: skip
    batch = Batch.objects.create(edition=edition, number=1, not_before=at, done_at=at)
    Delivery.objects.bulk_create(
        Delivery(
            edition=edition, batch=batch, subscriber_id=reader, status=status,
            reason=WHY.get(status, ""),
        )
        for reader, status in zip(readers, ENDS, strict=False)
    )  # fmt: skip
    Link.objects.create(edition=edition, position=0, url="https://port.example/cranes")
    return edition


def answered(edition: Edition) -> None:
    """Store what came back of such an edition: bounces, departures, opens and clicks."""
    rows = list(edition.deliveries.order_by("pk"))
    now = timezone.now()
    bounced = [row for row in rows if row.status == "bounced"]
    reasons = [(True, "no-mailbox"), (True, "no-mailbox"), (False, "full"), (True, "disabled")]
    for row, (is_permanent, reason) in zip(bounced, reasons, strict=True):
        for key, grave in (("1", False), ("2", is_permanent)):
            DeliveryEvent.objects.create(
                delivery=row, type="bounced", key=key, at=now, source="postmark",
                is_permanent=grave, reason=reason, words="550 =cmd()",
            )  # fmt: skip
    # One who left says why, one says it in words of her own, and one repeats it.
    for row, why in ((rows[0], "too-often"), (rows[1], "other: Dear desk"), (rows[0], "")):
        ConsentRecord.objects.create(
            subscriber=row.subscriber, address_hash="x", publication=edition.publication,
            kind="unsubscribed", source="page", delivery_id=row.pk,
            details={"why": why} if why else {},
        )  # fmt: skip
    begin = edition.send_at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    link = Link.objects.filter(edition=edition).first()
    assert link is not None
    for hour, position, human, machine in (
        (0, PIXEL, 9, 4), (1, PIXEL, 2, 0), (60, PIXEL, 1, 0),
        (0, link.position, 5, 20), (47, link.position, 1, 0),
    ):  # fmt: skip
        HitCount.objects.create(
            edition=edition, position=position, hour=begin + dt.timedelta(hours=hour),
            human=human, machine=machine,
        )  # fmt: skip
    for row, position, is_machine in (
        (rows[0], PIXEL, False), (rows[0], link.position, False), (rows[1], PIXEL, False),
        (rows[2], PIXEL, True),
    ):  # fmt: skip
        ReaderHit.objects.create(
            delivery=row, position=position, is_machine=is_machine, first_at=now
        )


def scatter(*domains: str) -> None:
    """Give the readers the *domains* in turn."""
    for number, reader in enumerate(Subscriber.objects.order_by("pk")):
        Subscriber.objects.filter(pk=reader.pk).update(domain=domains[number % len(domains)])


@pytest.fixture
def edition() -> Edition:
    """Return an edition of 30 readers, mailed under *per reader*, of which all came back."""
    publication = make_publication(tracking="per-reader")
    make_readers(publication, 30)
    edition = ended(publication)
    answered(edition)
    return edition
