"""Letters: one reader's copy of an edition, in the form that a provider takes."""

import datetime as dt
import email.utils
import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from briefs.rendering import Field
from deliveries import mailto, wire
from deliveries.compiling import FIRST_CLICK, MOST_LINKS, PIXEL, UNSUBSCRIBE, VIEW, slot
from deliveries.merging import Slot, Slots
from deliveries.models import Delivery, Edition
from subscribers import tokens

message_id = tokens.Purpose("message-id", size=1)  # delivery


class Makers(NamedTuple):
    """What makes the tokens of an edition's letters."""

    view: Callable[[int], bytes]
    unsubscribe: Callable[..., bytes]
    hits: list[tuple[str, Callable[[int], bytes]]]  # links and the pixel, by slot
    message_id: Callable[[int], bytes]


@dataclass(frozen=True)
class EditionMail:
    """What all letters of an edition share, loaded and encoded once per batch."""

    edition_id: int
    subject: str
    html: str
    text: str
    slot_prefix: str
    links: int
    sender_name: str
    sender_address: str
    reply_to: str
    list_name: str
    is_public: bool
    domain: str
    per_reader: bool
    fields: tuple[Slot, ...] = ()
    message_key: str = ""  # empty in editions of old: TOKEN_KEYS made their Message-IDs

    @cached_property
    def slots(self) -> list[str]:
        """The slots that stand in the bodies: VIEW, UNSUBSCRIBE, those of links, of the pixel."""
        named = [slot(self.slot_prefix, number) for number in range(FIRST_CLICK)]
        return [*named, *self.clicks, *([self.pixel] if self.pixel else [])]

    @cached_property
    def clicks(self) -> list[str]:
        """The slots of links, by position."""
        last = FIRST_CLICK + (min(self.links, MOST_LINKS) if self.per_reader else 0)
        return [slot(self.slot_prefix, number) for number in range(FIRST_CLICK, last)]

    @cached_property
    def pixel(self) -> str:
        """The slot of the pixel, empty in what was compiled without one."""
        name = slot(self.slot_prefix, PIXEL)
        return name if self.per_reader and name in self.html else ""

    @cached_property
    def makers(self) -> Makers:
        """The makers of tokens, with their keys at hand."""
        edition = self.edition_id
        hits = [
            (name, tokens.click.series(edition, position))
            for position, name in enumerate(self.clicks)
        ]
        if self.pixel:
            hits.append((self.pixel, tokens.pixel.series(edition)))
        return Makers(
            view=tokens.view.series(edition),
            unsubscribe=tokens.unsubscribe.maker(),
            hits=hits,
            message_id=message_id.series(key=self.message_key),
        )

    @cached_property
    def around_token(self) -> list[bytes]:
        """What stands before, between and behind a reader's token in List-Unsubscribe."""
        return mailto.header(tokens.unsubscribe_address("\0"), "\0").encode().split(b"\0")

    @cached_property
    def merging(self) -> Slots | None:
        """The merge fields, or None where the text has none: then they cost nothing."""
        return Slots(self.fields, self.subject) if self.fields else None

    @property
    def needs_attributes(self) -> bool:
        """True if a letter cannot be written without the reader's attributes."""
        return self.merging is not None and self.merging.need_attributes

    @cached_property
    def slot_pattern(self) -> re.Pattern[str]:
        """What each slot in the bodies looks like."""
        return re.compile(re.escape(self.slot_prefix) + r"\d{3}")

    @cached_property
    def headers(self) -> dict[str, str]:
        """The list headers that are the same for every reader (RFC 2369, RFC 2919)."""
        host = urlsplit(settings.SITE_URL).hostname
        pages = f"{settings.SITE_URL}/s/{self.list_name}/"
        headers = {"List-ID": f"<{self.list_name}.{host}>"}
        if self.is_public:
            headers["List-Archive"] = f"<{settings.SITE_URL}/{self.list_name}/>"
        headers["List-Help"] = f"<{pages}>" if self.is_public else f"<{pages}imprint/>"
        return headers

    @cached_property
    def wire(self) -> wire.Wire:
        """The message in wire form, encoded once."""
        headers = [("From", wire.mailbox("From", self.sender_name, self.sender_address))]
        if self.reply_to:
            headers.append(("Reply-To", self.reply_to))
        own_subject = self.merging is not None and self.merging.are_in_subject
        if not own_subject:
            headers.append(("Subject", wire.unstructured("Subject", self.subject)))
        return wire.encode(
            headers=[*headers, *self.headers.items()],
            text=self.text,
            html=self.html,
            slots=self.slots,
            merged=self.merging.names if self.merging else (),
            own_subject=own_subject,
        )


def load(edition_id: int) -> EditionMail:
    """Return the mail of an edition that has been compiled; good for a whole batch."""
    edition = Edition.objects.select_related("revision", "compiled").get(pk=edition_id)
    publication = edition.revision.snapshot["publication"]
    return EditionMail(
        edition_id=edition_id,
        subject=edition.compiled.subject,
        html=edition.compiled.html,
        text=edition.compiled.text,
        slot_prefix=edition.compiled.slot_prefix,
        links=edition.links.count(),
        sender_name=publication["sender_name"],
        sender_address=publication["sender_address"],
        reply_to=publication["reply_to"],
        list_name=publication["slug"],
        is_public=publication["is_public"],
        domain=edition.message_domain,
        per_reader=publication["tracking"] == "per-reader",
        fields=tuple(
            Slot(
                slot(edition.compiled.slot_prefix, row["slot"]),
                Field(row["field"], row["default"]),
            )
            for row in edition.compiled.fields
        ),
        message_key=edition.compiled.message_key,
    )


