"""What is done to endpoints: rotate, test, disable, enable, replay; each is harmless repeated."""

import datetime as dt
import time

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from api.hooks import collecting, kinds, signing
from api.models import HookEndpoint, HookMessage
from api.models.hooks import make_nonce
from briefs import audit
from briefs.models import Membership, User
from subscribers import notices

# Of one press; what is left over is there for the next.
MOST_REPLAYED = 10_000

Status = HookEndpoint.Status


def add(endpoint: HookEndpoint, by: User | None = None) -> HookEndpoint:
    """Store the new *endpoint*: it is told of what happens from now on."""
    with transaction.atomic():
        collecting.begin()
        endpoint.save()
        _record("webhook-added", endpoint, by, ", ".join(endpoint.types))
    return endpoint


def change(endpoint: HookEndpoint, by: User | None = None) -> None:
    """Store the address, the description and the types that *endpoint* has now."""
    with transaction.atomic():
        endpoint.save(update_fields=["url", "description", "types"])
        _record("webhook-changed", endpoint, by, ", ".join(endpoint.types))


def rotate(endpoint: HookEndpoint, by: User | None = None) -> bool:
    """Give *endpoint* a new secret, beside which the old one signs for a day.

    False if somebody else has done so since *endpoint* was read: two presses
    must not end the secret that receivers know.
    """
    with transaction.atomic():
        rotated = HookEndpoint.objects.filter(pk=endpoint.pk, nonce=endpoint.nonce).update(
            nonce=make_nonce(), old_nonce=F("nonce"), old_until=Now() + signing.OVERLAP
        )
        if rotated:
            _record("webhook-rotated", endpoint, by)
    endpoint.refresh_from_db()
    return bool(rotated)


def disable(endpoint: HookEndpoint, word: str, by: User | None = None) -> bool:
    """Send nothing more to *endpoint*; where nobody asked for that, tell its owners why."""
    with transaction.atomic():
        word = word[:300]
        row = HookEndpoint.objects.filter(pk=endpoint.pk, status=Status.ACTIVE)
        if not row.update(status=Status.DISABLED, word=word):
            return False
        _record("webhook-stopped", endpoint, by, word)
        if by is None:
            page = settings.SITE_URL + reverse("admin:api_hookendpoint_change", args=[endpoint.pk])
            notices.tell_editors(
                endpoint.publication,
                f"A webhook is disabled: {endpoint}",
                f"The webhook “{endpoint}” of {endpoint.publication} gets nothing any more. "
                f"{word}\n\nMend what listens there, enable it again, and replay what failed:\n"
                f"{page}",
                roles=(Membership.Role.OWNER,),
            )
    endpoint.refresh_from_db()
    return True


def enable(endpoint: HookEndpoint, by: User | None = None) -> bool:
    """Go on with what waits for *endpoint*, and tell it of what happens from now on."""
    with transaction.atomic():
        collecting.begin()
        row = HookEndpoint.objects.filter(pk=endpoint.pk, status=Status.DISABLED)
        enabled = row.update(
            status=Status.ACTIVE, word="", failing_since=None, failures=0, rests_until=None
        )
        if enabled:
            _record("webhook-started", endpoint, by)
    endpoint.refresh_from_db()
    return bool(enabled)


def ping(endpoint: HookEndpoint) -> HookMessage:
    """Send *endpoint* a test."""
    # Whoever presses the button wants to know now: a rest is over.
    HookEndpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    message: HookMessage = HookMessage.objects.create(
        endpoint=endpoint,
        type=kinds.PING,
        source="ping",
        source_id=time.time_ns(),
        at=timezone.now(),
        due_at=Now(),
    )
    message.refresh_from_db()
    return message


def replay(message: HookMessage, by: User | None = None) -> bool:
    """Send *message* once more, under the same webhook-id; False while it waits anyway."""
    done = [HookMessage.Status.DELIVERED, HookMessage.Status.FAILED]
    with transaction.atomic():
        replayed = _again(HookMessage.objects.filter(pk=message.pk, status__in=done))
        if replayed:
            _record("webhook-replayed", message.endpoint, by, message.webhook_id)
    return bool(replayed)


def replay_failed(endpoint: HookEndpoint, since: dt.datetime, by: User | None = None) -> int:
    """Send once more what failed of all that happened *since*, the oldest MOST_REPLAYED first.

    Return how many there are.
    """
    failed = HookMessage.objects.filter(
        endpoint=endpoint, status=HookMessage.Status.FAILED, at__gte=since
    )
    with transaction.atomic():
        ids = list(failed.order_by("at").values_list("pk", flat=True)[:MOST_REPLAYED])
        count = sum(
            _again(failed.filter(pk__in=ids[start : start + 500]))
            for start in range(0, len(ids), 500)
        )
        if count:
            _record("webhook-replayed", endpoint, by, f"{count:,} since {since:%Y-%m-%d %H:%M}")
    return count


def _again(rows: QuerySet[HookMessage]) -> int:
    return rows.update(status=HookMessage.Status.PENDING, tries=0, due_at=Now())


def _record(verb: str, endpoint: HookEndpoint, by: User | None, words: str = "") -> None:
    # By its host: the rest of an address may be as good as a password.
    said = f"{endpoint.host}: {words}" if words else endpoint.host
    audit.record(verb, publication=endpoint.publication, by=by, words=said)
