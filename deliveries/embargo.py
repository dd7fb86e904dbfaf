"""The embargo as the send keeps it: no edition is planned or begun before it is over."""

import datetime as dt

from django.db.models.functions import Now
from django.utils import timezone

from briefs import embargo
from briefs.models import Brief
from briefs.workflow import WrongStatus
from deliveries.models import Edition


class UnderEmbargo(WrongStatus):
    """Nobody may have the brief at that time; `until` is the first moment at which they may."""

    def __init__(self, brief: Brief, until: dt.datetime) -> None:
        self.until = until
        super().__init__(
            f"“{brief}” is under embargo until {embargo.in_zone(until, brief)}. Schedule it for "
            "then or later, or change the embargo first."
        )


def require_over(brief: Brief, send_at: dt.datetime | None, hold: dt.timedelta) -> None:
    """Raise UnderEmbargo if *brief* may not go out at *send_at*, or now after the *hold*."""
    # As it stands in the database: somebody may have set it since the caller loaded the brief.
    until = Brief.with_digests.values_list("embargo_until", flat=True).get(pk=brief.pk)
    if until is not None and until > (send_at or timezone.now() + hold):
        raise UnderEmbargo(brief, until)


def require_over_now(edition: Edition) -> None:
    """Raise UnderEmbargo if *edition* cannot begin now, for an embargo that was set since.

    It is not put off by itself: then it would go out at an hour that nobody
    has looked at, perhaps by night. A person is told and sends it anew.
    """
    # The database's clock, by which the tick found that the edition is due.
    held = Brief.with_digests.filter(pk=edition.brief_id, embargo_until__gt=Now())
    until = held.values_list("embargo_until", flat=True).first()
    if until is not None:
        raise UnderEmbargo(edition.brief, until)
