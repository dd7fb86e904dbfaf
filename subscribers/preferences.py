"""What readers set by themselves: topics, rhythm, pause, name, further publications.

Two links lead here. The one at the foot of each mail may be in the hands of
whom the mail was forwarded to: it changes only what its owner can undo, and
the owner is told. The other is mailed on request to the owner's address alone.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from briefs.addresses import InvalidAddress, normalise
from briefs.models import Publication, Topic, User
from subscribers import tokens, wordings
from subscribers.evidence import change, locked, one_line, record
from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription
from subscribers.origin import Origin
from subscribers.suppression import is_suppressed, release_erasure

Kind = ConsentRecord.Kind
Status = Subscription.Status

LONGEST_PAUSE = timedelta(days=366)
BETWEEN_LINKS = timedelta(hours=1)
BETWEEN_UNDOS = timedelta(days=1)


def choose(
    subscription: Subscription,
    *,
    topics: Collection[Topic],
    rhythm: str,
    source: str,
    origin: Origin,
    tells_owner: bool = False,
    by: User | None = None,
) -> bool:
    """Store which topics a reader wants and how often; return False if nothing changed.

    All topics of a publication are stored as none chosen, so that the reader
    also gets those that are added later.
    """
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return False
        subscription.refresh_from_db(fields=["rhythm"])
        wanted = {topic.slug for topic in topics}
        if len(wanted) == subscription.publication.topics.count():
            wanted = set()
        had = set(subscription.topics.values_list("slug", flat=True))
        details: dict[str, Any] = {}
        if wanted != had:
            details["topics"] = [sorted(had), sorted(wanted)]
            set_topics(subscription, wanted)
        if rhythm != subscription.rhythm:
            details["rhythm"] = [subscription.rhythm, rhythm]
            change(subscription, Q(), rhythm=rhythm)
        if not details:
            return False
        _changed(subscription, details, source, origin, tells_owner=tells_owner, by=by)
    return True


def set_topics(subscription: Subscription, slugs: Iterable[str]) -> None:
    """Store the topics with *slugs* as those of *subscription*."""
    subscription.topics.set(subscription.publication.topics.filter(slug__in=list(slugs)))


def pause(
    subscription: Subscription,
    until: date,
    *,
    source: str,
    origin: Origin,
    tells_owner: bool = False,
) -> bool:
    """Send nothing before the day *until*; return False if nothing changed."""
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return False
        subscription.refresh_from_db(fields=["status", "paused_until"])
        before = _pause_of(subscription)
        if not change(
            subscription,
            Q(status=Status.ACTIVE) | Q(status=Status.PAUSED) & ~Q(paused_until=until),
            status=Status.PAUSED,
            paused_until=until,
        ):
            return False
        details = {"pause": [before, _pause_of(subscription)]}
        _changed(subscription, details, source, origin, tells_owner=tells_owner)
    return True


def resume(
    subscription: Subscription,
    *,
    source: str,
    origin: Origin | None = None,
    tells_owner: bool = False,
) -> bool:
    """Send again from now on; return False if nothing was paused."""
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return False
        subscription.refresh_from_db(fields=["status", "paused_until"])
        before = _pause_of(subscription)
        if not change(
            subscription, Q(status=Status.PAUSED), status=Status.ACTIVE, paused_until=None
        ):
            return False
        details = {"pause": [before, _pause_of(subscription)]}
        _changed(subscription, details, source, origin, tells_owner=tells_owner)
    return True


def _pause_of(subscription: Subscription) -> list[str | None]:
    until = subscription.paused_until
    return [subscription.status, str(until) if until else None]


def end_pauses() -> int:
    """Send again to those whose day has come, by the publication's clock; return how many."""
    ended = 0
    soon = timezone.now().date() + timedelta(days=1)  # somewhere it is tomorrow already
    paused = Subscription.objects.filter(paused_until__lte=soon, status=Status.PAUSED)
    for subscription in paused.order_by("paused_until").select_related("subscriber", "publication")[
        :1000
    ]:
        zone = subscription.publication.time_zone
        until = subscription.paused_until
        if until is not None and until <= _today_in(zone):
            ended += resume(subscription, source="pause over")
    return ended


def _today_in(zone: str) -> date:
    with timezone.override(zone):
        return timezone.localdate()


def describe(
    subscription: Subscription,
    *,
    name: str,
    language: str,
    time_zone: str,
    origin: Origin,
    source: str = "preferences",
    by: User | None = None,
) -> bool:
    """Store what a reader, or *by* for them, says of themselves; return False if nothing changed.

    The record names what was changed, not the name: evidence outlives a reader.
    """
    given = {"name": one_line(name)[:120], "language": language, "time_zone": time_zone}
    with transaction.atomic():
        reader = locked(subscription.subscriber_id)
        if reader is None:
            return False
        changed = [field for field, value in given.items() if getattr(reader, field) != value]
        if not changed:
            return False
        Subscriber.objects.filter(pk=reader.pk).update(**{f: given[f] for f in changed})
        _changed(subscription, {"changed": changed}, source, origin, by=by)
    subscription.subscriber.refresh_from_db()
    return True


