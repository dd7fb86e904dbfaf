"""The desk's first page: how many read, what went out, what waits."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import chart, checklist, queries
from briefs.admin.desk import allowed_ids, editor_of, is_superuser
from briefs.models import Brief
from deliveries.admin.live import TONES, bar
from deliveries.models import Edition


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the dashboard; Unfold calls this for the admin's index page."""
    publications = allowed_ids(request, "write")
    readers = queries.readers(publications)
    line = queries.growth(publications, readers.active)
    owns = is_superuser(request) or bool(allowed_ids(request, "manage"))
    steps = checklist.steps(publications) if owns else []
    done = sum(step.done for step in steps)
    editions = queries.last_editions(publications)
    return context | {
        "title": _("Dashboard"),
        "greeting": greeting(request),
        "steps": steps if done < len(steps) else [],
        "steps_done": done,
        "steps_percent": round(100 * done / len(steps)) if steps else 0,
        "readers": readers,
        "chart": chart.draw(line),
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
        "notices": queries.waiting_notices(publications),
        "may_see_readers": bool(allowed_ids(request, "publish")),
    }


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


def _unfinished(publications: frozenset[int]) -> Any:
    open_status = [Brief.Status.DRAFT, Brief.Status.IN_REVIEW, Brief.Status.APPROVED]
    rows = Brief.objects.filter(publication__in=publications, status__in=open_status)
    return rows.exclude(editions__status__in=Edition.OPEN)


def _drafts(publications: frozenset[int]) -> list[Brief]:
    rows = _unfinished(publications).select_related("publication").distinct()
    return list(rows.order_by("-updated_at")[:5])
