"""Aftermath: what news of deliveries means for their readers and for the edition.

A permanent bounce suppresses the address, a complaint unsubscribes and
suppresses, an unsubscription at the provider is one here. Transient bounces
are counted: see rows_of().
"""

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.conf import settings
from django.db.models import Max, Min

from deliveries import brakes, tallies
from deliveries.advancing import News
from deliveries.models import BounceCount, Delivery, DeliveryEvent, Edition
from deliveries.returned.rules import SENDERS_FAULT
from deliveries.told import BOUNCED, COMPLAINED, REFUSED, UNSUBSCRIBED, Told
from subscribers import consent, suppression
from subscribers.models import (
    ConsentRecord,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionRelease,
)

# So many of a reader's latest letters are looked at for bounces in a row.
LOOKED_AT = 100


def heed(news: News, source: str) -> None:
    """Do what *news* calls for; in its transaction, so that it is done once."""
    readers = _locked_readers(news)
    moved = _moved_since(news, readers)
    released = _released(readers.values())
    bounced_on: dict[int, set[int]] = defaultdict(set)
    for row, told in news.fresh:
        reader = readers.get(row.subscriber or 0)
        if reader is None:
            continue  # erased: the hash of the address is suppressed already
        if told.type == COMPLAINED:
            _leave(reader, news, row.pk, told, f"complaint ({source})")
            _suppress(reader, Suppression.Reason.COMPLAINT, row.pk)
        elif told.type == UNSUBSCRIBED:
            _leave(reader, news, row.pk, told, f"unsubscribed at {source}")
        elif row.pk in moved:
            continue  # the address that failed is the reader's no more
        elif told.type in (BOUNCED, REFUSED) and told.is_permanent and not told.is_senders_fault:
            _end_the_address(reader, row.pk, told, released.get(reader.address_hash))
        elif told.type == BOUNCED and told.reason not in SENDERS_FAULT:
            bounced_on[reader.pk].add(row.pk)
    for pk, deliveries in sorted(bounced_on.items()):
        _judge_rows(readers[pk], deliveries)
    _recount(news, judged=bounced_on.keys())
    _tell_the_brakes(news)
    if news.changed:
        tallies.stale({news.rows[pk].edition for pk in news.changed}, at_once=False)


def _locked_readers(news: News) -> dict[int, Subscriber]:
    """Lock the readers of whom something bad is told, so that their bounces are counted in turn."""
    bad = {row.subscriber for row, told in news.fresh if row.subscriber and told.type != "deferred"}
    rows = Subscriber.objects.select_for_update(no_key=True).filter(pk__in=bad).order_by("pk")
    return {reader.pk: reader for reader in rows} if bad else {}


def _moved_since(news: News, readers: Mapping[int, Subscriber]) -> set[int]:
    """Return the deliveries whose reader has moved to another address since they were frozen."""
    moves = dict(
        ConsentRecord.objects.filter(subscriber__in=readers, moved_from__gt="")
        .order_by()
        .values_list("subscriber")
        .annotate(last=Max("at"))
    )
    if not moves:
        return set()
    rows = [row for row, _told in news.fresh if row.subscriber in moves]
    frozen = dict(
        Edition.objects.filter(pk__in={row.edition for row in rows}).values_list("pk", "frozen_at")
    )
    return {
        row.pk
        for row in rows
        if (at := frozen.get(row.edition)) is not None and moves[row.subscriber] > at
    }


def _released(readers: Iterable[Subscriber]) -> dict[str, dt.datetime]:
    """Return when a person last released the address of each of *readers*, by its hash.

    What bounced before that does not count, however late it is told.
    """
    rows = SuppressionRelease.objects.filter(
        address_hash__in=[reader.address_hash for reader in readers]
    )
    return dict(rows.order_by().values_list("address_hash").annotate(last=Max("at")))


def _end_the_address(
    reader: Subscriber, delivery: int, told: Told, released_at: dt.datetime | None
) -> None:
    if released_at is None or told.at > released_at:
        _suppress(reader, Suppression.Reason.BOUNCE, delivery)


def _leave(reader: Subscriber, news: News, delivery: int, told: Told, source: str) -> None:
    """End the subscription that the letter was for.

    Who left at the provider and has confirmed anew since stays; a complaint is
    one whenever it comes.
    """
    publication = Edition.objects.filter(pk=news.rows[delivery].edition).values("publication")
    link = (
        Subscription.objects.select_related("subscriber", "publication")
        .filter(subscriber=reader, publication__in=publication)
        .first()
    )
    if link is None:
        return
    came_back = link.confirmed_at is not None and link.confirmed_at > told.at
    if came_back and told.type == UNSUBSCRIBED:
        return
    consent.unsubscribe(link, source=source, delivery_id=delivery)


