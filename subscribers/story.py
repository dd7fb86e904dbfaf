"""The whole story of one address, from the evidence; also of one that was erased."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from briefs.addresses import normalise
from subscribers.models import (
    ConsentRecord,
    FeedToken,
    GroupMember,
    Notice,
    Subscriber,
    Suppression,
    SuppressionRelease,
)
from subscribers.suppression import address_hash


def hashes_of(hashed: str) -> set[str]:
    """Return the hashes of all addresses that this reader has had: moves name both."""
    found: set[str] = set()
    new = {hashed}
    while new:
        found |= new
        # Only backwards: a move is recorded under the hash that it led to. One that was taken
        # back names another's address, maybe, and leads nowhere.
        moves = ConsentRecord.objects.filter(
            address_hash__in=new, moved_from__isnull=False, details__has_key="address"
        )
        new = set(moves.values_list("moved_from", flat=True)) - found
    return found


def evidence_under(hashes: Collection[str], readers: Iterable[int]) -> list[int]:
    """Return the ids of the records that were written under one of *hashes*.

    *readers* are the ids of those who have one of the addresses today. Who had
    one is known by having moved, and of who is gone the hash is all that is
    left: so no index needs to hold the hashes of all.
    """
    moved = ConsentRecord.objects.filter(moved_from__in=hashes, subscriber__isnull=False)
    theirs = ConsentRecord.objects.filter(
        subscriber__in={*readers, *moved.values_list("subscriber", flat=True)},
        address_hash__in=hashes,
    )
    return [*evidence_of_the_gone(hashes), *theirs.values_list("pk", flat=True)]


def evidence_of_the_gone(hashes: Iterable[str]) -> list[int]:
    """Return the ids of the records under one of *hashes* whose reader is no more.

    One hash at a time: given several, SQLite looks through all records without a
    reader instead, which are a million after an import was taken back.
    """
    gone = ConsentRecord.objects.filter(subscriber__isnull=True)
    return [
        pk
        for hashed in hashes
        for pk in gone.filter(address_hash=hashed).values_list("pk", flat=True)
    ]


def others_with(hashes: Collection[str], reader: Subscriber | None) -> dict[int, str]:
    """Return the readers, but for *reader*, who have one of these addresses now: {id: hash}.

    Reads all readers, since none is looked up by a hash; so ask it only of
    addresses that somebody moved away from.
    """
    if not hashes:
        return {}
    others = Subscriber.objects.filter(address_hash__in=hashes)
    if reader is not None:
        others = others.exclude(pk=reader.pk)
    return dict(others.values_list("pk", "address_hash"))


def story(address_raw: str, *, is_for_reader: bool = False) -> dict[str, Any]:
    """Return what is known of an address, in the order in which it happened.

    Works by the hash, so that it also tells of a reader who was erased. What
    *is_for_reader* leaves out who else has, or had, one of their addresses.
    Raises InvalidAddress.
    """
    known = normalise(address_raw)
    hashed = address_hash(known.key)
    domain = known.key.rpartition("@")[2]
    hashes = hashes_of(hashed)
    reader = Subscriber.objects.filter(address_key=known.key).first()
    holders = [reader.pk] if reader else []
    if not is_for_reader:
        holders += others_with(hashes - {hashed}, reader)
    which = Q(pk__in=evidence_under(hashes, holders))
    if reader:
        which |= Q(subscriber=reader)
    records = ConsentRecord.objects.filter(which)
    if is_for_reader:
        records = records.filter(Q(subscriber=reader) | Q(subscriber__isnull=True))
    return {
        "address": known.address,
        "address_hash": hashed,
        "is_known": reader is not None,
        "subscriptions": _subscriptions(reader),
        "records": [_record(row) for row in records.select_related("publication", "wording", "by")],
        "suppressions": [
            _suppression(row)
            for row in Suppression.objects.filter(
                Q(address_hash__in=hashes) | Q(domain=domain)
            ).select_related("publication")
        ],
        "releases": [
            _release(row)
            for row in SuppressionRelease.objects.filter(
                Q(address_hash__in=hashes) | Q(domain=domain)
            ).select_related("publication", "by")
        ],
        "notices": _notices(reader),
    }


def reader_story(reader: Subscriber) -> dict[str, Any]:
    """Return everything that this app holds of *reader*, for the reader."""
    details = {
        "address": reader.address,
        "name": reader.name,
        "language": reader.language,
        "time_zone": reader.time_zone,
        "attributes": reader.attributes,
        "known_since": _time(reader.created_at),
    }
    # Who of us did something is not the reader's to know by name.
    told = story(reader.address, is_for_reader=True)
    return {
        "reader": details,
        "groups": _groups(reader),
        "feeds": _feeds(reader),
        **without_editors(told),
    }


def without_editors(told: dict[str, Any]) -> dict[str, Any]:
    """Return a story in which editors are "an editor"."""
    for row in (*told["records"], *told["releases"]):
        row["by"] = row["by"] and "an editor"
    return told


def _subscriptions(reader: Subscriber | None) -> list[dict[str, Any]]:
    if reader is None:
        return []
    rows = reader.subscriptions.select_related("publication").prefetch_related("topics")
    return [
        {
            "publication": row.publication.slug,
            "status": row.status,
            "rhythm": row.rhythm,
            "topics": [topic.slug for topic in row.topics.all()],
            "source": row.source,
            "requested_at": _time(row.requested_at),
            "confirmed_at": _time(row.confirmed_at),
            "unsubscribed_at": _time(row.unsubscribed_at),
            "paused_until": str(row.paused_until) if row.paused_until else None,
        }
        for row in rows.order_by("id")
    ]


def _groups(reader: Subscriber) -> list[dict[str, Any]]:
    """Return the client groups that the reader's address was put into."""
    rows = GroupMember.objects.filter(Q(subscriber=reader) | Q(key=reader.address_key))
    return [
        {
            "publication": row.group.publication.slug,
            "group": row.group.name,
            "added_at": _time(row.added_at),
            "accepted_at": _time(row.accepted_at),
        }
        for row in rows.select_related("group__publication").order_by("pk")
    ]


