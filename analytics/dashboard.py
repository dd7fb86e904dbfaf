"""The desk's first page: how many read, what went out, what waits."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics import chart, checklist, health, queries
from briefs import workflow
from briefs.admin.desk import allowed_ids, editor_of, is_superuser
from briefs.models import Brief
from deliveries.admin.live import TONES, bar
from deliveries.models import Edition

MOST_ROWS = 6


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the dashboard; Unfold calls this for the admin's index page."""
    publications = allowed_ids(request, "write")
    readers = queries.readers(publications)
    line = queries.growth(publications, readers.active, are_many=readers.are_many)
    owns = is_superuser(request) or bool(allowed_ids(request, "manage"))
    steps = checklist.steps(publications) if owns else []
    done = sum(step.done for step in steps)
    editions = queries.last_editions(publications)
    signs = health.signs(publications)
    return context | {
        "title": _("Dashboard"),
        "greeting": greeting(request),
        "steps": steps if done < len(steps) else [],
        "steps_done": done,
        "steps_percent": round(100 * done / len(steps)) if steps else 0,
        "readers": readers,
        "chart": _growth_chart(line),
        "growth_change": line[-1][1] - line[0][1],
        "editions": [
            {
                "edition": one.edition,
                "tone": TONES[Edition.Status(one.edition.status)],
                "bar": bar(one.counts, one.audience),
                "outcome": one,
            }
            for one in editions
        ],
        "last": editions[0] if editions else None,
        "waiting": [
            {"edition": one, "tone": TONES[Edition.Status(one.status)]}
            for one in queries.waiting_editions(publications)
        ],
        "drafts": _drafts(publications),
        "draft_count": _unfinished(publications).count(),
        "due": _due(publications),
        "reviews": _reviews(request, publications),
        "signs": signs,
        "health": health.worst(signs),
        "notices": queries.waiting_notices(publications),
        "may_see_readers": bool(allowed_ids(request, "publish")),
    }


def _growth_chart(line: list[tuple[dt.date, int]]) -> chart.Chart:
    return chart.lines(
        "growth-chart",
        _("Active readers over the last 30 days"),
        [date_format(day, "j M") for day, _count in line],
        [chart.Series(_("Active readers"), [count for _day, count in line])],
        from_zero=False,
    )


def greeting(request: HttpRequest) -> str:
    """Greet the editor by the hour of their own zone."""
    hour = timezone.localtime().hour
    name = editor_of(request).get_short_name()
    if hour < 5 or hour >= 18:
        words = _("Good evening, %(name)s")
    elif hour < 12:
        words = _("Good morning, %(name)s")
    else:
        words = _("Good afternoon, %(name)s")
    return words % {"name": name}


def _due(publications: frozenset[int]) -> list[dict[str, Any]]:
    """Return what is due until tomorrow and not on its way, what is late first."""
    soon = timezone.now() + dt.timedelta(days=1)
    rows = _unfinished(publications).filter(due_at__lte=soon).select_related("publication")
    return [
        {"brief": brief, "is_late": brief.due_at <= timezone.now()}
        for brief in rows.order_by("due_at")[:MOST_ROWS]
    ]


def _reviews(request: HttpRequest, publications: frozenset[int]) -> list[dict[str, Any]]:
    """Return what waits for an approval, first what waits for whoever asks."""
    mine = list(workflow.waiting_for(editor_of(request)).select_related("publication")[:MOST_ROWS])
    others = (
        workflow.waiting()
        .filter(publication__in=publications)
        .exclude(pk__in=[brief.pk for brief in mine])
        .select_related("publication", "created_by")
    )
    return [
        *({"brief": brief, "is_mine": True} for brief in mine),
        *({"brief": brief, "is_mine": False} for brief in others[:MOST_ROWS]),
    ]


def _unfinished(publications: frozenset[int]) -> Any:
    open_status = [Brief.Status.DRAFT, Brief.Status.IN_REVIEW, Brief.Status.APPROVED]
    rows = Brief.objects.filter(publication__in=publications, status__in=open_status)
    # A list of the few: joined, each of thousands of drafts was looked up among the editions.
    open_ = Edition.objects.filter(publication__in=publications, status__in=Edition.OPEN)
    return rows.exclude(pk__in=open_.values("brief"))


def _drafts(publications: frozenset[int]) -> list[Brief]:
    rows = _unfinished(publications).select_related("publication")
    return list(rows.order_by("-updated_at")[:5])
