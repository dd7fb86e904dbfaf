"""First sign-ups of addresses that nobody knows: the plain case, many in four statements.

The same rows that consent.request() writes for each, tests hold them to it.
Whatever is not plain, a known address, a suppressed one, two wishes for one
address, is left to consent.request().
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from briefs.addresses import Address, InvalidAddress
from briefs.models import Publication, Topic
from subscribers import wordings
from subscribers.evidence import topics_asked_for
from subscribers.importing.addresses import read
from subscribers.models import ConsentRecord, Notice, SignUp, Subscriber, Subscription, Suppression
from subscribers.suppression import address_hash


@dataclass(frozen=True, slots=True)
class Plain:
    """A sign-up of an address that is new, for one publication."""

    row: SignUp
    address: Address
    hashed: str
    publication: Publication


def note(rows: Sequence[SignUp]) -> Collection[int]:
    """Note those of *rows* that are plain; return their ids.

    Called in a transaction. Where another request for one of the addresses
    comes between, or one row cannot be stored, nothing is written and nothing
    returned.
    """
    found = list(_plain(rows))
    if not found:
        return ()
    try:
        with transaction.atomic():
            _write(found)
    except (IntegrityError, DataError):
        return ()
    return {plain.row.pk for plain in found}


def _plain(rows: Iterable[SignUp]) -> Iterable[Plain]:
    """Yield the plain ones, the first of each address."""
    by_key: dict[str, tuple[SignUp, Address]] = {}
    for row in rows:
        try:
            address = read(row.address)
        except InvalidAddress:
            continue
        by_key.setdefault(address.key, (row, address))
    known = set(
        Subscriber.objects.filter(address_key__in=by_key).values_list("address_key", flat=True)
    )
    hashes = {
        key: (address_hash(key), address_hash(f"@{key.rpartition('@')[2]}"))
        for key in by_key
        if key not in known
    }
    refused = set(
        Suppression.objects.filter(
            address_hash__in={one for pair in hashes.values() for one in pair}
        ).values_list("address_hash", flat=True)
    )
    publications = Publication.objects.in_bulk(
        {row.wishes[0]["publication"] for row, _address in by_key.values()}
    )
    for key, pair in hashes.items():
        row, address = by_key[key]
        publication = publications.get(row.wishes[0]["publication"])
        if publication and not refused.intersection(pair):
            yield Plain(row, address, pair[0], publication)


def _write(found: list[Plain]) -> None:
    """Store reader, subscription, evidence and confirmation of each."""
    now = timezone.now()
    readers = Subscriber.objects.bulk_create(
        Subscriber(
            address=plain.address.address,
            address_key=plain.address.key,
            address_hash=plain.hashed,
            domain=plain.address.key.rpartition("@")[2],
            name=plain.row.name,
            language=plain.row.language,
            time_zone=plain.row.time_zone,
        )
        for plain in found
    )
    subscriptions = Subscription.objects.bulk_create(
        Subscription(
            subscriber=reader,
            publication=plain.publication,
            source=plain.row.source,
            requested_at=plain.row.asked_at,
        )
        for plain, reader in zip(found, readers, strict=True)
    )
    shown = {(plain.publication, plain.row.wishes[0]["wording"]) for plain in found}
    stored = {
        (publication.pk, text): wordings.stored(publication, text) for publication, text in shown
    }
    chosen = _topics_of(found)
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            subscriber=reader,
            address_hash=plain.hashed,
            publication=plain.publication,
            kind=ConsentRecord.Kind.REQUESTED,
            wording=stored[plain.publication.pk, plain.row.wishes[0]["wording"]],
            at=plain.row.asked_at,
            source=plain.row.source,
            ip=plain.row.ip,
            user_agent=plain.row.user_agent,
            details=topics_asked_for((), topics) if topics else {},
        )
        for plain, reader, topics in zip(found, readers, chosen, strict=True)
    )
    Notice.objects.bulk_create(
        Notice(kind=Notice.Kind.CONFIRMATION, subscription=subscription, due_at=now)
        for subscription in subscriptions
    )
    for topics, subscription in zip(chosen, subscriptions, strict=True):
        if topics:
            subscription.topics.set(topics)


def _topics_of(found: Sequence[Plain]) -> list[list[Topic]]:
    """Return the topics that each chose, as far as their publication still has them."""
    wanted = [set(plain.row.wishes[0].get("topics") or ()) for plain in found]
    known = Topic.objects.in_bulk(set().union(*wanted))
    return [
        [
            known[pk]
            for pk in some & known.keys()
            if known[pk].publication_id == plain.publication.pk
        ]
        for plain, some in zip(found, wanted, strict=True)
    ]