def _suppress(reader: Subscriber, reason: str, delivery: int) -> None:
    suppression.suppress_hash(
        reader.address_hash, reason, address=reader.address, note=f"delivery {delivery}"
    )


# --- transient bounces --------------------------------------------------------


def _judge_rows(reader: Subscriber, fresh: set[int]) -> None:
    """Suppress *reader* if a row of bounces that *fresh* ones belong to is long enough."""
    rows = rows_of(reader)
    for row in rows:
        lasted = max(row.values()) - min(row.values()) >= settings.TRANSIENT_BOUNCES_OVER
        if fresh & row.keys() and lasted and len(row) >= settings.TRANSIENT_BOUNCES:
            _suppress(reader, Suppression.Reason.BOUNCE, max(row))
    _keep_count(reader, rows[0] if rows else {})


def rows_of(reader: Subscriber) -> list[dict[int, dt.datetime]]:
    """Return the bounces in a row among a reader's latest letters, the latest row first.

    Each is {delivery: when it bounced first}. Letters are in the order in which
    they were planned, and whatever did not bounce ends a row: on the SMTP path
    nobody reports a delivery, so that silence is one. What a server reports
    later makes rows longer and never breaks one, so that the order in which
    reports come does not matter. What was before a person released the address
    does not count.
    """
    since = _released([reader]).get(reader.address_hash)
    letters = Delivery.objects.filter(subscriber=reader).order_by("-pk")
    latest = list(letters.values_list("pk", "status")[:LOOKED_AT])
    bounced = [pk for pk, status in latest if status == Delivery.Status.BOUNCED]
    events = DeliveryEvent.objects.filter(delivery__in=bounced, type=BOUNCED, is_permanent=False)
    events = events.exclude(reason__in=SENDERS_FAULT).order_by()
    first = dict(events.values_list("delivery").annotate(first=Min("at")))
    rows: list[dict[int, dt.datetime]] = [{}]
    for pk, _status in latest:
        if pk in first and (since is None or first[pk] > since):
            rows[-1][pk] = first[pk]
        else:
            rows.append({})
    return [row for row in rows if row]


def _recount(news: News, judged: Collection[int]) -> None:
    """Look again at the counts of readers whom a letter has reached, or who are told of as gone."""
    told_of = {row.subscriber for row, _told in news.fresh if row.subscriber}
    told_of.update(reader for pk in news.delivered if (reader := news.rows[pk].subscriber))
    counts = BounceCount.objects.filter(subscriber__in=told_of.difference(judged))
    for count in counts.select_related("subscriber") if told_of else []:
        rows = rows_of(count.subscriber)
        _keep_count(count.subscriber, rows[0] if rows else {})


def _keep_count(reader: Subscriber, row: Mapping[int, dt.datetime]) -> None:
    """Store the latest *row* of bounces, unless a letter after it arrived."""
    arrived = [Delivery.Status.DELIVERED, Delivery.Status.COMPLAINED]
    later = Delivery.objects.filter(subscriber=reader, status__in=arrived)
    if not row or later.filter(pk__gt=max(row)).exists():
        BounceCount.objects.filter(subscriber=reader).delete()
        return
    BounceCount.objects.update_or_create(
        subscriber=reader,
        defaults={
            "bounces": len(row),
            "first_at": min(row.values()),
            "last_at": max(row.values()),
        },
    )


# --- the edition --------------------------------------------------------------


def _tell_the_brakes(news: News) -> None:
    """Count each delivery once, whichever of its reports came first; pause where they say so."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for word, group in (("bounced", news.bounced), ("complained", news.complained)):
        for batch in _batches(news, group):
            counts[batch][word] += 1
    if counts:
        brakes.report_all(counts)
    blamed: dict[int, Told] = {}
    for row, told in news.fresh:
        if told.type == REFUSED and told.is_senders_fault:
            last = blamed.get(row.edition)
            # A server's words may name the reader, who was erased.
            said = told if row.subscriber is not None else dataclasses.replace(told, words="")
            blamed[row.edition] = said if last is None or told.at > last.at else last
    for edition, told in sorted(blamed.items(), key=lambda pair: pair[0]):
        brakes.blame_sender(edition, told.words or told.reason, told.at)


def _batches(news: News, deliveries: Iterable[int]) -> list[int]:
    found = (news.rows[pk].batch for pk in deliveries)
    return [batch for batch in found if batch is not None]
