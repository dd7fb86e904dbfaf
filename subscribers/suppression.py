"""Addresses that are never mailed, known by a keyed hash that outlives the address.

A whole domain may be suppressed too: its hash is that of “@” and the domain.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from briefs.addresses import InvalidAddress, normalise
from briefs.models import Publication, User
from subscribers.models import ConsentRecord, Subscription, Suppression, SuppressionRelease

Reason = Suppression.Reason


class NoReason(ValueError):
    """A suppression is released only with a reason, which is kept."""


class ReadersOwnWord(ValueError):
    """A complaint or an erasure is the reader's own word; no editor takes it back."""


# A complaint and an erasure are the reader's own word; no editor takes it back.
RELEASABLE = (Reason.BOUNCE, Reason.MANUAL)


def address_hash(key: str) -> str:
    """Return the 32 hex digits that stand for an address in its case-folded form.

    Keyed, because anybody could hash all addresses of the world; with the key
    lost, suppressions of erased readers no longer match, so back it up.
    """
    return address_hashes([key])[0]


def address_hashes(keys: Iterable[str]) -> list[str]:
    """Return the hashes of many addresses, in half the time."""
    inner_half, outer_half = _halves(settings.SUPPRESSION_KEY)
    hashes = []
    for key in keys:
        inner, outer = inner_half.copy(), outer_half.copy()
        inner.update(key.encode())
        outer.update(inner.digest())
        hashes.append(outer.hexdigest()[:32])
    return hashes


@lru_cache(maxsize=1)
def _halves(secret: str) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """Return both halves of HMAC-SHA256 (RFC 2104) with the key taken in.

    What is left for each address takes a third of the time of hmac.digest(), which a
    million of them notice.
    """
    key = secret.encode()
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def is_suppressed(
    address_hash: str, publication: Publication, domain: str = "", *, asks_anew: bool = False
) -> bool:
    """Tell whether mail of *publication* must not go to this address at this *domain*.

    *asks_anew*: it is about the one mail that asks somebody who was erased, and
    came back, to confirm it.
    """
    return _standing(address_hash, publication, domain, asks_anew=asks_anew).exists()


def stops(subscription: Subscription, *, asks_anew: bool = False) -> bool:
    """Tell whether a suppression stops the mail of *subscription*."""
    reader = subscription.subscriber
    return is_suppressed(
        reader.address_hash, subscription.publication, reader.domain, asks_anew=asks_anew
    )


Stopped = Callable[..., bool]


def stopped_among(subscriptions: Iterable[Subscription]) -> Stopped:
    """Return what tells of one of *subscriptions* what stops() tells, with one look for all."""
    readers = {one.subscriber for one in subscriptions}
    hashes = {
        reader.pk: {reader.address_hash, address_hash(f"@{reader.domain}")}
        if reader.domain
        else {reader.address_hash}
        for reader in readers
    }
    rows = Suppression.objects.filter(address_hash__in=set().union(*hashes.values()))
    found = list(rows.values_list("address_hash", "publication", "reason"))

    def is_stopped(subscription: Subscription, *, asks_anew: bool = False) -> bool:
        return any(
            hashed in hashes[subscription.subscriber_id]
            and publication in (None, subscription.publication_id)
            and not (asks_anew and reason == Reason.ERASURE)
            for hashed, publication, reason in found
        )

    return is_stopped


def _standing(
    hashed: str, publication: Publication, domain: str, *, asks_anew: bool = False
) -> QuerySet[Suppression]:
    hashes = [hashed, address_hash(f"@{domain}")] if domain else [hashed]
    rows = Suppression.objects.filter(
        Q(publication__isnull=True) | Q(publication=publication), address_hash__in=hashes
    )
    return rows.exclude(reason=Reason.ERASURE) if asks_anew else rows


