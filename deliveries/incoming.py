"""Take in mail that came back: sort it, find the letter that it is about, keep the event.

What a mail proves decides how far it is believed. The bounce address of a
letter and its Message-ID carry a MAC of ours: who names one has seen the letter
or its envelope. An address proves nothing, since anybody can write a mail that
says that ada@example.org has bounced; so by an address alone a bounce counts as
a transient one, a complaint as the wish to leave, and nothing is suppressed.
Nothing is ever answered (RFC 3834).
"""

import datetime as dt
import email.utils
import hashlib
import re
from dataclasses import dataclass, replace
from email.message import Message

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from briefs.addresses import InvalidAddress, normalise
from deliveries import events, matching, returnpaths
from deliveries.models import Delivery
from deliveries.returned import original, reading, sorting, wishes
from deliveries.told import (
    BOUNCED,
    COMPLAINED,
    DEFERRED,
    DELIVERED,
    REPLIED,
    UNSUBSCRIBED,
    Told,
)
from subscribers import consent, tokens
from subscribers.doorbell import ring_now
from subscribers.models import Subscription

SOURCE = "mail"

# Where servers write for whom a mail came; the first are the envelope's.
_TO_US = (
    "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To",
    "Original-Recipient", "Received", "To", "Cc", "Apparently-To",
)  # fmt: skip
_FROM_US = ("Return-Path", "X-Envelope-From", "Errors-To", "Sender", "Received")
_PATH = re.compile(r"\bb\+[0-9a-f]{22,62}@[\w.-]+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<\s*([^<>@\s]{1,200}@[^<>@\s]{1,200})\s*>")
_IN_TEXT = re.compile(
    r"^[ \t>]*Message-ID:\s*<([^<>@\s]+@[^<>@\s]+)>", re.IGNORECASE | re.MULTILINE
)
MOST_IDS = 50
LATE = dt.timedelta(days=7)  # what is older has a clock that nobody set


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that was sorted, with what it names of ours as far as the mail itself tells."""

    returned: sorting.Returned
    delivery: int = 0  # by the address that it was sent to, MAC checked
    message_id: str = ""  # claims to be one of ours; its MAC takes the database
    leave_token: str = ""
    key: str = ""
    written_at: dt.datetime | None = None  # by the clock of whoever wrote it

    @property
    def is_proved(self) -> bool:
        """True if it names a letter by something that only its holders know."""
        return bool(self.delivery or self.message_id)


def sort(data: bytes) -> Taken:
    """Return what the mail in *data* is and names; asks no database and never raises."""
    message = reading.read(data)
    returned = sorting.sort_message(message, sorting.shortened(data, message))
    inner = original.of(message)
    return Taken(
        returned,
        delivery=_delivery(message, inner, returned.envelope),
        message_id=_message_id(message, inner),
        leave_token=wishes.token_of(message) or "",
        key=hashlib.sha256(data[: reading.MOST_BYTES]).hexdigest(),
        written_at=_date(message),
    )


def keep(taken: Taken, at: dt.datetime) -> int:
    """Record what *taken* says, once however often the same mail comes; return its delivery.

    0 where it names none of ours. Raises django.db.Error where the database is away.
    """
    if taken.returned.kind == sorting.UNSUBSCRIBE:
        return _leave(taken)
    told = told_of(taken, at)
    if told is None:
        return taken.delivery
    with transaction.atomic():
        (delivery,) = matching.match([told])
        # What names no letter at all is nobody's: it need not wait for one.
        if delivery or matching.names_a_letter(told):
            events.receive(SOURCE, [told])
            transaction.on_commit(lambda: ring_now("deliveries.tasks.apply_events"))
    return delivery


def told_of(taken: Taken, at: dt.datetime) -> Told | None:
    """Return the event that *taken* is, or None where it is none."""
    returned = taken.returned
    kind = _type(taken)
    if kind is None or not (taken.is_proved or returned.address):
        return None
    is_permanent: bool | None = None
    if kind == BOUNCED:
        is_permanent = returned.kind == sorting.PERMANENT and taken.is_proved
        is_permanent = is_permanent and not returned.is_senders_fault
    # What the reader did since the report was written stands: a mail may wait in a queue.
    written = taken.written_at
    if taken.is_proved and written is not None and at - LATE < written < at:
        at = written
    told = Told(
        kind,
        at,
        delivery=taken.delivery,
        message_id=taken.message_id,
        address=returned.address,
        is_permanent=is_permanent,
        is_senders_fault=kind == BOUNCED and returned.is_senders_fault,
        code=returned.status,
        reason=returned.reason if kind in (BOUNCED, DEFERRED) else "",
        words=" ".join(returned.words.split()),
        diagnosis=f"mail: {returned.rule}",
        key=taken.key,
    )
    if not taken.is_proved and kind == COMPLAINED:
        return replace(told, type=UNSUBSCRIBED)
    return told


def _type(taken: Taken) -> str | None:
    returned = taken.returned
    if returned.kind == sorting.COMPLAINT:
        return COMPLAINED
    if returned.kind in (sorting.PERMANENT, sorting.TRANSIENT):
        return DEFERRED if returned.is_delay else BOUNCED
    # An answer, or a report of success, of a letter that it names.
    if taken.is_proved and returned.reason == "delivered":
        return DELIVERED
    if taken.is_proved and returned.rule in ("answer", "receipt"):
        return REPLIED
    return None


def _leave(taken: Taken) -> int:
    """End the subscriptions that a mail asks to end; return the delivery that it names."""
    links, delivery = _links_by_token(taken.leave_token)
    if links is None:
        links, delivery = _links_by_sender(taken)
    for link in links.select_related("subscriber", "publication"):
        # From is what anybody can write: the owner is told, and can undo it.
        consent.unsubscribe(link, source="mail", delivery_id=delivery or None, tells_owner=True)
    return delivery


def _links_by_token(token: str) -> tuple[QuerySet[Subscription] | None, int]:
    """Return the subscription that *token* is for, and its delivery; None where it is for none."""
    try:
        subscription, delivery = tokens.unsubscribe.load(token)
    except tokens.BadToken:
        # Some servers lower the case of an address, and tokens have both.
        return None, 0
    return Subscription.objects.filter(pk=subscription), delivery


def _links_by_sender(taken: Taken) -> tuple[QuerySet[Subscription], int]:
    """Return the subscriptions that a mail without a token asks to end, and its delivery.

    Who answers a letter holds it, from whatever address they write: that is
    the one subscription. Else all of whoever is named as the sender.
    """
    if taken.is_proved:
        told = Told(REPLIED, timezone.now(), taken.delivery, message_id=taken.message_id)
        (delivery,) = matching.match([told])
        row = Delivery.objects.filter(pk=delivery, subscriber__isnull=False)
        if found := row.values_list("subscriber", "edition__publication").first():
            reader, publication = found
            links = Subscription.objects.filter(subscriber=reader, publication=publication)
            return links, delivery
    try:
        key = normalise(taken.returned.address).key
    except InvalidAddress:
        return Subscription.objects.none(), 0
    return Subscription.objects.filter(subscriber__address_key=key), 0


def _delivery(message: Message, inner: Message | None, envelope: str) -> int:
    """Return the delivery whose bounce address stands in a header, 0 without one."""
    found = _in_headers(message, _TO_US)
    if not found and inner is not None:
        found = _in_headers(inner, _FROM_US)
    return found or returnpaths.delivery_of(envelope) or 0


def _in_headers(message: Message, names: tuple[str, ...]) -> int:
    for name in names:
        for value in reading.headers(message, name)[:MOST_IDS]:
            for address in _PATH.findall(value):
                if found := returnpaths.delivery_of(address):
                    return found
    return 0


def _date(message: Message) -> dt.datetime | None:
    try:
        at = email.utils.parsedate_to_datetime(reading.header(message, "Date"))
        return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _message_id(message: Message, inner: Message | None) -> str:
    """Return the Message-ID of ours that a mail is about, unproved; empty without one."""
    values: list[str] = []
    if inner is not None:
        values += reading.headers(inner, "Message-ID")
    for name in ("In-Reply-To", "References", "X-Original-Message-ID", "Original-Message-ID"):
        values += reading.headers(message, name)
    claims = [one for value in values for one in reversed(_MESSAGE_ID.findall(value)[-MOST_IDS:])]
    for part in reading.parts(message, inside=False):
        if reading.content_type(part).startswith(("text/", "message/")):
            claims += _IN_TEXT.findall(reading.raw_text(part))[:MOST_IDS]
    return next((str(one) for one in claims if matching.number_in(one)), "")
