"""What is done to endpoints: rotate, test, disable, enable, replay, delete.

Each is harmless repeated.
"""

import datetime as dt
import time

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from api.hooks import collecting, kinds, signing
from api.models import HookCursor, HookEndpoint, HookMessage
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


def change(endpoint: HookEndpoint, by: User | None = None) -> bool:
    """Store the address, the description and the types that *endpoint* has now.

    False if somebody has deleted it meanwhile.
    """
    given = {name: getattr(endpoint, name) for name in ("url", "description", "types")}
    with transaction.atomic():
        if not _there(endpoint).update(**given):
            return False
        _record("webhook-changed", endpoint, by, ", ".join(endpoint.types))
    return True


def _there(endpoint: HookEndpoint) -> QuerySet[HookEndpoint]:
    """Return the row of *endpoint*, unless somebody has deleted it."""
    rows: QuerySet[HookEndpoint] = HookEndpoint.objects.filter(deleted_at__isnull=True)
    return rows.filter(pk=endpoint.pk)


def rotate(endpoint: HookEndpoint, by: User | None = None) -> bool:
    """Give *endpoint* a new secret, beside which the old one signs for a day.

    False if somebody else has done so since *endpoint* was read: two presses
    must not end the secret that receivers know.
    """
    with transaction.atomic():
        rotated = (
            _there(endpoint)
            .filter(nonce=endpoint.nonce)
            .update(nonce=make_nonce(), old_nonce=F("nonce"), old_until=Now() + signing.OVERLAP)
        )
        if not rotated:
            return False
        _record("webhook-rotated", endpoint, by)
    endpoint.refresh_from_db()
    return True


def disable(endpoint: HookEndpoint, word: str, by: User | None = None) -> bool:
    """Send nothing more to *endpoint*; where nobody asked for that, tell its owners why."""
    with transaction.atomic():
        word = word[:300]
        row = HookEndpoint.objects.filter(pk=endpoint.pk, status=Status.ACTIVE)
        if not row.update(status=Status.DISABLED, word=word, disabled_at=Now()):
            return False
        endpoint.refresh_from_db()
        HookEndpoint.objects.filter(pk=endpoint.pk).update(missed=_missed_from_now_on(endpoint))
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


def _missed_from_now_on(endpoint: HookEndpoint) -> dict[str, list[int | None]]:
    """Return where *endpoint* stops listening: what it had not caught up with is missed as well."""
    late = endpoint.missed or {}
    return {
        source: [min(position, *late.get(source, [position])[:1]), None]
        for source, position in HookCursor.objects.values_list("source", "position")
    }


def enable(endpoint: HookEndpoint, by: User | None = None, *, with_missed: bool = False) -> bool:
    """Go on with what waits for *endpoint*, and tell it of what happens from now on.

    *with_missed*: also of what has happened since it was disabled, as far back
    as messages are kept.
    """
    with transaction.atomic():
        collecting.begin()
        row = _there(endpoint).filter(status=Status.DISABLED)
        if not row.update(
            status=Status.ACTIVE,
            word="",
            failing_since=None,
            failures=0,
            rests_until=None,
            disabled_at=None,
        ):
            return False
        endpoint.refresh_from_db()
        missed = _missed_until_now(endpoint) if with_missed else None
        row = HookEndpoint.objects.filter(pk=endpoint.pk)
        row.update(missed=missed or None)
        _record("webhook-started", endpoint, by, "with what it missed" if missed else "")
    endpoint.refresh_from_db()
    return True


def _missed_until_now(endpoint: HookEndpoint) -> dict[str, list[int]]:
    """Return what *endpoint* was not told of, up to where the cursors stand: begin() holds them."""
    positions = dict(HookCursor.objects.values_list("source", "position"))
    return {
        source: [after, positions[source]]
        for source, (after, _end) in (endpoint.missed or {}).items()
        if after < positions.get(source, 0)
    }


def delete(endpoint: HookEndpoint, by: User | None = None) -> bool:
    """Forget *endpoint*, its secret, and with the next housekeeping all that it was told.

    That it was there, and who deleted it, stays in the audit trail. False if
    somebody has done so already.
    """
    with transaction.atomic():
        gone = _there(endpoint).update(
            url="",
            description="",
            types=[],
            word="",
            missed=None,
            nonce=make_nonce(),
            old_nonce="",
            old_until=None,
            status=Status.DISABLED,
            deleted_at=Now(),
        )
        if gone:
            _record("webhook-deleted", endpoint, by, endpoint.description)
    return bool(gone)


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
