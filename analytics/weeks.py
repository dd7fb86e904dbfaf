"""Weeks of a publication: its readers, where they came from, and how its mail was received.

Rows of days are added up here: a year is 371 rows, whatever the number of readers.
"""

import datetime as dt
from typing import Any

from analytics import rollups
from analytics.models import DomainDay, ReaderDay
from briefs.models import Publication

WEEK = dt.timedelta(days=7)
WEEKS = 53
DOMAIN_WEEKS = 12
MOST_DOMAINS = 15
COUNTED = ("asked", "joined", "left", "bounced", "complained")


def monday(day: dt.date) -> dt.date:
    """Return the Monday of the week of *day*."""
    return day - dt.timedelta(days=day.weekday())


def growth(publication: Publication, weeks: int = WEEKS) -> list[dict[str, Any]]:
    """Return [{"week", "asked", "joined", "left", "bounced", "complained", "active", "sources"}].

    The oldest week first; a week is its Monday, and "active" is of its end.
    Weeks before the first day that was counted are left out.
    """
    days = ReaderDay.objects.filter(publication=publication).order_by("-day")[: weeks * 7]
    found: dict[dt.date, dict[str, Any]] = {}
    for row in reversed(days):
        week = found.setdefault(
            monday(row.day),
            {
                "week": monday(row.day),
                **dict.fromkeys(COUNTED, 0),
                "active": 0,
                "sources": {},
                "days": 0,
            },
        )
        for name in COUNTED:
            week[name] += getattr(row, name)
        week["active"] = row.active
        week["days"] += 1
        for source, (asked, confirmed) in row.sources.items():
            known = week["sources"].setdefault(source, [0, 0])
            known[0] += asked
            known[1] += confirmed
    complete = list(found.values())
    # The first one may have begun before the days did.
    return complete[1:] if complete and complete[0]["days"] < 7 < len(days) else complete


def sources(weeks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return [{"source", "asked", "confirmed", "share"}] of all of *weeks*, the largest first."""
    totals: dict[str, list[int]] = {}
    for week in weeks:
        for source, (asked, confirmed) in week["sources"].items():
            known = totals.setdefault(source, [0, 0])
            known[0] += asked
            known[1] += confirmed
    known_first = [*rollups.KINDS, "other"]
    return [
        {
            "source": source,
            "asked": asked,
            "confirmed": confirmed,
            "share": confirmed / asked if asked else None,
        }
        for source, (asked, confirmed) in sorted(
            totals.items(), key=lambda item: (-item[1][0], known_first.index(item[0]))
        )
    ]


def domains(publication: Publication, today: dt.date) -> list[dict[str, Any]]:
    """Return how the largest receiving domains took the mail, week by week, the largest first.

    [{"domain", "sent", "delivered", "bounced", "complained", "failed", "reported", "weeks"}];
    "weeks" has the same for each of the last DOMAIN_WEEKS, None where nothing was sent.
    "reported" is what was sent on days of which any delivery was reported.
    """
    mondays = [monday(today) - back * WEEK for back in range(DOMAIN_WEEKS)][::-1]
    names = ("sent", "delivered", "bounced", "complained", "failed")
    rows = list(
        DomainDay.objects.filter(publication=publication, day__gte=mondays[0]).order_by("pk")
    )
    reports = {row.day for row in rows if row.delivered}
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(
            row.domain,
            {"domain": row.domain, **dict.fromkeys(names, 0), "reported": 0, "weeks": {}},
        )
        one["reported"] += row.sent if row.day in reports else 0
        week = one["weeks"].setdefault(monday(row.day), dict.fromkeys(names, 0))
        for name in names:
            one[name] += getattr(row, name)
            week[name] += getattr(row, name)
    largest = sorted(found.values(), key=lambda one: (-one["sent"], one["domain"]))
    return [
        {**one, "weeks": [one["weeks"].get(week) for week in mondays]}
        for one in largest[:MOST_DOMAINS]
    ]
