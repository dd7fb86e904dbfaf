"""What a desk of some years looks like: thousands of briefs, hundreds of editions, a team."""

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone

from briefs import revisions
from briefs.models import Author, Brief, KeyPoint, Membership, Publication, Topic, User
from deliveries.models import Delivery, Edition, Segment
from intelbrief.ops import population
from subscribers.models import ConsentRecord, Subscriber, Subscription

ROOT, OWNER = "desk@bench.example", "editor0@bench.example"
EDITIONS = 400
PER_EDITION = 50
TOPICS = 12
TEAM = 30
AUTHORS = 200
# Of the large edition, so many in a thousand failed, with words of twenty servers.
FAILED_PER_MILLE = 5


def furnish(publication: Publication, briefs: int) -> User:
    """Store *briefs* briefs of *publication*, editions and a team; return who may do everything."""
    root = User.objects.create_superuser(ROOT, "not-a-secret", name="Rosa Root")
    team = User.objects.bulk_create(
        User(email=f"editor{number}@bench.example", name=f"Editor {number}", is_staff=True)
        for number in range(TEAM)
    )
    roles = [Membership.Role.OWNER, *Membership.Role.values]
    Membership.objects.bulk_create(
        Membership(user=one, publication=publication, role=roles[place % len(roles)])
        for place, one in enumerate(team)
    )
    topics = Topic.objects.bulk_create(
        Topic(publication=publication, name=f"Topic {number}", slug=f"topic-{number}")
        for number in range(TOPICS)
    )
    Membership.objects.create(
        user=team[0],
        publication=Publication.objects.create(name="Other", slug="other"),
        role="owner",
    )
    Author.objects.bulk_create(
        Author(name=f"Author {number}", slug=f"author-{number}") for number in range(AUTHORS)
    )
    _agree(publication)
    _write(publication, briefs, topics, root)
    Segment.objects.create(
        publication=publication,
        name="At one domain",
        rules=[{"fact": "domain", "is": "equal", "value": "d27.example"}],
    )
    _send_some(publication, root)
    return root


def _agree(publication: Publication) -> None:
    """Store the evidence of each reader's consent."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {ConsentRecord._meta.db_table}
                (subscriber_id, address_hash, publication_id, kind, at, source, user_agent, basis,
                 details)
            SELECT s.id, s.address_hash, t.publication_id, 'confirmed', t.confirmed_at, 'form', '',
                '', '{{}}'
            FROM {Subscription._meta.db_table} t
            JOIN {Subscriber._meta.db_table} s ON s.id = t.subscriber_id
            WHERE t.publication_id = %s ORDER BY s.id
            """,  # noqa: S608  (our own names)
            [publication.pk],
        )


def _write(publication: Publication, count: int, topics: list[Topic], by: User) -> None:
    today = timezone.localdate()
    stored = Brief.objects.bulk_create(
        (
            Brief(
                publication=publication,
                headline=f"Brief {number} of the bench",
                slug=f"brief-{number}",
                date=today - dt.timedelta(days=number // 3),
                body=population.PROSE * 8,
                due_at=timezone.now() + dt.timedelta(hours=number) if number < 60 else None,
                created_by=by,
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    KeyPoint.objects.bulk_create(
        (
            KeyPoint(brief=brief, position=position, text=f"Point {position} of {brief.pk}")
            for brief in stored
            for position in range(4)
        ),
        batch_size=5000,
    )
    through = Brief.topics.through
    through.objects.bulk_create(
        (
            through(brief_id=brief.pk, topic_id=topics[place % len(topics)].pk)
            for place, brief in enumerate(stored)
        ),
        batch_size=5000,
    )


def _send_some(publication: Publication, by: User) -> None:
    """Store finished editions, each to a few readers."""
    readers = list(
        Subscription.objects.filter(publication=publication).values_list(
            "subscriber_id", flat=True
        )[:PER_EDITION]
    )
    now = timezone.now()
    deliveries: list[Delivery] = []
    briefs = Brief.objects.filter(publication=publication).order_by("-pk")[:EDITIONS]
    for number, brief in enumerate(briefs):
        at = now - dt.timedelta(days=number + 1)
        revision = revisions.take(brief, by)
        Brief.objects.filter(pk=brief.pk).update(
            status=Brief.Status.PUBLISHED, published_at=at, published_revision=revision
        )
        edition = Edition.objects.create(
            brief=brief,
            revision=revision,
            publication=publication,
            status=Edition.Status.FINISHED,
            send_at=at,
            started_at=at,
            frozen_at=at,
            finished_at=at,
            audience=len(readers),
            by=by,
        )
        deliveries += [
            Delivery(edition=edition, subscriber_id=pk, status="sent", changed_at=at)
            for pk in readers
        ]
    Delivery.objects.bulk_create(deliveries, batch_size=5000)


def end(edition: Edition) -> None:
    """Let a large edition be over, as servers answer: a few failed, a few are in doubt."""
    rows = Delivery.objects.filter(edition=edition)
    rows.update(status="sent", changed_at=timezone.now())
    first = rows.order_by("pk").values_list("pk", flat=True).first() or 0
    count = rows.count()
    bad = range(first, first + count, 1000 // FAILED_PER_MILLE)
    for place in range(20):
        ids = list(bad[place::20])
        for start in range(0, len(ids), 500):
            Delivery.objects.filter(pk__in=ids[start : start + 500]).update(
                status="failed",
                reason="refused",
                reply=f"550 5.1.{place} No such user here (server {place})",
            )
    Delivery.objects.filter(pk__in=list(bad[:10])).update(status="in-doubt", reason="no-reply")
    edition.batches.update(done_at=timezone.now(), sent=500)
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=timezone.now())
    edition.refresh_from_db()
