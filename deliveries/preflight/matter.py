"""What the rules on the mail look at: a snapshot, its brief, the mail, what is known outside."""

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from briefs import revisions
from briefs.models import Brief
from briefs.preflight import Reading, Registry, web_images, web_links
from briefs.rendering import Field, Mail, Unrenderable, render_email
from deliveries import audience, compiling, lanes, readership, zones
from deliveries.letters import EditionMail
from deliveries.models import Edition
from deliveries.preflight import lookups, reachable, records, targets
from subscribers import tokens

LONG_VALUE = 60  # characters that a merge field takes
MOST_TARGETS = 60  # links and images that are asked for; a brief has a dozen
WAIT_SECONDS = 4.0


class Outside(StrEnum):
    """How far the rules look outside: at DNS, at the servers of links, at the provider."""

    LEAVE = "leave"  # not at all: an edition that starts is stopped by no server but ours
    KNOWN = "known"  # what was found lately; the rest is looked up behind the page
    ASK = "ask"  # for some seconds: somebody has pressed a button


@dataclass
class Matter:
    """One snapshot that is to be mailed, and what every rule may want to know about it."""

    snapshot: dict[str, Any]
    brief: Brief
    outside: Outside = Outside.KNOWN
    send_at: dt.datetime | None = None

    @cached_property
    def text(self) -> Reading:
        """The text, read."""
        return Reading(self.snapshot)

    @property
    def publication(self) -> dict[str, Any]:
        """What the mail takes from the publication."""
        return self.text.publication

    @cached_property
    def rendered(self) -> Mail | Unrenderable:
        """The mail, with links and values as long as readers get them, or why there is none."""
        try:
            mail = render_email(
                revisions.text_from(self.snapshot),
                revisions.look_from(self.snapshot),
                compiling.places(
                    self.snapshot,
                    self.view_link,
                    self.unsubscribe_link,
                    tokens.preferences_address("x" * 30),
                ),
                link=self._mailed_link,
                merge=_long_value,
            )
            html = compiling.marked(mail.html, self.publication["tracking"], "x" * 22)
            return replace(mail, html=html)
        except Unrenderable as error:
            return error

    @property
    def mail(self) -> Mail | None:
        """The mail, None where it cannot be rendered."""
        return self.rendered if isinstance(self.rendered, Mail) else None

    @property
    def view_link(self) -> str:
        """A link of the length that each reader's own has."""
        return f"{settings.SITE_URL}/v/{'x' * 30}"

    @property
    def unsubscribe_link(self) -> str:
        """A link of the length that each reader's own has."""
        return tokens.unsubscribe_address("x" * 30)

    def _mailed_link(self, url: str) -> str:
        return url if self.publication["tracking"] == "off" else f"{settings.SITE_URL}/c/{'x' * 22}"

    @cached_property
    def head(self) -> bytes:
        """The header of the mail as it goes over the wire, without each reader's own values."""
        mail = self.mail
        if mail is None:
            return b""
        edition = EditionMail(
            edition_id=0,
            subject=mail.subject,
            html="",
            text="",
            slot_prefix="no-slot-in-a-check-",
            links=0,
            sender_name=self.publication["sender_name"],
            sender_address="check@localhost",  # the real ones have rules of their own
            reply_to="",
            list_name=self.publication["slug"],
            is_public=self.publication["is_public"],
            domain=self.sender_domain,
            per_reader=False,
        )
        pieces = [piece if isinstance(piece, bytes) else b"" for piece in edition.wire.pieces]
        return b"".join(pieces).partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def sender_domain(self) -> str:
        """The domain that the mail comes from."""
        domain: str = self.publication["sender_address"].rpartition("@")[2]
        return domain.lower()

    @cached_property
    def goes_at(self) -> dt.datetime:
        """When it is to go out, as far as is known: scheduled, due, or now."""
        if self.send_at is not None:
            return self.send_at
        now = timezone.now()
        if self.brief.pk:
            scheduled = Edition.objects.filter(
                brief=self.brief, status=Edition.Status.SCHEDULED
            ).first()
            if scheduled is not None:
                return scheduled.send_at
        due = self.brief.due_at
        return due if due is not None and due > now else now

    @property
    def zone(self) -> ZoneInfo:
        """The zone that the publication lives in."""
        return ZoneInfo(zones.known(self.brief.publication.time_zone, "UTC"))

    @cached_property
    def readers(self) -> readership.Counted:
        """How many would get it, as far as that is known without counting a million."""
        topics, groups = audience.topics_of(self.brief), audience.groups_of(self.brief)
        return readership.quick(self.brief.publication, topics, groups=groups)

    # --- outside ------------------------------------------------------------

    @cached_property
    def links(self) -> list[tuple[str, str]]:
        """(where, address) of the links that may be asked for, each address once."""
        return _once(web_links(self.text))

    @cached_property
    def images(self) -> list[tuple[str, str]]:
        """(where, address) of the images that may be asked for, each address once."""
        return _once(web_images(self.text))

    @cached_property
    def wanted(self) -> dict[str, lookups.Lookup]:
        """What there is to look up, by the key that it is remembered under."""
        wanted: dict[str, lookups.Lookup] = {}
        if self.outside is Outside.LEAVE:
            return wanted
        for _where, url in self.links:
            wanted[targets.key_of(url)] = partial(targets.ask, url)
        for _where, url in self.images:
            wanted[targets.key_of(url, image=True)] = partial(targets.ask, url, image=True)
        if records.is_asked(self.sender_domain):
            key = records.key_of(self.sender_domain)
            wanted[key] = partial(records.ask, self.sender_domain)
        for lane in lanes.names():
            wanted[reachable.key_of(lane)] = partial(reachable.ask, lane)
        return wanted

    @cached_property
    def known(self) -> dict[str, Any]:
        """What was found of it."""
        wait = WAIT_SECONDS if self.outside is Outside.ASK else 0.0
        return lookups.look(self.wanted, wait=wait)

    @property
    def waits_for(self) -> int:
        """How much is being looked up still."""
        return len(self.wanted) - len(self.known) if settings.CHECK_OUTSIDE else 0


def _long_value(field: Field) -> str:
    """Return what a reader with much to say would see: the mail must not be clipped for them."""
    return field.default.ljust(LONG_VALUE, "x")


def _once(places: Any) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for where, url in places:
        found.setdefault(url, where)
    return [(where, url) for url, where in list(found.items())[:MOST_TARGETS]]


MAIL: Registry[Matter] = Registry("The mail")
READERS: Registry[Matter] = Registry("Readers and the moment")
WORLD: Registry[Matter] = Registry("What is looked up outside")