def _feeds(reader: Subscriber) -> list[dict[str, Any]]:
    """Return the keys to feeds of the reader's own; their addresses are on the page of settings."""
    rows = FeedToken.objects.filter(subscription__subscriber=reader)
    return [
        {
            "publication": row.subscription.publication.slug,
            "made_at": _time(row.created_at),
            "ended_at": _time(row.revoked_at),
            "last_used_on": row.used_on.isoformat() if row.used_on else None,
        }
        for row in rows.select_related("subscription__publication").order_by("pk")
    ]


def _record(row: ConsentRecord) -> dict[str, Any]:
    return {
        "at": _time(row.at),
        "what": row.kind,
        "publication": row.publication.slug,
        "wording": row.wording.text if row.wording else None,
        "source": row.source,
        "ip": row.ip,
        "user_agent": row.user_agent,
        "by": str(row.by) if row.by else None,
        "basis": row.basis,
        "details": row.details,
        "delivery": row.delivery_id,
    }


def _suppression(row: Suppression) -> dict[str, Any]:
    return {
        "since": _time(row.created_at),
        "reason": row.reason,
        "domain": row.domain,
        "publication": row.publication.slug if row.publication else None,
        "note": row.note,
    }


def _release(row: SuppressionRelease) -> dict[str, Any]:
    return {
        "at": _time(row.at),
        "reason": row.reason,
        "domain": row.domain,
        "publication": row.publication.slug if row.publication else None,
        "suppressed_at": _time(row.suppressed_at),
        "why": row.why,
        "by": str(row.by) if row.by else None,
    }


def _notices(reader: Subscriber | None) -> list[dict[str, Any]]:
    if reader is None:
        return []
    rows = Notice.objects.filter(subscription__subscriber=reader)
    return [
        {
            "created_at": _time(row.created_at),
            "kind": row.kind,
            "publication": row.link.publication.slug,
            "status": row.status,
            "sent_at": _time(row.sent_at),
        }
        for row in rows.select_related("subscription__publication").order_by("id")
    ]


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
