"""The time in which readers may have a brief, as the send keeps it.

No edition is planned or begun before the embargo is over, nor once nobody may
read the brief any more. One that has begun is finished.
"""

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


class PastItsEnd(WrongStatus):
    """Nobody may have the brief any more at that time."""

    def __init__(self, brief: Brief, end: dt.datetime) -> None:
        super().__init__(
            f"“{brief}” may be read until {embargo.in_zone(end, brief)}, and goes to nobody from "
            "then on. Send it earlier, or change until when it may be read first."
        )


def require_over(brief: Brief, send_at: dt.datetime | None, hold: dt.timedelta) -> None:
    """Raise UnderEmbargo if *brief* may not go out yet at *send_at*, or now after the *hold*.

    Raise PastItsEnd where nobody may read it any more by then.
    """
    # As it stands in the database: somebody may have set it since the caller loaded the brief.
    until = Brief.with_digests.values_list("embargo_until", flat=True).get(pk=brief.pk)
    begins = send_at or timezone.now() + hold
    if until is not None and until > begins:
        raise UnderEmbargo(brief, until)
    require_not_past(brief, begins)


def require_not_past(brief: Brief, at: dt.datetime) -> None:
    """Raise PastItsEnd if nobody may read *brief* any more at the moment *at*."""
    end = Brief.with_digests.values_list("readable_until", flat=True).get(pk=brief.pk)
    if end is not None and end <= at:
        raise PastItsEnd(brief, end)


def require_over_now(edition: Edition) -> None:
    """Raise UnderEmbargo if *edition* cannot begin now, for an embargo that was set since.

    It is not put off by itself: then it would go out at an hour that nobody
    has looked at, perhaps by night. A person is told and sends it anew. Raise
    PastItsEnd where nobody may read its brief any more.
    """
    # The database's clock, by which the tick found that the edition is due.
    held = Brief.with_digests.filter(pk=edition.brief_id, embargo_until__gt=Now())
    until = held.values_list("embargo_until", flat=True).first()
    if until is not None:
        raise UnderEmbargo(edition.brief, until)
    past = Brief.with_digests.filter(pk=edition.brief_id, readable_until__lte=Now())
    end = past.values_list("readable_until", flat=True).first()
    if end is not None:
        raise PastItsEnd(edition.brief, end)