def join(subscription: Subscription, publication: Publication, *, origin: Origin) -> bool:
    """Subscribe the reader of *subscription* to *publication* too; return False if they are.

    They have come by a link that only they have, and pressed a button under
    the wording: that is request and confirmation in one.
    """
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return False
        reader = subscription.subscriber
        if is_suppressed(reader.address_hash, publication, reader.domain, asks_anew=True):
            return False
        now = timezone.now()
        other, _created = Subscription.objects.get_or_create(
            subscriber=reader,
            publication=publication,
            defaults={"source": "preferences", "requested_at": now},
        )
        if not change(
            other,
            Q(status__in=[Status.UNCONFIRMED, Status.UNSUBSCRIBED]),
            status=Status.ACTIVE,
            confirmed_at=now,
            unsubscribed_at=None,
        ):
            return False
        wording = wordings.current(publication)
        record(other, Kind.CONFIRMED, source="preferences", wording=wording, **origin)
        release_erasure(reader.address_hash, publication, "The reader joined anew.")
        Notice.objects.create(kind=Notice.Kind.WELCOME, subscription=other)
    return True


def own_token(subscription: Subscription) -> str:
    """Return a token that opens all we hold of a reader, as long as they keep their address."""
    return tokens.own.make(subscription.pk, mark(subscription))


def owner(token: str) -> Subscription | None:
    """Return the subscription of an own_token(); None once its reader was erased.

    Raises BadToken, and ExpiredToken also where the reader has moved: whoever
    reads the mail of the address before is not asked any more.
    """
    subscription_id, marked = tokens.own.load(token)
    found = Subscription.objects.select_related("subscriber", "publication").filter(
        pk=subscription_id
    )
    subscription = found.first()
    if subscription is not None and mark(subscription) != marked:
        raise tokens.ExpiredToken("The reader has another address now.")
    return subscription


def mark(subscription: Subscription) -> int:
    """Return a number that a token holds its reader's address by."""
    """Return a number that changes with the reader's address."""
    return int(subscription.subscriber.address_hash[:12], 16)


def mail_link(subscription: Subscription) -> bool:
    """Have the owner mailed a link to all we hold; return False within an hour of the last."""
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return False
        links = Notice.objects.filter(
            kind=Notice.Kind.PREFERENCES, subscription__subscriber=subscription.subscriber_id
        ).exclude(status=Notice.Status.FAILED)
        if links.filter(created_at__gt=timezone.now() - BETWEEN_LINKS).exists():
            return False
        Notice.objects.create(kind=Notice.Kind.PREFERENCES, subscription=subscription)
    return True


def ask_for_link(publication: Publication, address_raw: str) -> bool:
    """Have a link mailed to *address_raw* if it is a reader of *publication*; tell whether."""
    try:
        key = normalise(address_raw).key
    except InvalidAddress:
        return False
    theirs = Subscription.objects.filter(
        subscriber__address_key=key, publication=publication
    ).exclude(status=Status.UNCONFIRMED)
    subscription = theirs.select_related("subscriber", "publication").first()
    return subscription is not None and mail_link(subscription)


def _changed(
    subscription: Subscription,
    details: dict[str, Any],
    source: str,
    origin: Origin | None,
    *,
    tells_owner: bool = False,
    by: User | None = None,
) -> None:
    """Write the evidence of a change, and have its owner told, once a day at most.

    The first mail of a day offers the way back to how it was before all of it.
    """
    origin = origin or Origin(ip=None, user_agent="")
    made = record(subscription, Kind.CHANGED, source=source, by=by, details=details, **origin)
    if not tells_owner:
        return
    told = Notice.objects.filter(
        kind=Notice.Kind.UNDO,
        subscription=subscription,
        record__kind=Kind.CHANGED,
        created_at__gt=timezone.now() - BETWEEN_UNDOS,
    ).exclude(status=Notice.Status.FAILED)
    # A way back works once: who has gone it is told of what comes after.
    undone = ConsentRecord.objects.filter(
        subscriber=subscription.subscriber_id, kind=Kind.CHANGED, details__has_key="undo"
    ).values_list("details", flat=True)
    if not told.exclude(record__in=[details["undo"] for details in undone]).exists():
        Notice.objects.create(kind=Notice.Kind.UNDO, subscription=subscription, record=made)
