"""What the exports of other houses look like, as data: recognised by their headers alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from subscribers.importing import Unreadable
from subscribers.importing.guessing import guess
from subscribers.importing.reading import Look
from subscribers.importing.wishes import Wish

# What a column may mean. "attribute" keeps it under its own name, "" leaves it out.
FIELDS = [
    "address",
    "name",
    "first_name",
    "last_name",
    "language",
    "time_zone",
    "topics",
    "attributes",
    "attribute",
    "status",
    "subscribed",
    "disabled",
    "receives",
    "deleted_at",
    "left_at",
    "why",
    "asked_at",
    "asked_ip",
    "confirmed_at",
    "confirmed_ip",
    "rhythm",
    "paused_until",
    "suppressed",
]
OWN = "intelbrief"
OTHER = "other"


@dataclass(frozen=True)
class Source:
    """One shape of file of one house."""

    name: str
    headers: str  # all of them are there; | between them, since some hold spaces
    mapping: Mapping[str, str]
    # The rest of its columns: kept as attributes, or left out (statistics, ids of its own).
    keeps_rest: bool = True
    leaves_out: str = ""
    says: Wish = Wish.UNSAID  # what the shape of the file says of all in it
    tag_separator: str = ","
    only: bool = False  # there are no other columns
    mapped: Mapping[str, str] = field(default_factory=dict)

    def fits(self, headers: Sequence[str]) -> bool:
        """Tell whether a file with these headers, lower-cased, is of this shape."""
        wanted = set(self.headers.split("|"))
        return set(headers) == wanted if self.only else wanted <= set(headers)


def _map(text: str) -> Mapping[str, str]:
    pairs = (line.split(":") for line in text.strip().splitlines())
    return MappingProxyType({header.strip(): target.strip() for header, target in pairs})


_MAILCHIMP = _map("""
    email address: address
    first name: first_name
    last name: last_name
    optin_time: asked_at
    optin_ip: asked_ip
    confirm_time: confirmed_at
    confirm_ip: confirmed_ip
    timezone: time_zone
    language: language
    tags: topics
    unsub_time: left_at
    unsub_reason: why
""")
_MAILCHIMP_OUT = (
    "member_rating|latitude|longitude|gmtoff|dstoff|last_changed|leid|euid|clean_time|"
    "clean_campaign_title|clean_campaign_id|unsub_campaign_title|unsub_campaign_id|"
    "unsub_reason_other"
)
_SUBSTACK = _map("""
    email: address
    name: name
    subscription type: attribute
    subscription date: asked_at
    subscriber country: attribute
    receiving emails for: receives
    email_disabled: disabled
    created_at: asked_at
    type: attribute
