"""Look at an edition, or take it in hand."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from deliveries import control, reports, tasks
from deliveries.models import Edition
from subscribers.doorbell import ring

VERBS: dict[str, Callable[[Edition], int]] = {
    "pause": control.pause,
    "resume": control.resume,
    "cancel": control.cancel,
    "withdraw": control.withdraw,
    "retry": control.retry_failed,
}


class Command(BaseCommand):
    help = "Report on an edition, or pause, resume, cancel, withdraw or retry it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["report", *VERBS])
        parser.add_argument("edition_id", type=int)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, verb: str, edition_id: int, **options: Any) -> None:
        try:
            edition = Edition.objects.select_related("brief").get(pk=edition_id)
        except Edition.DoesNotExist as error:
            raise CommandError(f"There is no edition {edition_id}.") from error
        if verb != "report":
            try:
                acted = VERBS[verb](edition)
            except control.StillOpen as error:
                raise CommandError(str(error)) from error
            if not acted:
                raise CommandError(f"Edition {edition_id} is {edition.status}: it cannot {verb}.")
            ring(tasks.tick)
        report = {"edition": edition.pk, "status": edition.status, **reports.summary(edition)}
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(_as_lines(edition, report))


def _as_lines(edition: Edition, report: dict[str, Any]) -> str:
    lines = [
        f"{edition.brief}: {edition.get_status_display()}",
        f"  audience  {report['audience']}",
    ]
    if edition.word:
        lines.append(f"  {edition.word}")
    for kind in ("statuses", "reasons"):
        lines += [f"  {name:<10}{count}" for name, count in report[kind].items() if count]
    return "\n".join(lines)
