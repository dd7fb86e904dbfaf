"""Matching: which delivery an event is about; never a guess that could bounce somebody else."""

import datetime as dt
import hmac
from collections.abc import Iterable, Sequence

from briefs.addresses import InvalidAddress, normalise
from deliveries import letters
from deliveries.models import Delivery
from deliveries.told import BOUNCED, COMPLAINED, UNSUBSCRIBED, Told
from subscribers import tokens
from subscribers.models import ConsentRecord
from subscribers.suppression import address_hash

# An address alone tells of a letter only if there was one in so many days.
RECENT = dt.timedelta(days=7)
# What was handed over, as far as anybody knows.
_WENT_OUT = (
    Delivery.Status.SENDING,
    Delivery.Status.SENT,
    Delivery.Status.DELIVERED,
    Delivery.Status.BOUNCED,
    Delivery.Status.COMPLAINED,
    Delivery.Status.IN_DOUBT,
)
# By an address alone only these: what else is about a confirmation or a welcome
# would settle a brief that is in doubt.
_BY_ADDRESS = (BOUNCED, COMPLAINED, UNSUBSCRIBED)


def match(tolds: Sequence[Told]) -> list[int]:
    """Return the delivery that each of *tolds* is about, 0 where none can be told.

    By the number that travelled with the letter, else by the Message-ID that we
    gave it, else by the address where exactly one recent letter went there.
    """
    named = {told.delivery for told in tolds if told.delivery}
    known = set(Delivery.objects.filter(pk__in=named).values_list("pk", flat=True))
    by_message = _by_message_id({told.message_id for told in tolds if not told.delivery})
    found = []
    for told in tolds:
        if told.delivery:
            found.append(told.delivery if told.delivery in known else 0)
        elif (pk := by_message.get(told.message_id, 0)) or number_in(told.message_id):
            found.append(pk)
        else:
            found.append(_by_address(told))
    return found


def strangers(claims: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those of *claims*, (delivery, address), whose address never was the reader's.

    A number is no proof: a second installation at the same account of an ESP,
    for trials perhaps, numbers its letters from 1 as well.
    """
    claims = set(claims)
    rows = Delivery.objects.filter(pk__in={delivery for delivery, _address in claims})
    keys = {
        pk: (subscriber, key)
        for pk, subscriber, key in rows.values_list("pk", "subscriber", "subscriber__address_key")
        if subscriber is not None
    }
    return {
        (delivery, address)
        for delivery, address in claims
        if delivery in keys and not _is_readers(address, *keys[delivery])
    }


def _is_readers(address: str, reader: int, key: str) -> bool:
    if address.lower() == key:
        return True
    try:
        given = normalise(address).key
    except InvalidAddress:
        return False
    moved = ConsentRecord.objects.filter(subscriber=reader, moved_from=address_hash(given))
    return given == key or moved.exists()


def names_a_letter(told: Told) -> bool:
    """Tell whether *told* names a letter, be it that its row is not to be seen (yet, or any more).

    Anything else that is unmatched will never be matched.
    """
    return bool(told.delivery or number_in(told.message_id))


def number_in(message_id: str) -> int:
    """Return the delivery that *message_id* claims to be of, unproved; 0 for a foreign one."""
    return tokens.claimed(message_id.partition("@")[0])


def _by_message_id(message_ids: Iterable[str]) -> dict[str, int]:
    claims = {one: number for one in message_ids if (number := number_in(one))}
    if not claims:
        return {}
    keys = {
        pk: (key or "", domain)
        for pk, key, domain in Delivery.objects.filter(pk__in=set(claims.values())).values_list(
            "pk", "edition__compiled__message_key", "edition__message_domain"
        )
    }
    return {
        one: number
        for one, number in claims.items()
        if number in keys and _is_ours(one, number, *keys[number])
    }


def _is_ours(message_id: str, delivery: int, key: str, domain: str) -> bool:
    token, _, host = message_id.partition("@")
    if host.lower() != domain.lower():
        return False
    if not key:  # an edition of old
        try:
            return letters.message_id.load(token) == (delivery,)
        except tokens.BadToken:
            return False
    return hmac.compare_digest(letters.message_id.maker(key)(delivery), token.encode())


def _by_address(told: Told) -> int:
    if told.type not in _BY_ADDRESS or not told.address:
        return 0
    try:
        key = normalise(told.address).key
    except InvalidAddress:
        return 0
    recent = Delivery.objects.filter(
        subscriber__address_key=key,
        status__in=_WENT_OUT,
        edition__frozen_at__gt=told.at - RECENT,
        edition__frozen_at__lte=told.at,
    )
    found = list(recent.order_by("-pk").values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else 0