""")

# The first that fits is taken, so the narrower shape stands before the wider.
SOURCES = (
    Source(
        OWN,
        "address|status|rhythm|topics|requested_at|confirmed_at|unsubscribed_at|suppressed",
        _map("""
            address: address
            name: name
            language: language
            time_zone: time_zone
            status: status
            rhythm: rhythm
            topics: topics
            requested_at: asked_at
            confirmed_at: confirmed_at
            unsubscribed_at: left_at
            paused_until: paused_until
            suppressed: suppressed
            attributes: attributes
        """),
    ),
    Source(
        "mailchimp",
        "email address|optin_time|confirm_time|clean_time",
        _MAILCHIMP,
        leaves_out=_MAILCHIMP_OUT,
        says=Wish.BOUNCED,
    ),
    Source(
        "mailchimp",
        "email address|optin_time|confirm_time|unsub_time",
        _MAILCHIMP,
        leaves_out=_MAILCHIMP_OUT,
        says=Wish.LEFT,
    ),
    Source(
        "mailchimp",
        "email address|optin_time|confirm_time|last_changed",
        _MAILCHIMP,
        leaves_out=_MAILCHIMP_OUT,
        says=Wish.ACTIVE,
    ),
    Source(
        "listmonk",
        "uuid|email|name|attributes|status",
        _map("""
            email: address
            name: name
            attributes: attributes
            status: status
            created_at: asked_at
        """),
        leaves_out="uuid|updated_at",
    ),
    Source(
        "listmonk",
        "email|name|attributes",
        _map("""
            email: address
            name: name
            attributes: attributes
        """),
        only=True,
    ),
    Source(
        "keila",
        "email|first name|last name|data|status|external id",
        _map("""
            email: address
            first name: first_name
            last name: last_name
            data: attributes
            status: status
        """),
    ),
    Source(
        "substack",
        "email|subscription type|subscription date|receiving emails for",
        _SUBSTACK,
        keeps_rest=False,
    ),
    Source(
        "substack",
        "email|active_subscription|expiry|email_disabled",
        _SUBSTACK,
        keeps_rest=False,
    ),
    Source(
        "substack",
        "email|expiry|email_disabled|stripe_connected_customer_id|type",
        _SUBSTACK,
        keeps_rest=False,
    ),
    Source(
        "ghost",
        "email|name|note|subscribed_to_emails|labels",
        _map("""
            email: address
            name: name
            note: attribute
            subscribed_to_emails: subscribed
            created_at: asked_at
            deleted_at: deleted_at
            labels: topics
        """),
        leaves_out="id|stripe_customer_id",
    ),
    Source(
        "buttondown",
        "email|subscriber_type|subscription_date|unsubscription_date",
        _map("""
            email: address
            subscriber_type: status
            subscription_date: asked_at
            ip_address: asked_ip
            unsubscription_date: left_at
            tags: topics
            metadata: attributes
        """),
        leaves_out="id|secondary_id|creation_date",
        tag_separator=";",
    ),
    Source(
        "kit",
        "email_address|state|fields",
        _map("""
            email_address: address
            first_name: first_name
            state: status
            created_at: asked_at
            fields: attributes
            tags: topics
        """),
        leaves_out="id",
    ),
    Source(
        "beehiiv",
        "email|status|tier|created_at|unsubscribed_at",
        _map("""
            email: address
            first name: first_name
            last name: last_name
            status: status
            created_at: asked_at
            unsubscribed_at: left_at
            tier: attribute
        """),
        leaves_out="stripe_customer_id",
    ),
)

# Lists of posts, which the same houses put beside their lists of readers.
_POSTS = {
    "substack": "post_id|post_date|is_published|title",
    "buttondown": "subject|publish_date|email_type|slug",
    "beehiiv": "web_title|email_subject_line|content_html",
}
_ANY_POSTS = {"title", "subject", "web_title", "post_id", "headline", "slug"}


@dataclass(frozen=True)
class Recognised:
    """Whose file it is, and what its columns mean: {header: one of FIELDS, or ""}."""

    source: str
    mapping: dict[str, str]
    says: Wish = Wish.UNSAID
    tag_separator: str = ","


def recognise(seen: Look) -> Recognised:
    """Return what the headers of *seen* tell; a file of nobody we know is guessed at.

    The mapping of a guess may lack an address; whoever maps by hand adds it.
    Raises Unreadable for a list of posts.
    """
    folded = [header.lower() for header in seen.headers]
    for source in SOURCES:
        if source.fits(folded):
            return Recognised(
                source.name, _mapping_of(source, seen.headers), source.says, source.tag_separator
            )
    _refuse_posts(folded)
    return Recognised(OTHER, guess(seen))


def facts_of(name: str, headers: Sequence[str]) -> Recognised | None:
    """Return what is known of the shape of a file of *name* with these headers."""
    folded = [header.lower() for header in headers]
    for source in SOURCES:
        if source.name == name and source.fits(folded):
            return Recognised(name, {}, source.says, source.tag_separator)
    return None


def _mapping_of(source: Source, headers: Sequence[str]) -> dict[str, str]:
    left_out = set(source.leaves_out.split("|"))
    rest = "attribute" if source.keeps_rest else ""
    mapping: dict[str, str] = {}
    for header in headers:
        known = source.mapping.get(header.lower())
        mapping[header] = known or ("" if header.lower() in left_out or not header else rest)
    return mapping


def _refuse_posts(folded: Sequence[str]) -> None:
    there = set(folded)
    for name, headers in _POSTS.items():
        if set(headers.split("|")) <= there:
            raise Unreadable(
                f"This is a list of posts from {name}, not of readers. Export the subscribers."
            )
    if there & _ANY_POSTS and not there & {"email", "email address", "email_address", "e-mail"}:
        raise Unreadable("This looks like a list of posts, not of readers: it has no addresses.")
