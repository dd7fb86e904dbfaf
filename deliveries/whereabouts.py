"""Where a reader's copies are: what became of each edition, and once more to one person."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from briefs.models import User
from briefs.workflow import WrongStatus
from deliveries import control
from deliveries.models import Delivery, Edition
from subscribers import suppression
from subscribers.models import Subscriber, Subscription

# What a person may have sent once more. Who called it spam is never asked again.
REPEATABLE = (
    Delivery.Status.SENT,
    Delivery.Status.DELIVERED,
    Delivery.Status.BOUNCED,
    Delivery.Status.FAILED,
    Delivery.Status.SKIPPED,
    Delivery.Status.IN_DOUBT,
)
STILL_SENDS = (*Edition.MOVING, Edition.Status.PAUSED, Edition.Status.FINISHED)


class NotAgain(Exception):
    """The reader cannot have it once more; the message says why."""


@dataclass(frozen=True)
class Line:
    """One edition as one reader has it."""

    edition: Edition
    delivery: Delivery | None
    why_not_there: str  # why there is no delivery
    why_not_again: str  # empty where it may be sent once more


def latest(reader: Subscriber, publications: Collection[int], most: int = 20) -> list[Line]:
    """Return the *most* latest editions of *publications*, and what became of the reader's copy."""
    editions = list(
        Edition.objects.filter(publication__in=publications, frozen_at__isnull=False)
        .select_related("brief", "publication")
        .order_by("-send_at", "-pk")[:most]
    )
    rows = Delivery.objects.filter(edition__in=[one.pk for one in editions], subscriber=reader)
    copies = {row.edition_id: row for row in rows.prefetch_related("events")}
    links = {
        one.publication_id: one
        for one in Subscription.objects.filter(subscriber=reader, publication__in=publications)
        .select_related("publication", "subscriber")
        .prefetch_related("topics")
    }
    stopped = suppression.stopped_among(links.values())
    lines = []
    for edition in editions:
        copy, link = copies.get(edition.pk), links.get(edition.publication_id)
        is_stopped = link is not None and stopped(link)
        absent = "" if copy else _why_absent(edition, link)
        again = _why_not_again(edition, copy, link, is_stopped=is_stopped)
        lines.append(Line(edition, copy, absent, again))
    return lines


def _why_absent(edition: Edition, link: Subscription | None) -> str:
    """Say why *edition* has no copy for who is subscribed by *link*, as far as can be seen now."""
    frozen = edition.frozen_at
    if edition.is_pruned:
        return _("It was sent so long ago that its single copies are not kept any more.")
    if link is None:
        return _("Not subscribed to %(publication)s.") % {"publication": edition.publication}
    if link.confirmed_at is None:
        return _("Has not confirmed the subscription.")
    if frozen and link.confirmed_at > frozen:
        return _("Joined after it went out.")
    if frozen and link.unsubscribed_at and link.unsubscribed_at <= frozen:
        return _("Had left before it went out.")
    if edition.corrects:
        return _("Went only to those who got the edition that it corrects.")
    if link.status == Subscription.Status.PAUSED:
        return _("Has paused the subscription.")
    return _why_narrowed(edition, link)


def _why_narrowed(edition: Edition, link: Subscription) -> str:
    is_digest = edition.kind == Edition.Kind.DIGEST
    if is_digest != (link.rhythm == Subscription.Rhythm.WEEKLY):
        return _("Gets each brief, no digest.") if is_digest else _("Gets the weekly digest only.")
    chosen = {topic.pk for topic in link.topics.all()}
    if edition.topics and chosen and not chosen & set(edition.topics):
        return _("Has chosen other topics.")
    if edition.rules:
        return _("Was not in the segment that it went to.")
    return _("Was not in the audience when it was frozen.")


def _why_not_again(
    edition: Edition, copy: Delivery | None, link: Subscription | None, *, is_stopped: bool
) -> str:
    if edition.is_pruned:
        return _("It was sent too long ago.")
    if copy is None:
        return _("Who was not in its audience is not added to it: the ledger stays as it was.")
    if copy.status not in REPEATABLE:
        if copy.status == Delivery.Status.COMPLAINED:
            return _("The reader called it spam.")
        return _("It is still on its way.")
    if link is None or link.status != Subscription.Status.ACTIVE:
        return _("The reader is not subscribed any more.")
    if is_stopped:
        return _("The address is suppressed: nothing is mailed there.")
    if edition.status not in STILL_SENDS:
        return _("The edition is %(status)s.") % {"status": edition.get_status_display()}
    return ""


def send_again(delivery: int, publications: Collection[int], *, by: User, reason: str) -> Delivery:
    """Send one reader's copy once more, at the wish of *by*, who publishes *publications*.

    The ledger's row is made due again as it was seen, and never doubled: of
    two clicks one counts. Raise NotAgain where that cannot be.
    """
    copy = (
        Delivery.objects.filter(pk=delivery, edition__publication__in=publications)
        .select_related("edition__publication", "edition__brief", "subscriber")
        .first()
    )
    if copy is None or copy.subscriber is None:
        raise NotAgain(_("There is no such reader any more."))
    edition = copy.edition
    link = Subscription.objects.filter(
        subscriber=copy.subscriber, publication=edition.publication
    ).first()
    is_stopped = link is not None and suppression.stops(link)
    if why := _why_not_again(edition, copy, link, is_stopped=is_stopped):
        raise NotAgain(why)
    seen = Q(pk=copy.pk, status=copy.status, attempt=copy.attempt)
    # By number: the entry outlives the erasure of the reader.
    words = f"one reader, delivery {copy.pk}: {reason}"
    try:
        if not control.again(edition, seen, by, words):
            raise NotAgain(_("Something has changed meanwhile; look again."))
    except (control.StillOpen, WrongStatus) as error:
        raise NotAgain(str(error)) from error
    return copy
