"""The weekly summary: what a publication's week came to, mailed to its editors on Monday.

A row for each week is written in the transaction that writes the mails, so a
crash leaves both or neither, and of two workers one finds the row.
"""

import datetime as dt
import logging
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics import figures, rates, rollups, weeks, words
from analytics.models import ReaderDay, WeeklySummary
from briefs.models import Membership, Publication, User
from deliveries import guard, zones
from deliveries.models import Edition, Readership
from subscribers import notices

log = logging.getLogger(__name__)

# Monday at seven, by the publication's clock.
HOUR = 7
# What could not be written by then is no news any more.
GRACE = dt.timedelta(days=2)
ROLES = (Membership.Role.EDITOR, Membership.Role.PUBLISHER, Membership.Role.OWNER)
MOST_EDITIONS = 14


def write_due() -> int:
    """Write the summaries whose hour has come; return how many went to somebody.

    A copy of an installation writes none.
    """
    if not guard.may_send():
        return 0
    written = 0
    for publication in Publication.objects.annotate(at=Now()).order_by("pk"):
        week = _due_week(publication, _now(publication))
        if week is None or _is_written(publication, week):
            continue
        try:
            written += bool(_write(publication, week))
        except IntegrityError:
            continue  # another worker has just written it
        except Exception:  # one publication keeps no other from its summary
            log.exception("The weekly summary of publication %s failed.", publication.pk)
    return written


def _now(publication: Any) -> dt.datetime:
    """Return the time by the database's clock: of two hosts, one may be fast."""
    at: dt.datetime = publication.at
    return at


def _is_written(publication: Publication, week: dt.date) -> bool:
    return WeeklySummary.objects.filter(publication=publication, week=week).exists()


def _zone(publication: Publication) -> ZoneInfo:
    return ZoneInfo(zones.known(publication.time_zone, "UTC"))


def _due_week(publication: Publication, now: dt.datetime) -> dt.date | None:
    """Return the Monday of the week that is to be told of now, if one is."""
    local = now.astimezone(_zone(publication))
    begin = weeks.monday(local.date())
    due = dt.datetime.combine(begin, dt.time(HOUR), _zone(publication))
    return begin - weeks.WEEK if due <= local < due + GRACE else None


def _write(publication: Publication, week: dt.date) -> int:
    """Write the summary of *week* to who wants it, once; return to how many."""
    told = list(
        User.objects.filter(
            is_active=True,
            is_staff=True,
            memberships__publication=publication,
            memberships__role__in=ROLES,
            memberships__weekly_summary=True,
        ).distinct()
    )
    known = Readership.objects.filter(publication=publication).first()
    if told and known is not None:
        # After an outage its last days are not counted yet.
        rollups.roll_up(publication, known.active)
    with timezone.override(_zone(publication)), translation.override(settings.LANGUAGE_CODE):
        # Before the transaction: a week of editions takes a second to count, and on SQLite
        # nobody else could write meanwhile.
        found = of(publication, week)
        subject, body = _subject(publication, week), text(found)
    with transaction.atomic():
        row = WeeklySummary.objects.create(publication=publication, week=week)
        if not told or not found["is_news"]:
            return 0
        editors = notices.tell(told, publication, subject, body)
        WeeklySummary.objects.filter(pk=row.pk).update(editors=editors)
    return editors


def of(publication: Publication, week: dt.date) -> dict[str, Any]:
    """Return what the summary of *week* tells, by the clock in use."""
    days = ReaderDay.objects.filter(publication=publication)
    own = days.filter(day__gte=week, day__lt=week + weeks.WEEK).order_by("day")
    moved = {name: sum(getattr(day, name) for day in own) for name in weeks.COUNTED}
    last = own.last()
    begin, end = (
        timezone.make_aware(dt.datetime.combine(day, dt.time()))
        for day in (week, week + weeks.WEEK)
    )
    editions = list(
        Edition.objects.filter(
            publication=publication,
            frozen_at__isnull=False,
            send_at__gte=begin,
            send_at__lt=end,
            audience__gt=0,
        )
        .select_related("brief", "revision", "tally")
        .order_by("send_at", "pk")
    )
    return {
        "publication": publication,
        "week": week,
        "active": last.active if last else None,
        **moved,
        "editions": list(zip(editions, figures.of_many(editions), strict=True)),
        "is_news": bool(editions or any(moved.values())),
    }


def _subject(publication: Publication, week: dt.date) -> str:
    days = f"{date_format(week, 'j M')} – {date_format(week + dt.timedelta(days=6), 'j M')}"
    return _("%(publication)s: the week %(days)s") % {"publication": publication, "days": days}


def text(found: dict[str, Any]) -> str:
    """Write the summary as a mail."""
    report = reverse("admin:analytics_publication_report", args=[found["publication"].pk])
    parts = [
        _readers(found),
        *(_edition(one, its) for one, its in found["editions"][-MOST_EDITIONS:]),
    ]
    more = len(found["editions"]) - MOST_EDITIONS
    if more > 0:
        parts.append(_("And %(number)s editions before these.") % {"number": more})
    parts.append(
        _("The whole report, and where you stop this mail:") + f"\n{settings.SITE_URL}{report}"
    )
    return "\n\n".join(parts)


def _readers(found: dict[str, Any]) -> str:
    names = {name: f"{found[name]:,}" for name in weeks.COUNTED}
    change = found["joined"] - found["left"]
    lines = []
    if found["active"] is not None:
        lines.append(
            _("%(active)s active readers, %(change)s in the week.")
            % {"active": f"{found['active']:,}", "change": f"{change:+,}"}
        )
    lines.append(_("%(joined)s joined, %(left)s left, %(asked)s asked to join.") % names)
    if found["bounced"] or found["complained"]:
        lines.append(_("%(bounced)s bounced for good, %(complained)s complained.") % names)
    return "\n".join(lines)


def _edition(edition: Edition, found: dict[str, Any]) -> str:
    at = date_format(timezone.localtime(edition.send_at), "l, H:i")
    lines = [f"{edition.brief.headline}", at]
    for name, rate in rates.of(found).items():
        if not rate["is_measured"] or (name in rates.PER_HUNDRED and found["readers"]):
            continue
        if rate["count"] or name == "accepted":
            lines.append(f"{words.RATES[name]}: {rate['count']:,} ({words.note(name, rate)})")
    report = reverse("admin:analytics_edition_report", args=[edition.pk])
    lines.append(f"{settings.SITE_URL}{report}")
    return "\n".join(lines)
