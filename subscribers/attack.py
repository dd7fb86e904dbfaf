"""Attack mode: when robots sign up, the form of that publication asks for a proof of work.

Robots that sign up strangers never confirm. So where many sign up within a
quarter of an hour and hardly one confirms, the defence goes up by itself, and
comes down after half an hour of calm. A crowd that comes all at once looks the
same for some minutes; then readers wait a second and notice nothing else, so
the bar is low. An editor may hold it up or down.
"""

import datetime as dt
import logging
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from briefs.models import Publication
from subscribers import notices
from subscribers.doors import briefly_kept
from subscribers.models import Defence, Subscription

log = logging.getLogger(__name__)

WINDOW = dt.timedelta(minutes=15)
CALM = dt.timedelta(minutes=30)
NEWEST = 300  # the share is that of the newest ones: an attack shows before the window is over

UP = Q(mode=Defence.Mode.ON) | Q(mode=Defence.Mode.AUTOMATIC, on_since__isnull=False)


def is_up(publications: Iterable[int]) -> bool:
    """Tell whether the form of any of *publications* asks for a proof of work."""
    return _is_up(*sorted(publications))


@briefly_kept
def _is_up(*publications: int) -> bool:
    return Defence.objects.filter(UP, publication__in=publications).exists()


def look(publications: Iterable[int]) -> None:
    """Raise the defence of those of *publications* (ids) that are under attack."""
    for publication in Publication.objects.filter(pk__in=list(publications)):
        if _looks_like_one(publication):
            _raise(publication)


def calm_down() -> None:
    """Lower the defences of those that have been left in peace for a while."""
    raised = Defence.objects.filter(on_since__isnull=False).select_related("publication")
    for defence in raised:
        if _looks_like_one(defence.publication):
            Defence.objects.filter(pk=defence.pk).update(last_seen_at=Now())
            continue
        # The time is asked again: another worker may have seen an attack meanwhile.
        calm = Defence.objects.filter(
            pk=defence.pk, on_since__isnull=False, last_seen_at__lte=Now() - CALM
        )
        if calm.update(on_since=None):
            log.warning("Attack mode of %s is off again.", defence.publication.slug)


def _looks_like_one(publication: Publication) -> bool:
    """Tell whether many have signed up for *publication* lately, and hardly one confirmed."""
    since = timezone.now() - WINDOW
    # By id, which is indexed within a publication; imports stand among them and count for nothing.
    newest = publication.subscriptions.order_by("-id").values_list(
        "requested_at", "status", "source"
    )[:NEWEST]
    lately = [
        status
        for requested_at, status, source in newest
        if requested_at > since and source in ("form", "embed")
    ]
    if len(lately) < settings.ATTACK_VOLUME:
        return False
    return lately.count(Subscription.Status.UNCONFIRMED) / len(lately) >= settings.ATTACK_SHARE


@transaction.atomic
def _raise(publication: Publication) -> None:
    """Switch attack mode on, and tell the editors if it was off."""
    Defence.objects.get_or_create(publication=publication)
    mine = Defence.objects.filter(publication=publication)
    won = mine.filter(on_since__isnull=True).update(on_since=Now(), last_seen_at=Now())
    if not won:
        mine.update(last_seen_at=Now())
        return
    log.warning("Robots sign up for %s: attack mode is on.", publication.slug)
    if mine.get().mode != Defence.Mode.AUTOMATIC:
        return  # an editor has decided, and knows
    with translation.override(publication.language):
        notices.tell_editors(
            publication,
            _("Robots are signing up for %(name)s") % {"name": publication.name},
            _(
                "Many sign-ups came within minutes, and hardly one was confirmed. The form now "
                "asks each visitor’s browser for a short computation; readers still get through. "
                "It ends by itself after half an hour of calm. In the admin, under “Sign-up "
                "forms”, you can hold it on or off."
            ),
        )
