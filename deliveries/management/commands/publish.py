"""Schedule an edition of a brief."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from briefs import revisions
from briefs.models import Brief
from briefs.workflow import WrongStatus
from deliveries import audience, clocks, planning, segments, tasks, zones
from deliveries.models import Edition, Segment
from subscribers.doorbell import ring


class Command(BaseCommand):
    help = (
        "Send a brief to its readers and put it on the web: now, at a time, or at a time on the "
        "wall wherever each reader is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("brief_id", type=int)
        parser.add_argument("--at", metavar="ISO-8601", help="when; without it, now")
        parser.add_argument(
            "--clock",
            choices=Edition.Clock.values,
            default=Edition.Clock.PUBLICATION,
            help="whose clock --at is on; the reader's: a time like 2026-11-24T06:00, no offset",
        )
        parser.add_argument("--segment", metavar="NAME", help="only to this segment")
        parser.add_argument(
            "--again", action="store_true", help="even if it has gone out to its readers before"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self, *args: Any, brief_id: int, at: str | None, again: bool, **options: Any
    ) -> None:
        by_reader = options["clock"] == Edition.Clock.READER
        if by_reader and not at:
            raise CommandError("By the reader's clock there has to be a time: add --at.")
        try:
            brief = Brief.objects.select_related("publication").get(pk=brief_id)
        except Brief.DoesNotExist as error:
            raise CommandError(f"There is no brief {brief_id}.") from error
        try:
            edition = planning.schedule(
                revisions.take(brief),
                send_at=_moment(at, brief) if at and not by_reader else None,
                clock=options["clock"],
                local_time=at if at and by_reader else "",
                segment=_segment(options["segment"], brief),
                after=planning.last_seen(brief, again=again),
            )
        except planning.PreflightFailed as error:
            lines = [f"  {finding.message}" for finding in error.findings.errors]
            raise CommandError("\n".join([f"“{brief}” is not fit to be sent:", *lines])) from error
        except (
            planning.AlreadyScheduled,
            planning.TimeHasPassed,
            segments.UnknownRule,
            zones.NotALocalTime,
            WrongStatus,
        ) as error:
            raise CommandError(str(error)) from error
        ring(tasks.tick)
        if options["json"]:
            described = {
                "edition": edition.pk,
                "brief": brief.pk,
                "status": edition.status,
                "send_at": edition.send_at.isoformat(),
                "clock": edition.clock,
                "readers": audience.of_edition(edition).count(),
                **_moments(edition),
            }
            self.stdout.write(json.dumps(described))
        else:
            self.stdout.write(
                f"Edition {edition.pk} goes out at {edition.send_at:%Y-%m-%d %H:%M %Z}."
            )
            for stop in _stops(edition):
                now = " (at once)" if stop.at <= edition.send_at else ""
                names = ", ".join(stop.zones)
                self.stdout.write(f"  {stop.at:%Y-%m-%d %H:%M %Z}{now}  {stop.readers}  {names}")


def _stops(edition: Edition) -> list[clocks.Stop]:
    """Return when which zones get *edition*; nothing by one clock for all."""
    if edition.clock != Edition.Clock.READER:
        return []
    counts = audience.by_zone(audience.of_edition(edition))
    return clocks.stops(counts, edition.local_time, edition.publication.time_zone)


def _moments(edition: Edition) -> dict[str, Any]:
    if edition.clock != Edition.Clock.READER:
        return {}
    moments = [
        {
            "at": max(stop.at, edition.send_at).isoformat(),
            "at_once": stop.at <= edition.send_at,
            "zones": dict(stop.zones),
            "readers": stop.readers,
        }
        for stop in _stops(edition)
    ]
    return {"local_time": edition.local_time, "moments": moments}


def _segment(name: str | None, brief: Brief) -> Segment | None:
    """Return the segment *name* of the publication; a misspelt one must not mean everyone."""
    if name is None:
        return None
    ours = Segment.objects.filter(publication=brief.publication)
    found = ours.filter(name=name).first()
    if found is None:
        known = ", ".join(ours.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no segment “{name}”; {brief.publication} has: {known}.")
    return found


def _moment(text: str, brief: Brief) -> dt.datetime:
    """Return *text* as a time; one without an offset is meant in the publication's zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"“{text}” is no time. Write it like 2026-04-06T06:00:00+02:00.")
    if timezone.is_naive(moment):
        import zoneinfo

        moment = moment.replace(tzinfo=zoneinfo.ZoneInfo(brief.publication.time_zone))
    return moment
