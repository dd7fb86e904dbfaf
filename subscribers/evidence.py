"""Writing evidence: a change of status and the record of it, in one transaction."""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from briefs import audit
from briefs.models import Topic, User
from briefs.models.publications import without_turns
from subscribers.models import ConsentRecord, ConsentWording, Subscriber, Subscription


def one_line(value: str) -> str:
    """Return *value* in one line, without control characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", without_turns(value)).split())


def locked(subscriber_id: int) -> Subscriber | None:
    """Return the reader, locked until the transaction ends; None once erased.

    The lock puts all changes of one reader in a row. On SQLite the transaction
    itself does.
    """
    # no_key: a delivery that refers to the reader need not wait for us.
    return Subscriber.objects.select_for_update(no_key=True).filter(pk=subscriber_id).first()


def change(subscription: Subscription, leaving: Q, **changes: str | date | datetime | None) -> bool:
    """Update *subscription* if it still fits *leaving*; the row count says who won."""
    won = Subscription.objects.filter(leaving, pk=subscription.pk).update(**changes)
    with suppress(Subscription.DoesNotExist):  # erased since it was looked up
        subscription.refresh_from_db(fields=[*changes, "status"])
    return won == 1


def record(
    subscription: Subscription,
    kind: ConsentRecord.Kind,
    *,
    source: str,
    ip: str | None = None,
    user_agent: str = "",
    by: User | None = None,
    basis: str = "",
    wording: ConsentWording | None = None,
    delivery_id: int | None = None,
    at: datetime | None = None,
    details: dict[str, Any] | None = None,
    moved_from: str | None = None,
) -> ConsentRecord:
    """Write the evidence of a change; called inside its transaction.

    *moved_from* is the hash of the address that the reader had, if they have another one now.
    """
    return ConsentRecord.objects.create(
        subscriber=subscription.subscriber,
        address_hash=subscription.subscriber.address_hash,
        publication=subscription.publication,
        kind=kind,
        source=source[:40],
        ip=ip,
        user_agent=one_line(user_agent)[:300],
        by=by,
        basis=basis,
        wording=wording,
        delivery_id=delivery_id,
        at=at or timezone.now(),
        details={**(details or {}), **through()},
        moved_from=moved_from,
    )


def through() -> dict[str, str]:
    """Return what a record says of the program that acts for a user at this moment."""
    program = audit.acting_through()
    return {"through": program} if program else {}


def choose_topics(subscription: Subscription, topics: Collection[int]) -> dict[str, Any]:
    """Store those of *topics*, ids, that the publication has; return the details of the evidence.

    Nothing happens where it has none of them any more.
    """
    chosen = list(subscription.publication.topics.filter(pk__in=topics))
    if not chosen:
        return {}
    details = topics_asked_for(subscription.topics.all(), chosen)
    subscription.topics.set(chosen)
    return details


def topics_asked_for(before: Iterable[Topic], chosen: Iterable[Topic]) -> dict[str, Any]:
    """Return the details of a record of somebody who had topics *before* and asks for *chosen*."""
    return {"topics": [sorted(topic.slug for topic in topics) for topics in (before, chosen)]}
