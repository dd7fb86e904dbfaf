"""What waits to be written down: servers’ reports, opens and clicks. Silent while all is well."""

import datetime as dt
import time
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from deliveries.models import InboundEvent
from deliveries.tracking import stream

# What came in longer ago than this and waits still is late.
LATE = dt.timedelta(minutes=2)
UNREAD = dt.timedelta(minutes=10)
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
    """Return what is late, nothing where nothing is, and the mailbox where there is one."""
    return [*_events(), *_mailbox(), *_hits()]


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


def _mailbox() -> list[Sign]:
    """Tell how the mailbox fares that bounces come to, where there is one to be read."""
    if not settings.BOUNCE_MAILBOX:
        return []
    try:
        read = cache.get("bounce-mailbox-read")
    except RedisError:
        return []
    name = _("Bounce mailbox")
    if read is None or time.time() - read[0] > UNREAD.total_seconds():
        cure = _("Bounces that come by mail are not seen. A worker reads it once a minute.")
        return [Sign(name, "warning", _("not read lately"), cure)]
    at, trouble = read
    if trouble:
        cure = _("%(words)s. Look at BOUNCE_MAILBOX.") % {"words": trouble}
        return [Sign(name, "danger", _("cannot be read"), cure)]
    minutes = max(0, round((time.time() - at) / 60))
    return [Sign(name, "success", _("read %(n)d min ago") % {"n": minutes})]


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