@dataclass(slots=True, eq=False)  # not frozen: making one would take four times as long
class Letter:
    """One copy: who gets it, and which attempt at it this is."""

    mail: EditionMail
    delivery: int
    attempt: int
    subscription: int
    address: str
    name: str
    attributes: object = None  # JSON of the reader; only where EditionMail.needs_attributes

    @property
    def needs_smtputf8(self) -> bool:
        """True if the address cannot be written in ASCII (RFC 6531)."""
        return not self.address.isascii()

    @property
    def message_id(self) -> str:
        """The Message-ID without its brackets: the same for every attempt."""
        return f"{self.mail.makers.message_id(self.delivery).decode()}@{self.mail.domain}"

    @property
    def unsubscribe_url(self) -> str:
        """The one-click address of this reader (RFC 8058)."""
        return tokens.unsubscribe_url(self.subscription, self.delivery)

    def values(self) -> dict[str, bytes]:
        """Return what goes into each slot of the bodies."""
        delivery, slots, make = self.delivery, self.mail.slots, self.mail.makers
        values = {name: hit(delivery) for name, hit in make.hits}
        values[slots[VIEW]] = make.view(delivery)
        values[slots[UNSUBSCRIBE]] = make.unsubscribe(self.subscription, delivery)
        return values

    def as_bytes(self) -> bytes:
        """Return the message as an SMTP server gets it, without the final dot."""
        values = self.values()
        token = values[self.mail.slots[UNSUBSCRIBE]]
        values[wire.TO] = wire.mailbox("To", self.name, self.address).encode()
        values[wire.DATE] = _date(int(time.time()))
        values[wire.MESSAGE_ID] = self.message_id.encode()
        values[wire.LIST_UNSUBSCRIBE] = token.join(self.mail.around_token)
        if merging := self.mail.merging:
            merging.fill(values, merging.values(self.name, self.attributes))
        return self.mail.wire.fill(values)

    def as_email(self) -> EmailMultiAlternatives:
        """Return the message as Anymail takes it."""
        html_part, text = self.filled()
        message = EmailMultiAlternatives(
            subject=self.subject,
            body=text,
            from_email=wire.plain_mailbox(self.mail.sender_name, self.mail.sender_address),
            to=[wire.plain_mailbox(self.name, self.address)],
            reply_to=[self.mail.reply_to] if self.mail.reply_to else None,
            headers={
                "Message-ID": f"<{self.message_id}>",
                "List-Unsubscribe": self._list_unsubscribe,
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                **self.mail.headers,
            },
        )
        message.attach_alternative(html_part, "text/html")
        # Comes back with the provider's webhooks.
        message.metadata = {  # type: ignore[attr-defined]  # read by Anymail
            "delivery": str(self.delivery),
            "attempt": str(self.attempt),
        }
        return message

    @property
    def _list_unsubscribe(self) -> str:
        url = self.unsubscribe_url
        return f"<{mailto.header(url, url.rpartition('/')[2])}>".replace("\r\n", "")

    @property
    def subject(self) -> str:
        """The subject as this reader gets it."""
        if merging := self.mail.merging:
            return merging.subject(merging.values(self.name, self.attributes))
        return self.mail.subject

    def merged(self) -> dict[str, str]:
        """Return what goes into the slot of each merge field, as plain text: not yet escaped."""
        if merging := self.mail.merging:
            values = merging.values(self.name, self.attributes)
            return dict(zip(merging.names, values, strict=True))
        return {}

    def filled(self) -> tuple[str, str]:
        """Return the HTML and the text part with this reader's links and values in them."""
        links = {name: value.decode() for name, value in self.values().items()}
        merged = self.merged()
        in_text = {**links, **merged}
        in_html = {**links, **{name: html.escape(value) for name, value in merged.items()}}
        # In one go: what a reader's value says is never looked through for slots.
        fill = self.mail.slot_pattern.sub
        return (
            fill(lambda m: in_html.get(m[0], m[0]), self.mail.html),
            fill(lambda m: in_text.get(m[0], m[0]), self.mail.text),
        )


@lru_cache(maxsize=4)
def _date(second: int) -> bytes:
    """Return the Date header of everything that is sent in one second of the epoch."""
    return email.utils.format_datetime(dt.datetime.fromtimestamp(second, dt.UTC)).encode()


def find(edition_id: int, delivery_id: int) -> Letter | None:
    """Return the letter that a reader got, or None once the reader is erased."""
    row = (
        Delivery.objects.filter(pk=delivery_id, edition=edition_id)
        .select_related("subscriber", "edition")
        .first()
    )
    if row is None or row.subscriber is None:
        return None
    link = row.subscriber.subscriptions.filter(publication=row.edition.publication_id).first()
    if link is None:
        return None
    reader = row.subscriber
    return Letter(
        load(edition_id),
        row.pk,
        row.attempt,
        link.pk,
        reader.address,
        reader.name,
        reader.attributes,
    )
