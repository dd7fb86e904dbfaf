"""Delivering: messages that are due, signed and posted, each endpoint by itself.

The row is the memory. Whoever tries a message first moves its `due_at` on, by
an UPDATE that names the try it saw: two workers never have the same message in
hand, and one that is killed costs a delay. So a message may come twice, with
the same webhook-id, and is never lost.
"""

import logging
import re
import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from api.hooks import backing_off, payloads, signing
from api.hooks.endpoints import disable
from api.models import HookAttempt, HookEndpoint, HookMessage
from deliveries import guard, outside
from subscribers.importing.forgetting import spellings
from subscribers.models import Subscriber
from subscribers.redaction import ERASED, Traces

log = logging.getLogger(__name__)

THREADS = 16
ANSWER_SECONDS = 10.0
LONGEST_ANSWER = 500  # characters that are kept
WAKE_SECONDS = 0.5
GONE = 410
_ADDRESS = re.compile(r"[^\s<>()\"'`,;:=@%]{1,64}(?:@|%40)[\w.-]{1,255}")


@dataclass(frozen=True)
class Try:
    """A message in hand, and what is sent of it."""

    message: HookMessage
    body: bytes
    headers: dict[str, str]
    traces: Traces


@dataclass(frozen=True)
class Outcome:
    """What became of one try."""

    status: int | None = None
    ms: int = 0
    answer: str = ""
    error: str = ""
    retry_after: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def due() -> QuerySet[HookEndpoint]:
    """Return the active endpoints that a message is due for, and that do not rest."""
    waiting = HookMessage.objects.filter(
        endpoint=OuterRef("pk"), status=HookMessage.Status.PENDING, due_at__lte=Now()
    )
    awake = Q(rests_until__isnull=True) | Q(rests_until__lte=Now())
    return HookEndpoint.objects.filter(awake, Exists(waiting), status=HookEndpoint.Status.ACTIVE)


