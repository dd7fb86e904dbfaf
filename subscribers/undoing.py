"""Taking back what somebody with a forwarded mail may have done."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from subscribers import moving, preferences
from subscribers.evidence import change, locked, record
from subscribers.models import ConsentRecord, Subscription
from subscribers.origin import Origin
from subscribers.suppression import stops

Kind = ConsentRecord.Kind
Status = Subscription.Status
LASTS = timedelta(days=30)


def find(record_id: int) -> tuple[ConsentRecord, Subscription] | None:
    """Return the record of a verified token and its subscription; None once erased."""
    made = ConsentRecord.objects.filter(pk=record_id, subscriber__isnull=False).first()
    if made is None:
        return None
    subscription = (
        Subscription.objects.select_related("subscriber", "publication")
        .filter(subscriber=made.subscriber_id, publication=made.publication_id)
        .first()
    )
    return None if subscription is None else (made, subscription)


def may_undo(made: ConsentRecord, subscription: Subscription) -> bool:
    """Tell whether `undo` would change anything."""
    if made.at < timezone.now() - LASTS or _was_undone(made):
        return False
    # Who took the address away may also have had the new one suppressed.
    if "address" not in made.details and stops(subscription):
        return False
    if made.kind == Kind.UNSUBSCRIBED:
        # Only the last leaving: who came back and left again has decided since.
        return subscription.status == Status.UNSUBSCRIBED and not _left_again(made)
    return made.kind == Kind.CHANGED and bool(made.details.keys() & _WAYS_BACK.keys())


def undo(made: ConsentRecord, subscription: Subscription, *, origin: Origin) -> bool:
    """Restore what was before *made*, once; return False if that is past."""
    with transaction.atomic():
        # Two clicks at once take turns here.
        if locked(subscription.subscriber_id) is None:
            return False
        subscription.refresh_from_db()
        if not may_undo(made, subscription):
            return False
        had = subscription.subscriber.address_hash
        if made.kind == Kind.UNSUBSCRIBED:
            done = _come_back(subscription, made.details.get("was") or [Status.ACTIVE, None])
        else:
            done = [
                _WAYS_BACK[what](subscription, made, before)
                for what, before in _before(made).items()
            ]
        if not any(done):
            return False
        moved = had != subscription.subscriber.address_hash
        record(
            subscription,
            Kind.CHANGED,
            source="undo",
            details={"undo": made.pk},
            moved_from=had if moved else None,
            **origin,
        )
    return True


def _before(made: ConsentRecord) -> dict[str, Any]:
    """Return what stood there before *made*, and before what followed within the day.

    Its owner gets one mail a day: without the rest, a first harmless change
    would leave no way back from a second.
    """
    if "address" in made.details:
        return {"address": made.details["address"][0]}
    followed = ConsentRecord.objects.filter(
        subscriber=made.subscriber_id,
        publication=made.publication_id,
        kind=Kind.CHANGED,
        source=made.source,
        pk__gte=made.pk,
        at__lt=made.at + preferences.BETWEEN_UNDOS,
    )
    found: dict[str, Any] = {}
    for row in followed.order_by("-pk"):
        if "address" not in row.details:
            ways = row.details.keys() & _WAYS_BACK.keys()
            found |= {what: row.details[what][0] for what in ways}
    return found


def _was_undone(made: ConsentRecord) -> bool:
    theirs = ConsentRecord.objects.filter(subscriber=made.subscriber_id, kind=Kind.CHANGED)
    return theirs.filter(details__undo=made.pk, pk__gt=made.pk).exists()


def _left_again(made: ConsentRecord) -> bool:
    return ConsentRecord.objects.filter(
        subscriber=made.subscriber_id,
        publication=made.publication_id,
        kind=Kind.UNSUBSCRIBED,
        pk__gt=made.pk,
    ).exists()


def _come_back(subscription: Subscription, was: list[Any]) -> list[bool]:
    status, until = was
    if status not in (Status.ACTIVE, Status.PAUSED) or subscription.confirmed_at is None:
        return []
    until = date.fromisoformat(until) if until else None
    if until is not None and until <= timezone.localdate():
        status, until = Status.ACTIVE, None
    return [
        change(
            subscription,
            Q(status=Status.UNSUBSCRIBED),
            status=status,
            paused_until=until,
            unsubscribed_at=None,
        )
    ]


def _topics_back(subscription: Subscription, _made: ConsentRecord, before: list[str]) -> bool:
    preferences.set_topics(subscription, before)
    return True


def _rhythm_back(subscription: Subscription, _made: ConsentRecord, before: str) -> bool:
    return change(subscription, Q(), rhythm=before)


def _pause_back(subscription: Subscription, _made: ConsentRecord, before: list[Any]) -> bool:
    status, until = before
    return change(
        subscription,
        Q(status__in=[Status.ACTIVE, Status.PAUSED]),
        status=status,
        paused_until=date.fromisoformat(until) if until else None,
    )


def _address_back(subscription: Subscription, made: ConsentRecord, _before: str) -> bool:
    return moving.move_back(subscription, made)


_WAYS_BACK: dict[str, Callable[[Subscription, ConsentRecord, Any], bool]] = {
    "topics": _topics_back,
    "rhythm": _rhythm_back,
    "pause": _pause_back,
    "address": _address_back,
}
