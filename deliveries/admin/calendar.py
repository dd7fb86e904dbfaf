"""The calendar: what goes out when, what is due, and the digests to come."""

import calendar as months
import datetime as dt
from collections import defaultdict
from contextlib import suppress
from typing import NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from briefs.admin.desk import allowed_ids, is_superuser
from briefs.models import Brief, Publication
from deliveries import audience, digests
from deliveries.admin.live import TONES
from deliveries.models import Edition
from subscribers.models import Subscription

# So many of a month are shown; a desk has some dozens.
MOST = 400
WEEK = dt.timedelta(days=7)


class Entry(NamedTuple):
    """One thing at one moment."""

    at: dt.datetime
    kind: str  # edition, due, digest
    title: str
    url: str
    publication: Publication
    badge: str
    tone: str


def view(request: HttpRequest) -> HttpResponse:
    """Show one month, by the editor's clock; a list by days on a phone."""
    publications = allowed_ids(request, "write")
    if not publications and not is_superuser(request):
        raise PermissionDenied
    today = timezone.localdate()
    first = _month(request.GET.get("month", ""), today)
    weeks = months.Calendar().monthdatescalendar(first.year, first.month)
    begin, end = _moment(weeks[0][0]), _moment(weeks[-1][-1] + dt.timedelta(days=1))
    by_day: dict[dt.date, list[Entry]] = defaultdict(list)
    for entry in sorted(_entries(publications, begin, end), key=lambda one: one.at):
        by_day[timezone.localtime(entry.at).date()].append(entry)
    context = {
        **admin.site.each_context(request),
        "title": _("Calendar"),
        "opts": None,
        "first": first,
        "before": (first - dt.timedelta(days=1)).replace(day=1),
        "after": (first + dt.timedelta(days=31)).replace(day=1),
        "is_this_month": first == today.replace(day=1),
        "zone": timezone.get_current_timezone_name(),
        "weeks": [
            [
                {
                    "date": day,
                    "entries": by_day[day],
                    "is_today": day == today,
                    "is_other": day.month != first.month,
                }
                for day in week
            ]
            for week in weeks
        ],
        "has_entries": bool(by_day and any(by_day.values())),
    }
    return TemplateResponse(request, "admin/deliveries/calendar.html", context)


def _month(text: str, today: dt.date) -> dt.date:
    """Return the first day of the month that *text* names, "2026-11"; of this one otherwise."""
    with suppress(ValueError):
        found = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
        if 2000 <= found.year < 2200:
            return found
    return today.replace(day=1)


def _moment(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _entries(publications: frozenset[int], begin: dt.datetime, end: dt.datetime) -> list[Entry]:
    editions = (
        Edition.objects.filter(publication__in=publications, send_at__gte=begin, send_at__lt=end)
        .exclude(status=Edition.Status.WITHDRAWN)
        .select_related("brief", "publication")
        .order_by("send_at")[:MOST]
    )
    found = [_of_edition(edition) for edition in editions]
    open_ = Edition.objects.filter(status__in=Edition.OPEN).values("brief")
    due = (
        Brief.objects.filter(publication__in=publications, due_at__gte=begin, due_at__lt=end)
        .exclude(status=Brief.Status.PUBLISHED)
        .exclude(pk__in=open_)
        .select_related("publication")
        .order_by("due_at")[:MOST]
    )
    found += [_of_brief(brief) for brief in due]
    for publication in Publication.objects.filter(pk__in=publications):
        found += _digests(publication, begin, end)
    return found


def _of_edition(edition: Edition) -> Entry:
    return Entry(
        edition.send_at,
        "edition",
        edition.brief.headline,
        reverse("admin:deliveries_edition_change", args=[edition.pk]),
        edition.publication,
        str(edition.get_status_display()),
        TONES[Edition.Status(edition.status)],
    )


def _of_brief(brief: Brief) -> Entry:
    assert brief.due_at is not None  # asked for by a span of time
    is_late = brief.due_at <= timezone.now()
    return Entry(
        brief.due_at,
        "due",
        brief.headline,
        reverse("admin:briefs_brief_change", args=[brief.pk]),
        brief.publication,
        _("due, %(status)s") % {"status": brief.get_status_display()},
        "danger" if is_late else "warning",
    )


def _digests(publication: Publication, begin: dt.datetime, end: dt.datetime) -> list[Entry]:
    """Return the digests that *publication* will make, as long as somebody reads them."""
    now = timezone.now()
    if end <= now:
        return []
    weekly = audience.readers(publication, rhythm=Subscription.Rhythm.WEEKLY)
    if not weekly.exists():
        return []
    found = []
    at = digests.week_end(publication, max(begin, now) + WEEK)
    while at < end:
        if at >= max(begin, now):
            url = reverse("admin:briefs_publication_change", args=[publication.pk])
            title = _("Weekly digest")
            found.append(Entry(at, "digest", title, url, publication, _("to come"), "neutral"))
        at = digests.week_end(publication, at + WEEK)
    return found
