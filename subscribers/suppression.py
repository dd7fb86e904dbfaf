"""Addresses that are never mailed, known by a keyed hash that outlives the address."""

import hmac

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from briefs.addresses import InvalidAddress, normalise
from briefs.models import Publication, User
from subscribers.models import Suppression


def address_hash(key: str) -> str:
    """Return the 32 hex digits that stand for an address in its case-folded form.

    Keyed, because anybody could hash all addresses of the world; with the key
    lost, suppressions of erased readers no longer match, so back it up.
    """
    return hmac.digest(settings.SUPPRESSION_KEY.encode(), key.encode(), "sha256").hex()[:32]


def is_suppressed(address_hash: str, publication: Publication) -> bool:
    """Tell whether mail of *publication* must not go to this address."""
    return Suppression.objects.filter(
        Q(publication__isnull=True) | Q(publication=publication), address_hash=address_hash
    ).exists()


def suppress(
    address: str,
    reason: str,
    publication: Publication | None = None,
    note: str = "",
    by: User | None = None,
) -> bool:
    """Never mail *address* again; return False if that was so already.

    With a *publication* only its mail stops. *reason* is a value of
    Suppression.Reason. An erased address is kept as its hash alone. Raises
    InvalidAddress for what is no address.
    """
    known = normalise(address)
    if reason not in Suppression.Reason.values:
        raise ValueError(f"“{reason}” is no reason; take one of {Suppression.Reason.values}.")
    if by is not None:
        note = f"{note} ({by})".strip()
    with transaction.atomic():
        _row, created = Suppression.objects.get_or_create(
            address_hash=address_hash(known.key),
            publication=publication,
            defaults={
                "address": "" if reason == Suppression.Reason.ERASURE else known.address,
                "reason": reason,
                "note": note,
            },
        )
    return created


__all__ = ["InvalidAddress", "address_hash", "is_suppressed", "suppress"]
