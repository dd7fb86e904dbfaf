"""A change of address: confirmed at the new one, told to the old one."""

import hashlib
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from briefs.addresses import Address, normalise
from subscribers import tokens
from subscribers.evidence import locked, record
from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription
from subscribers.origin import Origin
from subscribers.suppression import address_hash, is_suppressed

BETWEEN = timedelta(hours=1)
PER_DAY = 3
ASKED_LASTS = timedelta(seconds=tokens.address.lifetime or 0)
TOLD_LASTS = timedelta(seconds=tokens.undo.lifetime or 0)


class Taken(ValueError):
    """The new address is a reader already; two readers are not made one."""


def ask(subscription: Subscription, address_raw: str) -> bool:
    """Have the new address asked; return False where nothing will be mailed.

    Whether the new address is known here is not told before its owner has
    answered. At most one mail an hour to one address and three a day for one
    reader. Raises InvalidAddress.
    """
    new = normalise(address_raw)
    with transaction.atomic():
        reader = locked(subscription.subscriber_id)
        if reader is None or new.key == reader.address_key:
            return False
        if is_suppressed(
            address_hash(new.key), subscription.publication, new.key.rpartition("@")[2]
        ):
            return False
        recent = Notice.objects.filter(
            kind=Notice.Kind.ADDRESS,
            record__isnull=True,
            created_at__gt=timezone.now() - timedelta(days=1),
        )
        if recent.filter(subscription__subscriber=reader).count() >= PER_DAY:
            return False
        within = recent.filter(created_at__gt=timezone.now() - BETWEEN)
        if within.filter(address=new.address).exists():
            return False
        Notice.objects.create(
            kind=Notice.Kind.ADDRESS, subscription=subscription, address=new.address
        )
    return True


def forget_addresses() -> int:
    """Delete what holds an address beside a reader's own once its button is over; return how many.

    New ones that nobody confirmed, and old ones that can no longer be taken back.
    """
    now = timezone.now()
    asked = Q(record__isnull=True, created_at__lt=now - ASKED_LASTS)
    told = Q(record__isnull=False, created_at__lt=now - TOLD_LASTS)
    beside = Notice.objects.filter(asked | told, kind=Notice.Kind.ADDRESS)
    return beside.delete()[0]


def digest(old_key: str, new_address: str) -> int:
    """Return the number that binds a token to both addresses."""
    both = f"{old_key}\0{new_address}".encode()
    return int.from_bytes(hashlib.sha256(both).digest()[:7], "big")


def find(notice_id: int, number: int) -> Notice | None:
    """Return the notice of a verified token while it still fits the reader's address."""
    notice = (
        Notice.objects.select_related("subscription__subscriber", "subscription__publication")
        .filter(pk=notice_id, kind=Notice.Kind.ADDRESS, record__isnull=True)
        .first()
    )
    if notice is None:
        return None
    fits = digest(notice.link.subscriber.address_key, notice.address) == number
    return notice if fits else None


def move(notice: Notice, *, origin: Origin) -> bool:
    """Give the reader the new address, and tell the old one; return False if it has been done.

    Raises Taken.
    """
    subscription = notice.link
    new = normalise(notice.address)
    with transaction.atomic():
        reader = locked(subscription.subscriber_id)
        if reader is None or reader.address_key != subscription.subscriber.address_key:
            return False
        if is_suppressed(
            address_hash(new.key), subscription.publication, new.key.rpartition("@")[2]
        ):
            return False
        old, before = reader.address, reader.address_hash
        details = {"address": [before, address_hash(new.key)]}
        _write(reader, new)
        subscription.subscriber.refresh_from_db()
        made = record(
            subscription,
            ConsentRecord.Kind.CHANGED,
            source="preferences",
            details=details,
            moved_from=before,
            **origin,
        )
        Notice.objects.create(
            kind=Notice.Kind.ADDRESS, subscription=subscription, record=made, address=old
        )
    return True


def move_back(subscription: Subscription, made: ConsentRecord) -> bool:
    """Give the reader the old address back, which the notice to it still names.

    Also where they moved on since: a thief would move twice.
    """
    told = Notice.objects.filter(record=made, kind=Notice.Kind.ADDRESS).first()
    before, _after = made.details["address"]
    reader = subscription.subscriber
    if told is None or reader.address_hash == before:
        return False
    old = normalise(told.address)
    if address_hash(old.key) != before:
        return False
    try:
        _write(reader, old)
    except Taken:
        return False
    reader.refresh_from_db()
    return True


def _write(reader: Subscriber, new: Address) -> None:
    try:
        with transaction.atomic():
            Subscriber.objects.filter(pk=reader.pk).update(
                address=new.address,
                address_key=new.key,
                address_hash=address_hash(new.key),
                domain=new.key.rpartition("@")[2],
            )
    except IntegrityError as error:
        raise Taken(f"{new.address} is a reader already.") from error
