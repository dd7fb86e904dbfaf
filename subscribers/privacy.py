"""Erasure, as far as this app holds anything: called by deliveries.privacy, in its transaction."""

from collections.abc import Collection
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from briefs.models import User
from briefs.models.append_only import opened
from subscribers.evidence import through
from subscribers.importing.forgetting import spellings
from subscribers.models import (
    ConsentRecord,
    GroupMember,
    Notice,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionRelease,
)
from subscribers.redaction import ERASED, Traces, scrub, scrub_rows
from subscribers.story import evidence_of_the_gone, hashes_of, others_with
from subscribers.suppression import address_hash, suppress, suppress_hash

COMMAND = "command"  # the source of an erasure that was typed at the command line
# What a record may keep of its details: nothing here tells who it was.
KEPT = ("topics", "rhythm", "pause", "was", "address", "undo", "changed", "import", "row")


def addresses_of(reader: Subscriber) -> set[str]:
    """Return the addresses of *reader*: today's, and those that mail was moved from or to."""
    others = Notice.objects.filter(subscription__subscriber=reader).exclude(address="")
    return {reader.address, reader.address_key, *others.values_list("address", flat=True)}


def traces_of(reader: Subscriber, *, by: User | None, source: str) -> Traces:
    """Return what tells of *reader* in words that others wrote."""
    addresses = {spelt for one in addresses_of(reader) for spelt in spellings(one)}
    return Traces(frozenset(addresses), reader.name.strip(), bool(by) or source == COMMAND)


def erase_reader(reader: Subscriber, *, by: User | None, source: str) -> dict[str, int]:
    """Forget *reader*; evidence and suppressions are left with the hash alone."""
    traces = traces_of(reader, by=by, source=source)
    hashes = _hashes_of(reader)
    publications = list(reader.subscriptions.values_list("publication", flat=True))
    ids = {
        Subscriber: [reader.pk],
        Subscription: list(reader.subscriptions.values_list("pk", flat=True)),
        ConsentRecord: list(reader.consent_records.values_list("pk", flat=True)),
        Suppression: list(
            Suppression.objects.filter(address_hash__in=hashes).values_list("pk", flat=True)
        ),
        Notice: list(
            Notice.objects.filter(subscription__subscriber=reader).values_list("pk", flat=True)
        ),
    }
    for publication in publications:
        _note_erasure(reader.address_hash, publication, by=by, source=source)
    nobodys = Q(pk__in=evidence_of_the_gone(hashes))
    records = _strip_records(Q(subscriber=reader) | nobodys, traces)
    _strip_suppressions(reader, hashes)
    _delete_by_address(addresses_of(reader))
    scrub(traces)
    _strip_log(ids, traces)
    reader.delete()
    return {"subscriptions": len(publications), "records": records}


def erase_address(address: str, key: str, *, by: User | None, source: str) -> dict[str, int]:
    """Forget an address that is no reader: evidence, suppressions and words may name it.

    Where there is evidence, it says of each publication that this was done.
    """
    hashed = address_hash(key)
    nobodys = Q(subscriber__isnull=True, address_hash=hashed)
    for publication in set(
        ConsentRecord.objects.filter(nobodys).values_list("publication", flat=True)
    ):
        _note_erasure(hashed, publication, by=by, source=source)
    traces = Traces(frozenset({*spellings(address), key}))
    records = _strip_records(nobodys, traces)
    suppress(address, Suppression.Reason.ERASURE)
    _strip_notes({hashed})
    _delete_by_address([address, key])
    scrub(traces)
    _strip_log({}, traces)
    return {"subscriptions": 0, "records": records}


def _note_erasure(hashed: str, publication: int, *, by: User | None, source: str) -> None:
    ConsentRecord.objects.create(
        address_hash=hashed,
        publication_id=publication,
        kind=ConsentRecord.Kind.ERASED,
        source=source[:40],
        by=by,
        details=through(),
    )


def _hashes_of(reader: Subscriber) -> set[str]:
    """Return the hashes of all addresses of *reader* that belong to nobody else today."""
    hashes = hashes_of(reader.address_hash)
    return hashes - set(others_with(hashes - {reader.address_hash}, reader).values())


def _delete_by_address(addresses: Collection[str]) -> None:
    """Delete what waits for, or was mailed to, one of *addresses* without being a reader's own."""
    which = Q(pk__in=())
    for address in addresses:
        which |= Q(address__iexact=address)
    SignUp.objects.filter(which).delete()
    Notice.objects.filter(which).delete()
    GroupMember.objects.filter(which).delete()


def _strip_records(which: Q, traces: Traces) -> int:
    """Leave of each record what was done, when and under which words."""
    count = 0
    records = opened(ConsentRecord)
    for row in records.filter(which).only("details", "basis"):
        kept = {key: row.details[key] for key in KEPT if key in row.details}
        if program := row.details.get("through"):
            kept["through"] = traces.redact(program)  # named by an owner, after anybody
        records.filter(pk=row.pk).update(
            subscriber=None,
            ip=None,
            user_agent="",
            basis=ERASED if row.basis else "",
            details=kept,
        )
        count += 1
    return count


def _strip_suppressions(reader: Subscriber, hashes: set[str]) -> None:
    suppress(reader.address, Suppression.Reason.ERASURE)
    for hashed in hashes - {reader.address_hash}:
        suppress_hash(hashed, Suppression.Reason.ERASURE)
    _strip_notes(hashes)


def _strip_notes(hashes: set[str]) -> None:
    Suppression.objects.filter(address_hash__in=hashes).update(address="", note="")
    opened(SuppressionRelease).filter(address_hash__in=hashes).update(why=ERASED)


def _strip_log(ids: dict[Any, list[int]], traces: Traces) -> None:
    """Take the reader out of the admin's log, which keeps the name of each row that it showed."""
    theirs = Q(pk__in=())
    for model, keys in ids.items():
        kind = ContentType.objects.get_for_model(model)
        theirs |= Q(content_type=kind, object_id__in=[str(key) for key in keys])
    LogEntry.objects.filter(theirs).update(object_repr=ERASED)
    scrub_rows(LogEntry, ("object_repr", "change_message"), traces)
