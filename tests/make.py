"""What tests are made of: a publication, its readers, a brief, an edition."""

import datetime as dt
import itertools
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from briefs import revisions
from briefs.addresses import normalise
from briefs.models import Brief, KeyPoint, Membership, Publication, User
from deliveries import lanes, planning
from deliveries.models import Batch, Edition
from subscribers.models import Subscriber, Subscription
from subscribers.suppression import address_hash

_numbers = itertools.count(1)


def make_publication(**fields: Any) -> Publication:
    """Store a publication that is ready to send."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "name": "Harbour Watch",
        "slug": f"harbour-{number}",
        "series": "Harbour Brief",
        "sender_name": "Harbour Watch",
        "sender_address": "brief@harbour.example",
        "postal_address": "Harbour Watch\n1 Quay Street\nPort Example",
        "contact_block": "Questions? Write to [the desk](mailto:desk@harbour.example).",
        "consent_wording": "Send me the daily brief by e-mail.",
        "hold_seconds": 0,
        **fields,
    }
    return Publication.objects.create(**values)


def make_subscriber(address: str | None = None, **fields: Any) -> Subscriber:
    """Store a reader."""
    found = normalise(address or f"reader{next(_numbers)}@example.com")
    return Subscriber.objects.create(
        address=found.address,
        address_key=found.key,
        address_hash=address_hash(found.key),
        **fields,
    )


def make_subscription(
    publication: Publication, address: str | None = None, status: str = "active", **fields: Any
) -> Subscription:
    """Store a reader of *publication*, active unless told otherwise."""
    now = timezone.now()
    return Subscription.objects.create(
        subscriber=make_subscriber(address, **fields),
        publication=publication,
        status=status,
        confirmed_at=None if status == "unconfirmed" else now,
        unsubscribed_at=now if status == "unsubscribed" else None,
    )


def make_readers(publication: Publication, count: int) -> list[str]:
    """Store *count* active readers in two statements; return their addresses."""
    addresses = [f"reader{next(_numbers)}@example.com" for _ in range(count)]
    subscribers = Subscriber.objects.bulk_create(
        Subscriber(
            address=address,
            address_key=address,
            address_hash=address_hash(address),
            domain="example.com",
        )
        for address in addresses
    )
    now = timezone.now()
    Subscription.objects.bulk_create(
        Subscription(
            subscriber=subscriber, publication=publication, status="active", confirmed_at=now
        )
        for subscriber in subscribers
    )
    return addresses


def make_brief(publication: Publication | None = None, **fields: Any) -> Brief:
    """Store a brief that is fit to be sent."""
    values: dict[str, Any] = {
        "publication": publication or make_publication(),
        "headline": "The Port’s New Cranes",
        "date": dt.date(2026, 4, 6),
        "body": "The cranes arrived on Monday, and [the port](https://port.example/cranes) "
        "is pleased.\n\nA second paragraph follows—with a dash.",
        **fields,
    }
    points = values.pop("key_points", ("Two cranes arrived", "A third is delayed"))
    brief = Brief.objects.create(**values)
    KeyPoint.objects.bulk_create(
        KeyPoint(brief=brief, position=position, text=text) for position, text in enumerate(points)
    )
    return brief


def make_fit_brief(publication: Publication | None = None, **fields: Any) -> Brief:
    """Store a brief in which the preflight finds nothing: with a preheader, dated today."""
    values = {
        "date": timezone.now().date(),
        "preheader": "Two cranes stand, and the third is late.",
        **fields,
    }
    return make_brief(publication, **values)


def make_edition(brief: Brief | None = None, **options: Any) -> Edition:
    """Schedule an edition of *brief* for now."""
    options.setdefault("send_at", timezone.now())
    return planning.schedule(revisions.take(brief or make_brief()), **options)


def make_user(email: str | None = None, **fields: Any) -> User:
    """Store somebody who may log in to the admin."""
    fields.setdefault("is_staff", True)
    return User.objects.create_user(email or f"user{next(_numbers)}@harbour.example", **fields)


def make_member(publication: Publication, role: str, **fields: Any) -> User:
    """Store a colleague with *role* in *publication*."""
    user = make_user(**fields)
    Membership.objects.create(user=user, publication=publication, role=role)
    return user


def let_rest_pass() -> None:
    """Do as if lanes and batches that rest after trouble had rested long enough."""
    cache.delete_many([f"lane-hold:{lane}" for lane in lanes.names()])
    # A while ago: SQLite's Now() has milliseconds, and a fast claim comes within the same one.
    Batch.objects.update(not_before=timezone.now() - dt.timedelta(seconds=1))