def deliver(seconds: float = 8.0) -> int:
    """Deliver what is due, beginning nothing new after *seconds*; return how many were taken.

    One message of an endpoint is in hand at a time, so that they arrive in
    their order as long as all goes well, and one that hangs holds up no other.
    """
    until = time.monotonic() + seconds
    going: dict[Future[Outcome], Try] = {}
    taken = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as pool:
        while True:
            if time.monotonic() < until and guard.may_send():
                busy = {one.message.endpoint_id for one in going.values()}
                for one in _claim(THREADS - len(going), busy):
                    going[pool.submit(_post, one)] = one
            if not going:
                return taken
            done, _rest = wait(going, timeout=WAKE_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                taken += settle(going.pop(future), future.result())


def _claim(most: int, busy: Collection[int]) -> list[Try]:
    """Take the first message of up to *most* endpoints that are not *busy*."""
    if most <= 0:
        return []
    tries = []
    for endpoint in due().exclude(pk__in=busy).select_related("publication").order_by("?")[:most]:
        message = (
            HookMessage.objects.filter(
                endpoint=endpoint, status=HookMessage.Status.PENDING, due_at__lte=Now()
            )
            .order_by("due_at", "id")
            .first()
        )
        if message is not None and take(message):
            message.endpoint = endpoint
            if one := _ready(message):
                tries.append(one)
    return tries


def take(message: HookMessage) -> bool:
    """Take *message* in hand, unless another has done so since it was read."""
    taken = HookMessage.objects.filter(
        pk=message.pk, status=HookMessage.Status.PENDING, tries=message.tries, due_at__lte=Now()
    ).update(tries=F("tries") + 1, due_at=Now() + backing_off.LEASE)
    message.tries += 1
    return bool(taken)


def _ready(message: HookMessage) -> Try | None:
    """Write and sign *message*; None where there is nothing to send.

    One that has nothing to tell any more fails. One that cannot be written is tried again
    as if it had not been taken, and fails in the end: what it stumbles over may be mended.
    """
    try:
        body = payloads.body(message)
    except payloads.NothingLeft:
        _note(message, Outcome(error="What it tells of is not stored any more."))
        _end(message, HookMessage.Status.FAILED)
        return None
    except payloads.Unwritable as error:
        _note(message, Outcome(error=str(error)))
        _put_off(message, Outcome())
        return None
    headers = signing.headers(message.endpoint, message.webhook_id, body, int(time.time()))
    return Try(message, body, headers, _traces(message))


def _traces(message: HookMessage) -> Traces:
    """Return what an answer must not be kept with: it may repeat what it was sent."""
    reader = Subscriber.objects.filter(pk=message.subscriber_id or 0).first()
    if reader is None:
        return Traces(frozenset())
    spelt = {*spellings(reader.address), reader.address_key}
    return Traces(
        frozenset(spelt | {quote(one) for one in spelt} | {quote(one, safe="") for one in spelt}),
        reader.name.strip(),
        is_vouched=True,
    )


def _post(one: Try) -> Outcome:
    """Post *one*, in a thread that knows no database."""
    begun = time.monotonic()
    try:
        reply = outside.post(
            one.message.endpoint.url,
            one.body,
            {"Content-Type": "application/json", **one.headers},
            seconds=ANSWER_SECONDS,
            is_local=settings.DEBUG or settings.SITE_IS_LOCAL,
        )
    except (outside.Refused, outside.Gone, outside.Unanswered) as error:
        return Outcome(error=_clean(str(error), one.traces), ms=_ms_since(begun))
    except Exception as error:  # one message must not end those of all others
        log.exception("Webhook message %s could not be sent.", one.message.pk)
        return Outcome(error=type(error).__name__, ms=_ms_since(begun))
    return Outcome(
        reply.status,
        _ms_since(begun),
        _clean(reply.first.decode(errors="replace"), one.traces),
        _words(reply.status),
        reply.retry_after,
    )


def _ms_since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _words(status: int) -> str:
    if 300 <= status < 400:
        return "It redirects, which is not followed: give the address where it leads."
    return "" if 200 <= status < 300 else f"It answered {status}."


def _clean(text: str, traces: Traces) -> str:
    """Return the first of *text* in one line, without the reader."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    if traces.addresses:
        plain = traces.redact(plain)
    # Why an edition was paused may name a reader too, and no erasure looks for it here.
    return _ADDRESS.sub(ERASED, plain)[:LONGEST_ANSWER]


def settle(one: Try, outcome: Outcome) -> bool:
    """Write down what became of *one*; return True if it was taken."""
    try:
        return _settle(one.message, one.message.endpoint, outcome)
    except IntegrityError:
        return False  # its publication was deleted meanwhile


def _settle(message: HookMessage, endpoint: HookEndpoint, outcome: Outcome) -> bool:
    with transaction.atomic():
        if not HookMessage.objects.filter(pk=message.pk).exists():
            return False
        _note(message, outcome)
        if outcome.is_taken:
            _end(message, HookMessage.Status.DELIVERED)
            # Mostly nothing to write: only what had failed before is over.
            HookEndpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False).update(
                failing_since=None, failures=0, rests_until=None
            )
            return True
        _put_off(message, outcome)
        backing_off.rest(endpoint, outcome.status, outcome.retry_after)
        if outcome.status == GONE:
            disable(endpoint, "It answered 410 Gone.")
        elif backing_off.has_failed_for_days(endpoint):
            days = backing_off.FAILS_FOR.days
            disable(endpoint, f"Every try of {days} days failed. The last: {outcome.error}")
    return False


def _note(message: HookMessage, outcome: Outcome) -> None:
    HookAttempt.objects.create(
        message=message,
        at=Now(),
        status=outcome.status,
        ms=outcome.ms,
        answer=outcome.answer,
        error=outcome.error,
    )


def _end(message: HookMessage, status: HookMessage.Status) -> None:
    """End *message*. What was taken was taken, whoever has it in hand by now."""
    HookMessage.objects.filter(pk=message.pk, status=HookMessage.Status.PENDING).update(
        status=status
    )


def _put_off(message: HookMessage, outcome: Outcome) -> None:
    """Let *message* wait for its next try, or give it up; another worker's try stands."""
    mine = HookMessage.objects.filter(
        pk=message.pk, status=HookMessage.Status.PENDING, tries=message.tries
    )
    pause = backing_off.pause(message.tries, outcome.retry_after)
    if pause is None:
        mine.update(status=HookMessage.Status.FAILED)
    else:
        mine.update(due_at=Now() + pause)
