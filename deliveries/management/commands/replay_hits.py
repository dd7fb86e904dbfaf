"""Try the rules for opens and clicks on hits whose sender is known."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.tracking.labelled import Labelled, NotAHit, Reader, rows
from deliveries.tracking.replaying import replay

_MOST_COMPLAINTS = 10


class Command(BaseCommand):
    help = "Judge the labelled hits of a file as if they were real; nothing is stored."
    # Needs no database: the rules know none.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="JSON lines (docs/verdicts.md), or - for the input")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--totals",
            action="store_true",
            help="judge as where no reader can be told from another, whatever the file says",
        )

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        hits, skipped = self._read(file, is_per_reader=not options["totals"])
        if not hits:
            raise CommandError(f"There is no labelled hit in {file}. docs/verdicts.md shows one.")
        answer = {**replay(hits), "skipped": skipped}
        self.stdout.write(json.dumps(answer) if options["json"] else _words(answer))

    def _read(self, file: str, *, is_per_reader: bool) -> tuple[list[Labelled], int]:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}.") from error
        reader = Reader(is_per_reader=is_per_reader)
        hits, skipped = [], 0
        for number, row in rows(text):
            try:
                hits.append(reader.read(row))
            except NotAHit as error:
                skipped += 1
                if skipped <= _MOST_COMPLAINTS:
                    self.stderr.write(f"Line {number}: {error}; the line was skipped.")
        return hits, skipped


def _words(answer: dict[str, Any]) -> str:
    lines = []
    for what, shares in (("clicks", answer), ("opens", answer["opens"])):
        human, machine = shares["human"], shares["machine"]
        of_people = f"{what} by people, {human['lost']} lost ({_percent(human)})"
        of_machines = f"{what} by machines, {machine['marked']} marked ({_percent(machine)})"
        lines += [f"{human[what]:>8} {of_people}", f"{machine[what]:>8} {of_machines}"]
    lines.append("")
    lines += [
        f"{rule:>16}: {counts['human']} of people, {counts['machine']} of machines"
        for rule, counts in answer["by_rule"].items()
    ]
    return "\n".join(lines)


def _percent(counts: dict[str, Any]) -> str:
    share = counts.get("lost_share", counts.get("marked_share"))
    return "none" if share is None else f"{share:.1%}"
