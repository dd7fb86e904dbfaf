"""Who and what bench and drill send to: readers by the million, and a brief with three links."""

import secrets
from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from briefs import revisions
from briefs.models import Brief, Publication
from deliveries import planning
from deliveries.models import Edition
from intelbrief.ops import demo
from subscribers.models import Subscriber, Subscription
from subscribers.suppression import address_hash

DOMAINS = 50
LINKS = (
    "[the ministry’s notice](https://ministry.veldhaven.example/notices/2031-winter), "
    "[the operator’s answer](https://nordrin.example/press/answer?utm=brief) and "
    "[the depth tables](https://harbour.skarnvik.example/tables)"
)
PROSE = (
    "The operator’s arithmetic is hard to dispute: a crossing takes eleven hours against the "
    "wind, and the ageing engines cannot burn the cheaper fuel without a conversion that would "
    "cost more than the ship is worth. "
)


def address(number: int) -> str:
    """Return the address of the reader *number*."""
    return f"reader{number}@d{number % DOMAINS}.example"


def make_readers(count: int) -> None:
    """Store *count* subscribers; a million take seconds."""
    table = Subscriber._meta.db_table
    columns = (
        "address, address_key, address_hash, domain, name, language, time_zone, attributes, "
        "created_at"
    )
    now = timezone.now()
    rows = (
        (
            *(mail, mail, address_hash(mail), mail.partition("@")[2]),
            *(f"Reader {number}", "", "", "{}", now),
        )
        for number, mail in _addresses(count)
    )
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            marks = ", ".join(["%s"] * 9)
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  (our own names)
            cursor.executemany(sql, rows)  # type: ignore[arg-type]  # it takes any iterable
        else:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def _addresses(count: int) -> Iterator[tuple[int, str]]:
    for number in range(1, count + 1):
        yield number, address(number)


def make_publication(readers: int) -> Publication:
    """Store a publication with the first *readers* subscribers; its links name their reader."""
    publication = demo.make_publication(f"bench-{secrets.token_hex(4)}")
    publication.tracking = Publication.Tracking.PER_READER
    publication.hold_seconds = 0
    publication.save()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Subscription._meta.db_table}
                (subscriber_id, publication_id, status, rhythm, source, requested_at,
                 confirmed_at)
            SELECT id, %s, 'active', 'each', 'bench', %s, %s
            FROM {Subscriber._meta.db_table} ORDER BY id LIMIT %s
            """,  # noqa: S608  (our own names)
            [publication.pk, timezone.now(), timezone.now(), readers],
        )
    tell_the_planner()
    return publication


def tell_the_planner() -> None:
    """Gather statistics, which PostgreSQL does within a minute by itself."""
    # Autovacuum would do it within a minute; a table that was filled just now has no statistics.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def make_brief(publication: Publication, kind: str, size: int = 0) -> Brief:
    """Store a brief with three links: the sample, or one with about *size* characters of body."""
    brief = demo.make_brief(publication)
    if kind == "sample":
        brief.body += f"\n\nSee {LINKS}."
    else:
        brief.key_points.all().delete()
        brief.body = f"See {LINKS}.\n\n" + (PROSE * (size // len(PROSE) + 1))[:size]
    brief.save()
    return brief


def schedule(brief: Brief) -> Edition:
    """Schedule an edition of *brief* for now."""
    return planning.schedule(revisions.take(brief))
