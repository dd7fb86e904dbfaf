"""What is known here of the addresses of a chunk."""

import json
import sys
from collections.abc import Sequence
from functools import lru_cache

from django.db import connection

from briefs.models import Publication
from subscribers.importing.deciding import Known
from subscribers.importing.rows import Row
from subscribers.models import ConsentRecord, Subscriber, Subscription, Suppression
from subscribers.suppression import address_hash

_SUBSCRIBER = Subscriber._meta.db_table
_SUBSCRIPTION = Subscription._meta.db_table
_RECORD = ConsentRecord._meta.db_table


def _among(column: str) -> str:
    """Return the SQL that asks whether *column* is one of a parameter's values, as JSON."""
    if connection.vendor == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608  (our own names)
    return f"{column} IN (SELECT json_array_elements_text(%s))"


def _among_ids(column: str) -> str:
    """Return the same for numbers: PostgreSQL would read its index from end to end otherwise."""
    if connection.vendor == "sqlite":
        return _among(column)
    return f"{column} = ANY(ARRAY(SELECT json_array_elements_text(%s)::bigint))"


def _lock(locked: bool) -> str:
    """Return how rows are locked, in one order for all; SQLite's transaction locks everything.

    SQLite is told no order: to keep it, it would walk the whole table by id for each chunk.
    """
    if connection.vendor == "sqlite":
        return ""
    return f" ORDER BY id{' FOR NO KEY UPDATE' if locked else ''}"


class Overlay:
    """What a dry run would have written so far: {part of the hash: status and suppression}."""

    def __init__(self) -> None:
        self._seen: dict[int, str] = {}

    def lay_over(self, known: dict[str, Known]) -> None:
        """Change *known* as earlier chunks would have."""
        for one in known.values():
            seen = self._seen.get(int(one.hash[:15], 16))
            if seen is not None:
                one.status, _, one.suppressed = seen.partition(" ")
                one.stored_status = one.status

    def remember(self, known: dict[str, Known]) -> None:
        """Note what this chunk would have changed."""
        for one in known.values():
            if one.status != one.stored_status or one.suppress_for:
                text = f"{one.status} {one.suppressed}" if one.suppressed else one.status
                self._seen[int(one.hash[:15], 16)] = sys.intern(text)


def load(rows: Sequence[Row], publication: Publication, *, lock: bool) -> dict[str, Known]:
    """Return {address key: what is known of it}; with *lock* nobody changes it meanwhile."""
    known: dict[str, Known] = {}
    for row in rows:
        address, key = row.address
        if key not in known:
            known[key] = Known(address, key, row.hash)
    readers: dict[int, Known] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, address_key, address, name, language, time_zone, attributes "  # noqa: S608  (our own names)
            f"FROM {_SUBSCRIBER} WHERE {_among('address_key')}{_lock(lock)}",
            [json.dumps(list(known))],
        )
        for pk, key, address, name, language, zone, attributes in cursor.fetchall():
            one = known[key]
            one.id, one.address = pk, address
            one.name, one.language, one.time_zone = name, language, zone
            one.attributes = json.loads(attributes)
            readers[pk] = one
        if readers:
            cursor.execute(
                f"SELECT id, subscriber_id, status FROM {_SUBSCRIPTION} "  # noqa: S608  (our own names)
                f"WHERE {_among_ids('subscriber_id')} AND publication_id = %s "
                f"{_lock(lock)}",
                [json.dumps(list(readers)), publication.pk],
            )
            for pk, reader, status in cursor.fetchall():
                one = readers[reader]
                one.subscription_id, one.status, one.stored_status = pk, status, status
    _load_suppressions(known, publication)
    _load_moves(known, publication)
    return known


def _load_moves(known: dict[str, Known], publication: Publication) -> None:
    """Mark the addresses whose evidence is of a reader who has another one now."""
    strangers = {one.hash: one for one in known.values() if not one.id}
    if not strangers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT moved_from, subscriber_id FROM {_RECORD} "  # noqa: S608  (our own names)
            f"WHERE moved_from IS NOT NULL AND {_among('moved_from')} "
            f"AND subscriber_id IS NOT NULL",
            [json.dumps(list(strangers))],
        )
        for hashed, reader in set(cursor.fetchall()):
            cursor.execute(
                f"SELECT 1 FROM {_RECORD} WHERE subscriber_id = %s "  # noqa: S608  (our own names)
                f"AND address_hash = %s AND publication_id = %s LIMIT 1",
                [reader, hashed, publication.pk],
            )
            if cursor.fetchone():
                strangers[hashed].has_moved = True


@lru_cache(maxsize=20_000)
def _domain_hash(domain: str) -> str:
    return address_hash(f"@{domain}")


def _load_suppressions(known: dict[str, Known], publication: Publication) -> None:
    domains = {key.rpartition("@")[2] for key in known}
    whole = {_domain_hash(domain): domain for domain in domains}
    by_hash = {one.hash: one for one in known.values()}
    suppressed_domains = set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT address_hash, reason FROM {Suppression._meta.db_table} "  # noqa: S608  (our own names)
            f"WHERE {_among('address_hash')} AND (publication_id IS NULL OR publication_id = %s)",
            [json.dumps([*by_hash, *whole]), publication.pk],
        )
        for hashed, reason in cursor.fetchall():
            if hashed in by_hash:
                by_hash[hashed].suppressed = reason
            else:
                suppressed_domains.add(whole[hashed])
    if suppressed_domains:
        for key, one in known.items():
            if key.rpartition("@")[2] in suppressed_domains:
                one.suppressed = one.suppressed or "domain"
