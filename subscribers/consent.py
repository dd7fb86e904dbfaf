"""Consent: who asked, who confirmed, who left; every change with its evidence.

A change of status is one UPDATE that names the status it leaves, and its
ConsentRecord is written in the same transaction. Repeats change nothing and
leave no second record.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from briefs.addresses import Address, normalise
from briefs.models import Publication, User
from subscribers import waiting, wordings
from subscribers.evidence import change as change
from subscribers.evidence import choose_topics
from subscribers.evidence import one_line as one_line
from subscribers.evidence import record as record
from subscribers.models import (
    ConsentRecord,
    Notice,
    Subscriber,
    Subscription,
)
from subscribers.origins import truncate_origins as truncate_origins
from subscribers.suppression import address_hash, is_suppressed, release_erasure, stops

Kind = ConsentRecord.Kind
Status = Subscription.Status

# Who left and asks again stays unsubscribed until the button is pressed: anybody
# can type an address into a form, and that must not change what its owner decided.
AWAITS_CONFIRMATION = Q(status=Status.UNCONFIRMED) | Q(
    status=Status.UNSUBSCRIBED, requested_at__gt=F("unsubscribed_at")
)

LONGEST_WHY = 300


class SuppressedAddress(ValueError):
    """The address is never mailed; release the suppression first."""


class NoBasis(ValueError):
    """A reader is added by hand only with a stated basis of consent."""


def request(
    publication: Publication,
    address_raw: str,
    *,
    source: str,
    name: str = "",
    language: str = "",
    time_zone: str = "",
    topics: Collection[int] = (),
    wording: str = "",
    asked_at: datetime | None = None,
    sends_mail: bool = True,
    ip: str | None = None,
    user_agent: str = "",
) -> Subscription | None:
    """Note that somebody asked for *publication*, and have a confirmation mailed.

    Nothing happens for an address that is suppressed (None is returned),
    active or paused, and nothing for a repeat within the limits of
    subscribers.waiting. *topics* are ids; *wording* is what was shown, if not
    today's; *asked_at* is when, if not now. Not *sends_mail*: the mail of
    another publication asks for this one too. Raises InvalidAddress.
    """
    address = normalise(address_raw)
    hashed = address_hash(address.key)
    with transaction.atomic():
        # Who was erased may ask anew: one mail asks whether it was they.
        if is_suppressed(hashed, publication, domain_of(address), asks_anew=True):
            return None
        subscriber = _locked_subscriber(address, hashed)
        now = timezone.now()
        asked_at = asked_at or now
        subscription, created = Subscription.objects.get_or_create(
            subscriber=subscriber,
            publication=publication,
            defaults={"source": source[:40], "requested_at": asked_at},
        )
        due_at = waiting.earliest_confirmation(subscriber, now)
        if due_at <= now:
            # What stands beside the address counts with the mail that goes out for it: who
            # signs up a stranger while theirs is under way does not rename them.
            _note_details(subscriber, name=name, language=language, time_zone=time_zone)
        has_one_waiting = subscription.notices.filter(
            kind=Notice.Kind.CONFIRMATION, status=Notice.Status.UNSENT
        ).exists()
        if not created:
            # Who left may come back: the wish is noted at once, the mail may wait.
            asks = Q(status=Status.UNSUBSCRIBED, requested_at__lte=F("unsubscribed_at"))
            if due_at <= now and not has_one_waiting:
                asks |= AWAITS_CONFIRMATION
            if not change(subscription, asks, requested_at=asked_at):
                return subscription
        details = choose_topics(subscription, topics) if topics else {}
        record(
            subscription,
            Kind.REQUESTED,
            source=source,
            ip=ip,
            user_agent=user_agent,
            wording=wordings.stored(publication, wording or wordings.text_of(publication)),
            at=asked_at,
            details=details,
        )
        if sends_mail and not has_one_waiting:
            Notice.objects.create(
                kind=Notice.Kind.CONFIRMATION, subscription=subscription, due_at=due_at
            )
    return subscription


def may_confirm(subscription: Subscription) -> bool:
    """Tell whether `confirm` would start mail for *subscription*."""
    waits = Subscription.objects.filter(AWAITS_CONFIRMATION, pk=subscription.pk).exists()
    return waits and not stops(subscription, asks_anew=True)


def confirm(
    subscription: Subscription, *, source: str, ip: str | None = None, user_agent: str = ""
) -> bool:
    """Start mail for *subscription* and have a welcome mailed; return False if nothing changed.

    Nothing changes for one that is active already, that was not asked for
    since its reader left, or whose address is suppressed.
    """
    with transaction.atomic():
        if stops(subscription, asks_anew=True):
            return False
        now = timezone.now()
        if not change(
            subscription,
            AWAITS_CONFIRMATION,
            status=Status.ACTIVE,
            confirmed_at=now,
            unsubscribed_at=None,
        ):
            return False
        record(
            subscription,
            Kind.CONFIRMED,
            source=source,
            ip=ip,
            user_agent=user_agent,
            wording=wordings.asked_under(subscription),
        )
        release_erasure(
            subscription.subscriber.address_hash,
            subscription.publication,
            "The reader asked anew and confirmed it.",
        )
        Notice.objects.create(kind=Notice.Kind.WELCOME, subscription=subscription, due_at=now)
    return True


def unsubscribe(
    subscription: Subscription,
    *,
    source: str,
    delivery_id: int | None = None,
    ip: str | None = None,
    user_agent: str = "",
    by: User | None = None,
    why: str = "",
    tells_owner: bool = False,
) -> bool:
    """Stop mail for *subscription*; return False if it had stopped already.

    *source* is where the wish came from: "one-click", "page", "admin".
    *delivery_id* is the mail whose link was used, *why* what the reader says of
    it. *tells_owner*: whoever has the mail may have pressed the button, so its
    owner gets one mail with an undo. Mail clients repeat the POST (RFC 8058), so
    a second call is no error and leaves no second record.
    """
    with transaction.atomic():
        was = (
            Subscription.objects.select_for_update(no_key=True)
            .filter(pk=subscription.pk)
            .values_list("status", "paused_until")
            .first()
        )
        if was is None or not change(
            subscription,
            ~Q(status=Status.UNSUBSCRIBED),
            status=Status.UNSUBSCRIBED,
            unsubscribed_at=timezone.now(),
            paused_until=None,
        ):
            return False
        status, paused_until = was
        details: dict[str, Any] = {
            "was": [status, paused_until.isoformat() if paused_until else None]
        }
        if why:
            details["why"] = one_line(why)[:LONGEST_WHY]
        left = record(
            subscription,
            Kind.UNSUBSCRIBED,
            source=source,
            ip=ip,
            user_agent=user_agent,
            by=by,
            delivery_id=delivery_id or None,
            details=details,
        )
        if tells_owner and status in (Status.ACTIVE, Status.PAUSED):
            Notice.objects.create(kind=Notice.Kind.UNDO, subscription=subscription, record=left)
    return True


def add_by_hand(
    publication: Publication,
    address_raw: str,
    *,
    basis: str,
    by: User,
    name: str = "",
    source: str = "admin",
) -> Subscription:
    """Subscribe a reader at once, on the *basis* that the editor *by* states.

    For one who is active or paused already nothing changes. Raises
    InvalidAddress, NoBasis, and SuppressedAddress for an address that is never
    mailed.
    """
    address = normalise(address_raw)
    basis = one_line(basis)
    if not basis:
        raise NoBasis("State the basis: how and when this reader agreed to get the mail.")
    hashed = address_hash(address.key)
    with transaction.atomic():
        if is_suppressed(hashed, publication, domain_of(address)):
            raise SuppressedAddress(
                f"{address.address} is suppressed and is never mailed. "
                "Release the suppression first, with the reader's consent."
            )
        subscriber = _locked_subscriber(address, hashed)
        _note_details(subscriber, name=name)
        now = timezone.now()
        subscription, _created = Subscription.objects.get_or_create(
            subscriber=subscriber,
            publication=publication,
            defaults={
                "source": "by hand" if source == "admin" else source,
                "requested_at": now,
            },
        )
        if change(
            subscription,
            Q(status__in=[Status.UNCONFIRMED, Status.UNSUBSCRIBED]),
            status=Status.ACTIVE,
            confirmed_at=now,
            unsubscribed_at=None,
        ):
            record(
                subscription,
                Kind.ADDED,
                source=source,
                by=by,
                basis=basis,
            )
    return subscription


def domain_of(address: Address) -> str:
    """Return the domain as Subscriber.domain holds it."""
    return address.key.rpartition("@")[2]


def _locked_subscriber(address: Address, hashed: str) -> Subscriber:
    """Return the reader of *address*, made if need be, locked until the transaction ends.

    The lock puts all requests for one address in a row, so that the limits
    hold however many come at once. On SQLite the transaction itself does.
    """
    subscriber, _created = Subscriber.objects.get_or_create(
        address_key=address.key,
        defaults={"address": address.address, "address_hash": hashed},
    )
    # no_key: a delivery that refers to the reader need not wait for us.
    return Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber.pk)


def _note_details(subscriber: Subscriber, **details: str) -> None:
    """Store what was given beside the address, unless the reader is somebody confirmed.

    Anybody can type in a stranger's address; the stranger's name is not theirs to change.
    """
    given = {field: one_line(value) for field, value in details.items() if one_line(value)}
    if not given or subscriber.subscriptions.filter(confirmed_at__isnull=False).exists():
        return
    if "name" in given:
        given["name"] = given["name"][:120]
    Subscriber.objects.filter(pk=subscriber.pk).update(**given)
