"""Writing what a chunk changes, by the thousand.

The ids of new rows are taken before they are written, so that readers,
subscriptions and evidence each go out in one COPY (PostgreSQL) or one
prepared statement (SQLite). If somebody else adds one of these readers in
that instant, a constraint refuses the chunk, and it is done again.
"""

import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from briefs.models import Publication
from subscribers.importing import copying, topics
from subscribers.importing.deciding import (
    ACTIVE,
    UNCONFIRMED,
    UNSUBSCRIBED,
    Evidence,
    Known,
)
from subscribers.models import ConsentRecord, Subscriber, Subscription, Suppression

_SUBSCRIBER = Subscriber._meta.db_table
_SUBSCRIPTION = Subscription._meta.db_table
_RECORD = ConsentRecord._meta.db_table


# SQLite by default keeps 2 MB of pages and copies its log into the file every 4 MB: the index
# of a million random hashes would be written over and over.
_ROOM = ("cache_size = -32768", "wal_autocheckpoint = 10000")
_USUAL = ("cache_size = -2000", "wal_autocheckpoint = 1000", "shrink_memory")


@contextmanager
def with_room() -> Iterator[None]:
    """Give SQLite room for an import, and take it back; PostgreSQL has its own."""
    try:
        _pragmas(_ROOM)
        yield
    finally:
        with suppress(DatabaseError):
            _pragmas(_USUAL)


def _pragmas(pragmas: Sequence[str]) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")


def hurry() -> None:
    """Tell PostgreSQL how to go about the transaction of a chunk.

    As long as it has no statistics of a new table it would read the whole of it for each
    chunk. And no chunk waits for the disk: should the server crash, the last ones are undone
    together with the place in the file, and done again. The commit that ends the run waits,
    and with it all before it are safe.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('enable_seqscan', 'off', true), "
                "set_config('synchronous_commit', 'off', true)"
            )


class Collision(Exception):
    """Somebody else wrote in the meantime; do the chunk again."""


class Stamp(NamedTuple):
    """What stands on everything that one chunk writes."""

    mark: str  # for Subscription.source
    by_id: int | None
    basis: str
    now: dt.datetime
    own: bool  # the file is an export of ours, and its topics' names are meant to the letter


def save(
    known: Iterable[Known], evidence: Sequence[Evidence], publication: Publication, stamp: Stamp
) -> None:
    """Write what was decided, inside the transaction of the chunk; raise Collision if in vain."""
    all_known = list(known)
    joining = [one for one in all_known if one.status and not one.subscription_id]
    arriving = [one for one in joining if not one.id]
    new = {id(one) for one in arriving}
    _insert_readers(arriving, stamp.now)
    _insert_subscriptions(joining, publication, stamp.mark)
    topics.link(joining, publication, to_the_letter=stamp.own)
    _update_details([one for one in all_known if one.details_changed and id(one) not in new])
    _update_statuses(all_known, stamp.mark)
    _insert_suppressions(all_known, publication, stamp)
    _insert_evidence(evidence, publication, stamp)


def _insert(table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _insert_many(cursor, f"INSERT INTO {table} ({columns})", columns.count(",") + 1, rows)
        else:
            null = f"NULL '{copying.NULL}'"
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN WITH ({null})") as copy:
                for text in copying.texts_of(rows):
                    copy.write(text)


def _insert_many(
    cursor: CursorWrapper, insert: str, width: int, rows: Iterable[Sequence[Any]]
) -> None:
    """Insert many rows with each statement, as far as they go.

    Python's lock is given up for each statement, and the thread that reads the
    next chunk meanwhile would keep it for milliseconds each time.
    """
    row_of_marks = f"({', '.join(['%s'] * width)})"
    waiting = iter(rows)
    # Two sizes only: the connection keeps each statement, with its program, for the next chunk.
    for size in (1_000, 100):
        sql = f"{insert} VALUES {', '.join([row_of_marks] * size)}"
        while len(some := list(itertools.islice(waiting, size))) == size:
            cursor.execute(sql, list(itertools.chain.from_iterable(some)))
        waiting = iter(some)
    cursor.executemany(f"{insert} VALUES {row_of_marks}", list(waiting))


def _take_ids(table: str, count: int) -> Iterable[int]:
    """Return *count* ids that nobody else gets."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # The transaction holds the only write lock; the insert moves the sequence.
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = (cursor.fetchone() or (0,))[0]
            return range(last + 1, last + 1 + count)
        cursor.execute(
            # As a query of its own the name is looked up once, not for each id.
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) "
            "FROM generate_series(1, %s)",
            [table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _insert_readers(arriving: Sequence[Known], now: dt.datetime) -> None:
    if not arriving:
        return
    for one, pk in zip(arriving, _take_ids(_SUBSCRIBER, len(arriving)), strict=True):
        one.id = pk
    since = _storing()(now)
    _insert(
        _SUBSCRIBER,
        "id, address, address_key, address_hash, domain, name, language, time_zone, attributes, "
        "created_at",
        (
            (
                one.id,
                one.address,
                one.key,
                one.hash,
                one.key.rpartition("@")[2],
                one.name,
                one.language,
                one.time_zone,
                _as_json(one.attributes),
                since,
            )
            for one in arriving
        ),
    )


_encode = json.JSONEncoder(ensure_ascii=False).encode
_quote = json.encoder.encode_basestring


def _as_json(attributes: Mapping[str, Any]) -> str:
    if not attributes:
        return "{}"
    # Columns of a table are texts: three times as fast as an encoder that takes anything.
    pairs = []
    for name, value in attributes.items():
        if type(value) is not str:
            return _encode(attributes)
        pairs.append(f"{_quote(name)}: {_quote(value)}")
    return f"{{{', '.join(pairs)}}}"


Stored = Callable[[dt.datetime | None], Any]


def _storing() -> Stored:
    """Return what makes a text for the database of a time in UTC.

    SQLite compares times as texts, so ours must look like those that Django writes.
    """
    if connection.vendor == "sqlite":
        return lambda moment: None if moment is None else moment.isoformat(" ")[:-6]
    return lambda moment: None if moment is None else moment.isoformat(" ")


def _insert_subscriptions(joining: Sequence[Known], publication: Publication, source: str) -> None:
    if not joining:
        return
    for one, pk in zip(joining, _take_ids(_SUBSCRIPTION, len(joining)), strict=True):
        one.subscription_id = pk
    stored, publication_id = _storing(), publication.pk
    _insert(
        _SUBSCRIPTION,
        "id, subscriber_id, publication_id, status, rhythm, source, requested_at, confirmed_at, "
        "unsubscribed_at, paused_until",
        (
            (
                one.subscription_id,
                one.id,
                publication_id,
                one.status,
                one.rhythm,
                source,
                stored(one.requested_at),
                stored(one.confirmed_at),
                stored(one.unsubscribed_at),
                one.paused_until,
            )
            for one in joining
        ),
    )


def _update_details(changed: Sequence[Known]) -> None:
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {_SUBSCRIBER} SET name = %s, language = %s, time_zone = %s, "  # noqa: S608  (our own names)
            f"attributes = %s WHERE id = %s",
            [
                (one.name, one.language, one.time_zone, _as_json(one.attributes), one.id)
                for one in changed
            ],
        )
        if cursor.rowcount != len(changed):
            raise Collision("A reader was erased meanwhile.")


