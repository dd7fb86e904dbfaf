"""The embargo of a brief: one time before which nobody has it, told in the zones that matter."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from briefs import audit
from briefs.models import Brief, User


def note(brief: Brief, before: dt.datetime | None, by: User | None) -> bool:
    """Write down that *by* changed the embargo of *brief* from *before*; False if it is the same.

    Call it after the save and in its transaction.
    """
    if brief.embargo_until == before:
        return False
    old = in_zone(before, brief) if before else _("none")
    new = in_zone(brief.embargo_until, brief) if brief.embargo_until else _("none")
    audit.record("embargoed", brief=brief, by=by, words=f"{old} → {new}")
    return True


def in_zone(moment: dt.datetime, brief: Brief) -> str:
    """Return *moment* as the clocks show it where the publication lives, with its offset.

    In the night in which clocks go back, half past two comes twice: the
    offset tells which is meant.
    """
    zone = brief.publication.time_zone
    there = moment.astimezone(ZoneInfo(zone))
    name = zone if zone == f"{there:%Z}" else f"{zone}, {there:%Z}"
    return f"{date_format(there, 'j F Y, H:i')} ({name})"


def in_words(brief: Brief) -> str:
    """Return when the embargo ends, by the editor's clock and by the publication's; "" for none."""
    if brief.embargo_until is None:
        return ""
    here = timezone.localtime(brief.embargo_until)
    own = f"{date_format(here, 'j F Y, H:i')} ({here:%Z})"
    there = in_zone(brief.embargo_until, brief)
    is_same = (
        here.utcoffset()
        == brief.embargo_until.astimezone(ZoneInfo(brief.publication.time_zone)).utcoffset()
    )
    return there if is_same else f"{own} · {there}"
