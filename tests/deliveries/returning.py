"""Letters that are out, for tests of what comes back."""

import datetime as dt
from typing import Any

from django.utils import timezone

from briefs import revisions
from deliveries.models import (
    Batch,
    BounceCount,
    Delivery,
    DeliveryEvent,
    Edition,
    InboundEvent,
)
from subscribers.models import ConsentRecord, Subscriber, Subscription, Suppression
from tests.make import make_brief, make_publication, make_readers


def sent_edition(
    publication: Any = None, readers: int = 8, *, is_over: bool = False, **fields: Any
) -> Edition:
    """Store an edition that has gone out to *readers*, or to all whom *publication* has.

    *fields* are those of each delivery.
    """
    if publication is None:
        publication = make_publication()
        make_readers(publication, readers)
    now = timezone.now()
    # Written as it stands afterwards: to schedule it would ask the whole preflight.
    revision = revisions.take(make_brief(publication))
    edition = Edition.objects.create(
        brief=revision.brief,
        revision=revision,
        publication=publication,
        status=Edition.Status.FINISHED if is_over else Edition.Status.SENDING,
        send_at=now - dt.timedelta(hours=2),
        started_at=now - dt.timedelta(hours=2),
        frozen_at=now - dt.timedelta(hours=2),
        finished_at=now if is_over else None,
        audience=readers,
    )
    batch = Batch.objects.create(edition=edition, number=0, not_before=now, sent=readers)
    fields = {"status": "sent", "attempt": 1, **fields}
    Subscription.objects.filter(publication=publication).update(
        confirmed_at=now - dt.timedelta(days=9)
    )
    links = Subscription.objects.filter(publication=publication).order_by("subscriber")
    Delivery.objects.bulk_create(
        Delivery(edition=edition, subscriber_id=pk, batch=batch, **fields)
        for pk in links.values_list("subscriber", flat=True)
    )
    return edition


def state() -> dict[str, Any]:
    """Return everything that reports may change."""
    events = DeliveryEvent.objects.order_by("delivery", "type", "key")
    return {
        "deliveries": list(
            Delivery.objects.order_by("pk").values_list("pk", "status", "reason", "reply", "due_at")
        ),
        "events": list(
            events.values_list(
                "delivery", "type", "key", "at", "source", "is_permanent", "code", "reason", "words"
            )
        ),
        "suppressions": sorted(
            Suppression.objects.values_list("address_hash", "reason", "publication", "note")
        ),
        "subscriptions": list(Subscription.objects.order_by("pk").values_list("pk", "status")),
        "evidence": sorted(
            ConsentRecord.objects.values_list("subscriber", "kind", "source", "delivery_id")
        ),
        "counts": sorted(
            BounceCount.objects.values_list("subscriber", "bounces", "first_at", "last_at")
        ),
        "batches": list(Batch.objects.order_by("pk").values_list("bounced", "complained")),
        "waiting": InboundEvent.objects.count(),
    }


def addresses() -> dict[int, str]:
    """Return {subscriber: address}."""
    return dict(Subscriber.objects.values_list("pk", "address"))
