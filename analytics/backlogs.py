"""What waits to be written down: servers’ reports, opens and clicks. Silent while all is well."""

import datetime as dt
from typing import NamedTuple

from django.db.models.functions import Now
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from deliveries.models import InboundEvent
from deliveries.tracking import stream

# What came in longer ago than this and waits still is late.
LATE = dt.timedelta(minutes=2)
MOST_COUNTED = 1_000
# A million is the most that Redis keeps.
MANY_HITS = 200_000


class Sign(NamedTuple):
    """How one part fares, and what to do; `tone` is one of briefs.admin.desk.TONES."""

    name: str
    tone: str
    state: str
    cure: str = ""
    url: str = ""


def signs() -> list[Sign]:
    """Return what is late, nothing where nothing is."""
    return [*_events(), *_hits()]


def _events() -> list[Sign]:
    late = InboundEvent.objects.filter(due_at__lt=Now() - LATE).order_by()
    count = late[:MOST_COUNTED].count()
    if not count:
        return []
    shown = f"{count:,}" if count < MOST_COUNTED else _("%(n)s or more") % {"n": f"{count:,}"}
    cure = _(
        "Bounces and complaints that came in wait to be applied: meanwhile nobody is taken off "
        "the list. Look at the worker’s log."
    )
    return [Sign(_("Events"), "warning", _("%(n)s wait") % {"n": shown}, cure)]


def _hits() -> list[Sign]:
    try:
        with stream.connected() as redis:
            count = int(redis.xlen(stream.KEY))
    except RedisError:
        return []  # which another sign tells
    if count < MANY_HITS:
        return []
    cure = _("Opens and clicks wait to be counted; far too many are dropped. Is a worker running?")
    return [Sign(_("Opens and clicks"), "warning", _("%(n)s wait") % {"n": f"{count:,}"}, cure)]
