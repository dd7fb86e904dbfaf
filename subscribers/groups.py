"""Client groups: who belongs to one, how they are invited, and what a reader may read by it.

An address belongs to a group once its owner has accepted the mailed
invitation; a domain as soon as an editor has written it down, since whoever
reads with an address of it has proved that address by a mailed link. Both are
about the address: who moves to another one takes nothing of it along.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from briefs import access, audit
from briefs.addresses import Address, InvalidAddress, mask, normalise
from briefs.models import ClientGroup, User
from subscribers import consent
from subscribers.models import GroupMember, Notice, Subscriber, Subscription
from subscribers.origin import Origin
from subscribers.suppression import address_hash, is_suppressed

# Whose subscription has not ended reads on the web too; a pause is of mail only.
READS = (Subscription.Status.ACTIVE, Subscription.Status.PAUSED)
BETWEEN_INVITATIONS = timedelta(days=1)


class CannotInvite(ValueError):
    """An address or domain cannot be put into a group; the message says why."""


def reader_of(subscriber: Subscriber) -> access.Reader:
    """Return *subscriber* as the policy knows a reader: subscriptions that stand, and groups."""
    ours = subscriber.subscriptions.filter(status__in=READS)
    publications = frozenset(ours.values_list("publication_id", flat=True))
    if not publications:
        return access.ANONYMOUS
    theirs = GroupMember.objects.filter(
        Q(key=subscriber.address_key, accepted_at__isnull=False) | Q(key=f"@{subscriber.domain}"),
        group__publication__in=publications,
    )
    return access.Reader(publications, frozenset(theirs.values_list("group_id", flat=True)))


def belongs(groups: Collection[int]) -> Q:
    """Return the condition that a Subscription's reader belongs to one of *groups*."""
    rows = GroupMember.objects.filter(group__in=groups)
    domains = rows.filter(key__startswith="@").values_list("key", flat=True)
    accepted = rows.filter(accepted_at__isnull=False).values("key")
    return Q(subscriber__address_key__in=accepted) | Q(
        subscriber__domain__in=sorted({domain[1:] for domain in domains})
    )


def add(group: ClientGroup, written: str, by: User) -> GroupMember:
    """Put an address, or "@" and a domain, into *group*; have an address invited.

    A repeat gives the same row; one that was invited and has not accepted is
    invited again. Raise CannotInvite for what is no address, or never mailed.
    """
    address, is_domain = _read(written)
    with transaction.atomic():
        key = address.key if not is_domain else f"@{consent.domain_of(address)}"
        member, created = GroupMember.objects.get_or_create(
            group=group,
            key=key,
            defaults={"address": key if is_domain else address.address, "by": by},
        )
        if created:
            _note("group-member-added", member, by)
        if not is_domain and member.accepted_at is None:
            invite(member)
        member.refresh_from_db()
    return member


def _read(written: str) -> tuple[Address, bool]:
    """Return the address that was written; of a domain, one that stands for all of it."""
    written = written.strip()
    is_domain = written.startswith("@") or "@" not in written
    try:
        return normalise(f"all@{written.lstrip('@')}" if is_domain else written), is_domain
    except InvalidAddress as error:
        raise CannotInvite(f"“{written}” is neither an address nor a domain: {error}") from error


def invite(member: GroupMember) -> None:
    """Have the address of *member* invited; raise CannotInvite so soon after the last time."""
    address = normalise(member.address)
    hashed = address_hash(address.key)
    domain = consent.domain_of(address)
    if is_suppressed(hashed, member.group.publication, domain, asks_anew=True):
        raise CannotInvite(f"{address.address} is suppressed and is never mailed.")
    now = timezone.now()
    waits = Q(invited_at__isnull=True) | Q(invited_at__lte=now - BETWEEN_INVITATIONS)
    with transaction.atomic():
        # Of two editors who press at once, one does.
        if not GroupMember.objects.filter(waits, pk=member.pk).update(invited_at=now):
            raise CannotInvite(f"{address.address} was invited within a day; let them read it.")
        Notice.objects.create(
            kind=Notice.Kind.INVITATION,
            member=member,
            publication=member.group.publication,
            address=member.address,
        )


def remove(member: GroupMember, by: User) -> None:
    """Take *member* out of its group; from now on they read and get nothing by it."""
    with transaction.atomic():
        _note("group-member-gone", member, by)
        member.delete()


def _note(verb: str, member: GroupMember, by: User) -> None:
    # The trail outlives a reader who is erased, so it names an address by its mask only.
    who = member.key if member.is_domain else mask(member.address)
    group = member.group
    audit.record(verb, publication=group.publication, by=by, words=f"{group}: {who}")


def find(member_id: int) -> GroupMember | None:
    """Return the member of a verified token; None once an editor has taken it back."""
    rows = GroupMember.objects.select_related("group__publication").exclude(key__startswith="@")
    return rows.filter(pk=member_id).first()


def accept(member: GroupMember, *, origin: Origin) -> Subscription | None:
    """Let the owner of the address in, and subscribe them to the publication; None if we may not.

    They came by a link that was mailed to them alone and pressed a button
    under the wording, which is request and confirmation in one. A repeat
    changes nothing.
    """
    publication = member.group.publication
    with transaction.atomic():
        asked = consent.request(
            publication, member.address, source="invitation", sends_mail=False, **origin
        )
        if asked is None:
            return None
        consent.confirm(asked, source="invitation", **origin)
        asked.refresh_from_db()
        if asked.status not in READS:
            return None
        GroupMember.objects.filter(pk=member.pk, accepted_at__isnull=True).update(
            accepted_at=timezone.now(), subscriber=asked.subscriber
        )
    return asked
