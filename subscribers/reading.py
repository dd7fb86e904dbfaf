"""Reading on the web what is not for everybody: a mailed link, exchanged for a cookie.

No password is asked for: who can open the mail of an address is its owner,
as far as mail is concerned. The link works for a day, since it is forwarded
and kept; the cookie for a month, since it stays in one browser. Both name a
subscription, and neither opens anything once that has ended or its reader has
another address: this is looked up each time, so there is nothing to revoke.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from briefs import access
from briefs.addresses import Address, InvalidAddress, normalise
from briefs.models import Brief, Publication
from subscribers import consent, groups, preferences, tokens
from subscribers.evidence import locked
from subscribers.models import GroupMember, Notice, Subscription
from subscribers.origin import Origin

COOKIE = "reader"
BETWEEN_LINKS = dt.timedelta(minutes=10)


def url(subscription: Subscription, brief: Brief | None = None) -> str:
    """Return an address that opens the web to the reader of *subscription* for a day."""
    mark = preferences.mark(subscription)
    return tokens.reading_url(subscription.pk, mark, brief.pk if brief else 0)


def open_link(token: str) -> tuple[Subscription, Brief | None]:
    """Return whose link *token* is and the brief it leads to, which they may read.

    Raises BadToken, ExpiredToken.
    """
    subscription_id, mark, brief_id = tokens.reading.load(token)
    subscription = _standing(subscription_id, mark)
    if subscription is None:
        raise tokens.ExpiredToken("The subscription has ended, or the address is another one.")
    found = Brief.objects.filter(pk=brief_id, publication=subscription.publication_id)
    brief = found.select_related("publication").exclude(slug="").first()
    # Anybody may ask for a link with any number, and the headline stands in the address.
    reader = groups.reader_of(subscription.subscriber)
    is_theirs = brief is not None and access.may_read(brief, reader, timezone.now())
    return subscription, brief if is_theirs else None


def let_in(response: HttpResponse, subscription: Subscription) -> None:
    """Have the browser that gets *response* read as the reader of *subscription*."""
    response.set_cookie(
        COOKIE,
        tokens.session.make(subscription.pk, preferences.mark(subscription)),
        max_age=tokens.session.lifetime,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def reader_with(cookie: str) -> access.Reader:
    """Return who reads with *cookie*; a stranger if it is not ours, or holds no more."""
    try:
        subscription = _standing(*tokens.session.load(cookie))
    except tokens.BadToken:
        return access.ANONYMOUS
    return groups.reader_of(subscription.subscriber) if subscription else access.ANONYMOUS


def _standing(subscription_id: int, mark: int) -> Subscription | None:
    """Return a subscription that has not ended, of the address that *mark* was made of."""
    rows = Subscription.objects.select_related("subscriber", "publication")
    found = rows.filter(pk=subscription_id, status__in=groups.READS).first()
    return found if found and preferences.mark(found) == mark else None


def ask(
    publication: Publication, address_raw: str, brief_id: int = 0, *, origin: Origin | None = None
) -> bool:
    """Have mailed to *address_raw* what lets it read; tell whether there was something to mail.

    A reader gets the link. Who was invited gets the invitation anew. Who has
    an address of an invited domain is asked to confirm a subscription.
    """
    try:
        address = normalise(address_raw)
    except InvalidAddress:
        return False
    theirs = Subscription.objects.filter(
        subscriber__address_key=address.key, publication=publication, status__in=groups.READS
    )
    subscription = theirs.select_related("subscriber", "publication").first()
    if subscription is not None:
        return mail_link(subscription, brief_id)
    return _invite_again(publication, address, origin or Origin(ip=None, user_agent=""))


def mail_link(subscription: Subscription, brief_id: int = 0) -> bool:
    """Have a link mailed that leads to a brief or the publication; False so soon after the last."""
    with transaction.atomic():
        if locked(subscription.subscriber_id) is None:
            return False
        links = Notice.objects.filter(kind=Notice.Kind.READING, subscription=subscription).exclude(
            status=Notice.Status.FAILED
        )
        if links.filter(created_at__gt=timezone.now() - BETWEEN_LINKS).exists():
            return False
        known = Brief.objects.filter(pk=brief_id, publication=subscription.publication_id)
        Notice.objects.create(
            kind=Notice.Kind.READING, subscription=subscription, brief=known.first()
        )
    return True


def _invite_again(publication: Publication, address: Address, origin: Origin) -> bool:
    rows = GroupMember.objects.filter(group__publication=publication)
    invited = rows.filter(key=address.key, accepted_at__isnull=True).select_related("group")
    member = invited.first()
    if member is not None:
        try:
            groups.invite(member)
        except groups.CannotInvite:
            return False
        return True
    if rows.filter(key=f"@{consent.domain_of(address)}").exists():
        asked = consent.request(publication, address.address, source="client group", **origin)
        return asked is not None
    return False
