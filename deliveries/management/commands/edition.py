"""Look at an edition, or take it in hand."""

import csv
import json
import os
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs.workflow import WrongStatus
from deliveries import control, missed, reports, tasks
from deliveries.models import Edition
from subscribers.doorbell import ring

Status = Edition.Status

VERBS: dict[str, Callable[[Edition], int]] = {
    "pause": control.pause,
    "resume": control.resume,
    "cancel": control.cancel,
    "withdraw": control.withdraw,
    "retry": control.retry_failed,
    "again": control.send_again,
    "leave": control.leave,
    "send-missed": missed.send,
    "skip-missed": missed.skip_them,
}
# Where a repeat of the verb finds nothing to do, and that is no error.
SETTLED: dict[str, tuple[str, ...]] = {
    "pause": (Status.PAUSED,),
    "resume": Edition.MOVING,
    "cancel": (Status.CANCELLED,),
    "withdraw": (Status.WITHDRAWN,),
    "retry": (*Edition.MOVING, Status.PAUSED, Status.FINISHED),
    "again": (*Edition.MOVING, Status.PAUSED, Status.FINISHED),
    "leave": tuple(Status),
    "send-missed": (*Edition.MOVING, Status.PAUSED, Status.FINISHED),
    "skip-missed": (*Edition.MOVING, Status.PAUSED, Status.FINISHED),
}
MOST_NAMES = 20


class Command(BaseCommand):
    help = (
        "Report on an edition, or pause, resume, cancel, withdraw or retry it; of those in doubt, "
        "send it to them again, or note that they are left so; to those who missed their time, "
        "send it now, or skip them. A repeat does nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["report", *VERBS])
        parser.add_argument("edition_id", type=int)
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--names",
            type=int,
            default=MOST_NAMES,
            metavar="N",
            help=f"how many readers in doubt are named ({MOST_NAMES})",
        )
        parser.add_argument("--csv", metavar="FILE", help="write all readers in doubt there")

    def handle(self, *args: Any, verb: str, edition_id: int, **options: Any) -> None:
        try:
            edition = Edition.objects.select_related("brief").get(pk=edition_id)
        except Edition.DoesNotExist as error:
            raise CommandError(f"There is no edition {edition_id}.") from error
        done = 0 if verb == "report" else _do(edition, verb)
        if options["csv"]:
            _write_names(edition, options["csv"])
        report = {
            "edition": edition.pk,
            "status": edition.status,
            "done": done,
            **reports.summary(edition),
            "in_doubt": list(reports.in_doubt(edition, max(options["names"], 0))),
            **(reports.more(edition) if verb == "report" else {}),
        }
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            lines = [_as_lines(edition, report), *reports.more_lines(report)]
            self.stdout.write("\n".join(lines))


def _do(edition: Edition, verb: str) -> int:
    """Do *verb*; return what it has changed: readers, or 1 for the edition."""
    try:
        done = int(VERBS[verb](edition))
    except (control.StillOpen, WrongStatus) as error:
        raise CommandError(str(error)) from error
    edition.refresh_from_db()
    if not done and edition.status not in SETTLED[verb]:
        raise CommandError(f"Edition {edition.pk} is {edition.status}: it cannot {verb}.")
    ring(tasks.tick)
    return done


def _write_names(edition: Edition, path: str) -> None:
    """Write who is in doubt into the file at *path*, readable by nobody else."""
    try:
        with open(path, "w", newline="", encoding="utf-8", opener=_private) as file:
            rows = csv.DictWriter(file, ["address", "reason", "reply", "since"])
            rows.writeheader()
            for row in reports.in_doubt(edition):
                rows.writerow({name: _harmless(value) for name, value in row.items()})
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _harmless(value: str) -> str:
    """Return *value* so that no spreadsheet takes it for a formula: a server chose the words."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _as_lines(edition: Edition, report: dict[str, Any]) -> str:
    lines = [
        f"{edition.brief}: {edition.get_status_display()}",
        f"  audience  {report['audience']}",
    ]
    if edition.pruning_at:
        lines.append(f"  pruned on {edition.pruning_at:%Y-%m-%d}: these are the final numbers")
    if edition.word:
        lines.append(f"  {edition.word}")
    for kind in ("statuses", "reasons"):
        lines += [f"  {name:<10}{count}" for name, count in report[kind].items() if count]
    for row in report["in_doubt"]:
        lines.append(f"  in doubt: {row['address'] or 'erased'} ({row['reason']}) {row['reply']}")
    more = report["statuses"]["in-doubt"] - len(report["in_doubt"])
    if more and not edition.pruning_at:
        lines.append(f"  and {more} more: --names N shows them, --csv FILE writes all")
    return "\n".join(lines)