def suppress(
    address: str,
    reason: str,
    publication: Publication | None = None,
    note: str = "",
    by: User | None = None,
) -> bool:
    """Never mail *address* again, or a whole "@domain"; return False if that was so already.

    With a *publication* only its mail stops. *reason* is a value of
    Suppression.Reason. An erased address is kept as its hash alone. A reader's
    own word takes the place of what an editor could release. Raises
    InvalidAddress for what is no address.
    """
    key, shown, domain = _read(address)
    if reason not in Reason.values:
        raise ValueError(f"“{reason}” is no reason; take one of {Reason.values}.")
    if by is not None:
        note = f"{note} ({by})".strip()
    shown = "" if reason == Reason.ERASURE else shown
    return suppress_hash(
        address_hash(key), reason, publication, address=shown, domain=domain, note=note
    )


def suppress_hash(
    hashed: str, reason: str, publication: Publication | None = None, **shown: str
) -> bool:
    """Never mail the address with this hash again; return False if that was so already."""
    with transaction.atomic():
        _row, created = Suppression.objects.get_or_create(
            address_hash=hashed, publication=publication, defaults={"reason": reason, **shown}
        )
        if not created and reason not in RELEASABLE:
            Suppression.objects.filter(
                address_hash=hashed, publication=publication, reason__in=RELEASABLE
            ).update(reason=reason)
    return created


def hash_of(text: str) -> str:
    """Return the hash of an address or of a whole "@domain"; raise InvalidAddress."""
    return address_hash(_read(text)[0])


def shown_as(text: str) -> str:
    """Return an address or "@domain" in the form that is stored; raise InvalidAddress."""
    return _read(text)[1]


def _read(text: str) -> tuple[str, str, str]:
    """Return the key that is hashed, what is shown, and the domain if it is a whole one."""
    text = text.strip()
    if not text.startswith("@"):
        known = normalise(text)
        return known.key, known.address, ""
    # Any local part will do: only the domain's form is asked for.
    domain = normalise(f"reader{text}").key.partition("@")[2]
    return f"@{domain}", f"@{domain}", domain


def release(row: Suppression, *, why: str, by: User | None) -> bool:
    """Let mail go to the address of *row* again; return False if that was so already.

    It subscribes nobody. Raises NoReason without a reason, ReadersOwnWord for a
    complaint or an erasure.
    """
    if row.reason not in RELEASABLE:
        raise ReadersOwnWord(
            "A complaint and an erasure are the reader's own word. Who was erased can subscribe "
            "again on the form; nobody else takes either back."
        )
    return _release(row, why, by)


def release_erasure(hashed: str, publication: Publication, why: str) -> int:
    """Take back the erasure of an address whose owner has just confirmed a new subscription.

    For the *publication* that they confirmed: to the others that they were
    erased from, no import brings them back.
    """
    rows = Suppression.objects.filter(
        Q(publication__isnull=True) | Q(publication=publication),
        address_hash=hashed,
        reason=Reason.ERASURE,
    )
    released = sum(_release(row, why, None) for row in rows)
    if released:
        left = ConsentRecord.objects.filter(
            address_hash=hashed, subscriber__isnull=True, kind=ConsentRecord.Kind.ERASED
        )
        others = Publication.objects.filter(pk__in=left.values("publication"))
        for other in others.exclude(pk=publication.pk):
            suppress_hash(hashed, Reason.ERASURE, other)
    return released


def _release(row: Suppression, why: str, by: User | None) -> bool:
    if not why.strip():
        raise NoReason("State why it is released: what has changed, and how you know.")
    with transaction.atomic():
        # The row count says who won: two releases leave one record.
        deleted, _each = Suppression.objects.filter(pk=row.pk, reason=row.reason).delete()
        if not deleted:
            return False
        SuppressionRelease.objects.create(
            address_hash=row.address_hash,
            domain=row.domain,
            publication=row.publication,
            reason=row.reason,
            suppressed_at=row.created_at,
            why=why.strip(),
            by=by,
        )
    return True


__all__ = [
    "InvalidAddress",
    "address_hash",
    "address_hashes",
    "hash_of",
    "is_suppressed",
    "release",
    "release_erasure",
    "shown_as",
    "stops",
    "suppress",
    "suppress_hash",
]
