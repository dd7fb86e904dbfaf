"""Readers' clocks on the desk: who gets it when, before it goes and while it does."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from briefs import roles
from briefs.models import Brief
from deliveries import audience, clocks, readership, segments, zones
from deliveries.models import Edition, Segment

# So many zones of a moment are named; the world has forty moments and six hundred names.
MOST_NAMES = 6


def plan_view(model_admin: ModelAdmin[Edition], request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with whom the send screen as it is filled in would reach, and when."""
    brief = get_object_or_404(Brief.objects.select_related("publication"), pk=pk)
    if not roles.can(request.user, "publish", brief.publication):
        raise PermissionDenied
    return TemplateResponse(request, "admin/deliveries/plan.html", plan(brief, request.GET))


def plan(brief: Brief, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the screen says of *chosen*, its fields as they are: anything may stand there.

    Empty where nothing is to be said: all readers, and one moment for them.
    """
    by_clock = chosen.get("when") == "reader"
    segment = _segment(brief, chosen.get("segment", ""))
    if not by_clock and segment is None:
        return {}
    try:
        found = audience.of_brief(brief, segments.rules_of(segment) if segment else ())
        if not by_clock:
            return {"is_planned": True, "planned_readers": _count(brief, segment)}
        counts = audience.by_zone(found)
        stops = clocks.stops(counts, chosen.get("local_time", ""), brief.publication.time_zone)
    except (segments.UnknownRule, zones.NotALocalTime) as error:
        return {"is_planned": True, "plan_error": str(error)}
    return {
        "is_planned": True,
        "planned_readers": sum(counts.values()),
        "stops": [_described(stop) for stop in stops],
    }


def _count(brief: Brief, segment: Segment | None) -> int | None:
    rules = segments.rules_of(segment) if segment else ()
    groups = audience.groups_of(brief)
    topics = audience.topics_of(brief)
    return readership.exact(brief.publication, topics, rules, groups=groups).readers


def readers_view(request: HttpRequest, pk: int) -> JsonResponse:
    """Answer with how many readers a brief has; with a million this takes a moment."""
    brief = get_object_or_404(Brief.objects.select_related("publication"), pk=pk)
    if not roles.can(request.user, "publish", brief.publication):
        raise PermissionDenied
    return JsonResponse({"readers": _count(brief, None)})


def _segment(brief: Brief, pk: Any) -> Segment | None:
    if not str(pk).isdecimal() or len(str(pk)) > 18:
        return None
    return Segment.objects.filter(publication=brief.publication, pk=int(pk)).first()


def _described(stop: clocks.Stop) -> dict[str, Any]:
    by_size = sorted(stop.zones.items(), key=lambda item: (-item[1], item[0]))
    return {
        "at": stop.at,
        "zones": by_size[:MOST_NAMES],
        "more": max(len(by_size) - MOST_NAMES, 0),
        "readers": stop.readers,
        "is_past": stop.at <= timezone.now(),
    }


def progress(edition: Edition, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how far each moment of *edition* is, the first first; *rows* are of its tally.

    Readers whose server asked to come again later have left their batch: they
    stand in a row of their own, without a time.
    """
    if edition.clock != Edition.Clock.READER:
        return []
    wall = zones.parse(edition.local_time)
    shown = []
    for row in rows:
        at = dt.datetime.fromisoformat(row["at"]) if row["at"] else None
        shown.append(
            {
                "at": at,
                "offset": _offset(at, wall) if at else "",
                "at_once": at == edition.send_at,
                "readers": row["readers"],
                "done": row["readers"] - row["waiting"],
                "missed": row["missed"],
            }
        )
    return shown


def _offset(at: Any, wall: Any) -> str:
    """Return by how much the clocks that show *wall* at the moment *at* are off UTC: UTC+5:45."""
    minutes = round((wall - at.replace(tzinfo=None)).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
