"""Signs of life: worker, scheduler, broker, providers and domains, each with what to do.

Everything here is known already: a row, a key in Redis, the last answer of the
DNS. What has to be asked outside is asked behind the page's back.
"""

import datetime as dt
import time
from collections.abc import Iterable
from functools import partial

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from analytics import backlogs
from analytics.backlogs import Sign as Sign
from briefs.models import Publication
from deliveries import guard, lanes
from deliveries.preflight import lookups, reachable, records

# A tick comes every few seconds, and is noted every ten.
SILENT = dt.timedelta(minutes=1)
MOST_DOMAINS = 5


def signs(publications: frozenset[int], *, with_domains: bool = True) -> list[Sign]:
    """Return how each part fares that *publications* need, the parts in the order of the mail."""
    rang = _rang()
    return [
        _worker(),
        _scheduler(rang),
        *_lanes(),
        *backlogs.signs(),
        *(_domains(publications) if with_domains else ()),
    ]


def worst(found: Iterable[Sign]) -> str:
    """Return the tone of the worst of *found*."""
    tones = {sign.tone for sign in found}
    return next((tone for tone in ("danger", "warning") if tone in tones), "success")


def _rang() -> dict[str, float] | None:
    """Return when who last rang for a tick; None while Redis is away."""
    try:
        return dict(cache.get_many(["rang:scheduler", "rang:worker"]))
    except RedisError:
        return None


def _worker() -> Sign:
    name = _("Worker")
    row = guard.known()
    if row is None:
        cure = _("Nothing has been sent or counted yet. Start ./run, or the worker’s service.")
        return Sign(name, "danger", _("never seen"), cure)
    if row.held_since is not None:
        cure = _("Nothing is sent until somebody confirms that this is the one that shall send.")
        return Sign(name, "danger", _("held"), cure, reverse("admin:deliveries_installation"))
    if timezone.now() - row.seen_at > SILENT:
        state = _("silent for %(time)s") % {"time": timesince(row.seen_at)}
        cure = _("Nothing is sent meanwhile. Start ./run, or look at the worker’s log.")
        return Sign(name, "danger", state, cure)
    return Sign(name, "success", _("at work"))


def _scheduler(rang: dict[str, float] | None) -> Sign:
    if rang is None:
        cure = _("Without Redis nothing is rung for, and limits are not shared. Start it.")
        return Sign(_("Redis"), "danger", _("away"), cure)
    name, last = _("Scheduler"), rang.get("rang:scheduler")
    if last is not None and time.time() - last < SILENT.total_seconds():
        return Sign(name, "success", _("at work"))
    cure = _("Nothing is late for it, as every worker ticks too. Start the scheduler’s service.")
    return Sign(name, "warning", _("silent"), cure)


def _lanes() -> list[Sign]:
    if not lanes.names():
        cure = _("No mail can go out. Set EMAIL_PROVIDER or EMAIL_URL and restart.")
        return [Sign(_("Provider"), "danger", _("none"), cure)]
    down = lanes.broken()
    found = {reachable.key_of(lane): partial(reachable.ask, lane) for lane in lanes.names()}
    answers = lookups.look(found)
    return [_lane(lane, down, answers.get(reachable.key_of(lane), "")) for lane in lanes.names()]


def _lane(lane: str, down: set[str], unreachable: str) -> Sign:
    name = _("Provider “%(lane)s”") % {"lane": lane}
    words = lanes.last_trouble(lane)[1]
    if lane in down:
        cure = _("%(words)s Mend the cause; it is tried again now and then.") % {"words": words}
        return Sign(name, "danger", _("broken"), cure)
    if lanes.is_held(lane):
        cure = _("%(words)s It is tried again in a moment.") % {"words": words}
        return Sign(name, "warning", _("rests"), cure)
    if unreachable:
        cure = _("%(words)s. Look at its address, and at the firewall.") % {"words": unreachable}
        return Sign(name, "danger", _("out of reach"), cure)
    return Sign(name, "success", _("ready"))


def _domains(publications: frozenset[int]) -> list[Sign]:
    """Return what the DNS says of the sending domains, as far as it has been asked."""
    senders = Publication.objects.filter(pk__in=publications).order_by("pk")
    addresses = senders.values_list("sender_address", flat=True)
    domains = list(dict.fromkeys(one.rpartition("@")[2] for one in addresses if one))
    asked = [domain for domain in domains if records.is_asked(domain)][:MOST_DOMAINS]
    known = lookups.look({records.key_of(one): partial(records.ask, one) for one in asked})
    return [
        _domain(domain, known[records.key_of(domain)])
        for domain in asked
        if records.key_of(domain) in known
    ]


def _domain(domain: str, found: records.Records) -> Sign:
    missing = []
    if found.spf == ():
        missing.append("SPF")
    if found.dkim is False:
        missing.append("DKIM")
    if found.dmarc == "":
        missing.append("DMARC")
    if not missing:
        return Sign(domain, "success", _("SPF, DKIM and DMARC as far as can be seen"))
    cure = _("Publish it in the DNS: without it the large mailboxes refuse or file as spam.")
    state = _("%(what)s missing") % {"what": ", ".join(missing)}
    return Sign(domain, "danger" if len(missing) > 1 else "warning", state, cure)
