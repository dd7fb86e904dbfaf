"""A reader's own feed, with what is for subscribers and for their client groups.

A feed reader has no cookie and keeps an address for years; others may see it
there. So the address is a key of its own: it opens this feed and nothing else,
its reader replaces or revokes it, and it ends with the subscription, with the
address and with erasure. It names a row and is signed: no secret is stored.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from briefs import access
from subscribers import groups, preferences, tokens
from subscribers.evidence import locked
from subscribers.models import FeedToken, Subscription


def standing(subscription: Subscription) -> FeedToken | None:
    """Return the key of *subscription* that has not been revoked, if there is one."""
    return FeedToken.objects.filter(subscription=subscription, revoked_at=None).first()


def addresses(key: FeedToken, subscription: Subscription) -> dict[str, str]:
    """Return where the feed of *key* stands, by format."""
    mark = preferences.mark(subscription)
    return {written: tokens.feed_url(key.pk, mark, written) for written in ("atom", "json")}


def replace(subscription: Subscription) -> FeedToken | None:
    """Give *subscription* a new key, and end the one before; None to who is no reader any more.

    Under the reader's lock: of two presses at once each gives a key, and the
    last of them stands.
    """
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return None
        subscription.refresh_from_db(fields=["status"])
        if subscription.status not in groups.READS:
            return None
        revoke(subscription)
        made: FeedToken = FeedToken.objects.create(subscription=subscription)
        return made


def revoke(subscription: Subscription) -> bool:
    """End the key of *subscription* at once; return False if it has none."""
    keys = FeedToken.objects.filter(subscription=subscription, revoked_at=None)
    return bool(keys.update(revoked_at=timezone.now()))


class Revoked(Exception):
    """The key was ours and was ended; its feed is gone for good."""


def open_key(token: str) -> FeedToken | None:
    """Return the key of *token*, with its subscription; None while that does not stand.

    Raise Revoked, and tokens.BadToken for what is no key of ours.
    """
    key_id, mark = tokens.feed.load(token)
    rows = FeedToken.objects.select_related("subscription__subscriber", "subscription__publication")
    key = rows.filter(pk=key_id).first()
    if key is None or key.revoked_at is not None:
        raise Revoked
    if preferences.mark(key.subscription) != mark:
        raise Revoked  # it was shown to the owner of another address
    return key if key.subscription.status in groups.READS else None


def reader(key: FeedToken) -> access.Reader:
    """Return who reads with *key*, as the policy knows them: now, not when it was made."""
    return groups.reader_of(key.subscription.subscriber)


def note_use(key: FeedToken) -> None:
    """Write down that *key* was used today; a second time on a day writes nothing."""
    today: dt.date = timezone.now().date()
    if key.used_on != today:
        rows = FeedToken.objects.filter(Q(used_on=None) | ~Q(used_on=today), pk=key.pk)
        rows.update(used_on=today)