def _update_statuses(all_known: Iterable[Known], source: str) -> None:
    """Change what stood there before; each UPDATE names the status it leaves."""
    moved = [one for one in all_known if one.stored_status and one.status != one.stored_status]
    left = [one for one in moved if one.status == UNSUBSCRIBED]
    confirmed = [one for one in moved if one.status == ACTIVE]
    stored = _storing()
    with connection.cursor() as cursor:
        if left:
            cursor.executemany(
                f"UPDATE {_SUBSCRIPTION} SET status = '{UNSUBSCRIBED}', "  # noqa: S608  (our own names)
                f"unsubscribed_at = %s, paused_until = NULL, "
                f"requested_at = CASE WHEN requested_at > %s THEN %s ELSE requested_at END "
                f"WHERE id = %s AND status = %s",
                [
                    (*[stored(one.unsubscribed_at)] * 3, one.subscription_id, one.stored_status)
                    for one in left
                ],
            )
            if cursor.rowcount != len(left):
                raise Collision("A subscription changed meanwhile.")
        if confirmed:
            cursor.executemany(
                f"UPDATE {_SUBSCRIPTION} SET status = '{ACTIVE}', confirmed_at = %s, "  # noqa: S608  (our own names)
                f"unsubscribed_at = NULL, source = %s WHERE id = %s AND status = '{UNCONFIRMED}'",
                [
                    (stored(one.confirmed_at), f"{source} confirmed", one.subscription_id)
                    for one in confirmed
                ],
            )
            if cursor.rowcount != len(confirmed):
                raise Collision("A subscription changed meanwhile.")


def _insert_suppressions(
    all_known: Iterable[Known], publication: Publication, stamp: Stamp
) -> None:
    """Suppress for this publication alone: a file of one speaks for no other."""
    Suppression.objects.bulk_create(
        (
            Suppression(
                address_hash=one.hash,
                address=one.address,
                publication=publication,
                reason=one.suppress_for,
                note=f"{stamp.mark}: {stamp.basis}"[:500],
            )
            for one in all_known
            if one.suppress_for
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


def _insert_evidence(evidence: Sequence[Evidence], publication: Publication, stamp: Stamp) -> None:
    if not evidence:
        return
    pk, (_mark, by_id, basis, now, _own) = publication.pk, stamp
    at = _storing()(now)
    _insert(
        _RECORD,
        "subscriber_id, address_hash, publication_id, kind, at, source, ip, user_agent, by_id, "
        "basis, details",
        (
            (known.id or None, known.hash, pk, kind, at, "import", ip, "", by_id, basis, details)
            for known, kind, ip, details in evidence
        ),
    )
