"""Try the rules for opens and clicks on hits whose sender is known."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.tracking.labelled import Labelled, NotAHit, Reader, rows
from deliveries.tracking.replaying import replay

_MOST_COMPLAINTS = 10
_EXAMPLE = """\
The file: one JSON object a line (or a JSON array, or CSV with a head), in any order.

  {"at": 12.4, "ip": "84.150.3.4", "user_agent": "Mozilla/5.0 (Windows NT 10.0; …",
   "method": "GET", "link": 3, "delivery": 17, "label": "human"}

  at          seconds, milliseconds since 1970, ISO 8601, or as in a web server's log
  ip          of the visitor
  user_agent  may be empty
  link        its number in the mail from 0, its address, "open" or "canary"
  label       human or machine (also bot, scanner, …; or is_bot, is_human: true or false)
  delivery    the reader's mail; without it the hit is judged as under “totals only”
  method, headers (an object), edition, sent_at: if known

Other usual names are understood: timestamp, ua, recipient, url, is_bot, and so on.
An address that this installation mailed (/c/…, /o/…) tells link, edition and delivery.
A line that cannot be read is named and left out. The clicks of a visitor are looked at
together, so keep the times as they were, and all that the visitor did.

  manage.py replay_hits hits.jsonl            both shares, and which rule marked what
  manage.py replay_hits hits.csv --totals     as where no reader is told from another
  manage.py replay_hits - --json < hits.jsonl
"""


class Command(BaseCommand):
    help = "Judge the labelled hits of a file as if they were real; nothing is stored."
    # Needs no database: the rules know none.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = _EXAMPLE
        parser.add_argument("file", help="labelled hits as below, or - for the input")
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
        if hits:
            self._look_at_fields(file, reader)
        return hits, skipped

    def _look_at_fields(self, file: str, reader: Reader) -> None:
        """Complain of what would make all hits look alike."""
        missing, unknown = reader.missing(), reader.unknown()
        others = f" Not understood: {', '.join(unknown)}." if unknown else ""
        if "user_agent" in missing:
            raise CommandError(
                f"{file} has no field user_agent, without which all are machines.{others}"
            )
        if missing:
            self.stderr.write(f"No line has {' or '.join(missing)}; less can be told.{others}")
        elif unknown:
            self.stderr.write(f"Fields that say nothing here: {', '.join(unknown)}.")


def _words(answer: dict[str, Any]) -> str:
    lines = []
    for what, shares in (("clicks", answer), ("opens", answer["opens"])):
        human, machine = shares["human"], shares["machine"]
        if human[what]:
            share = _percent(human["lost_share"])
            lines.append(f"{share:>7} of people's {what} lost ({human['lost']} of {human[what]})")
        if machine[what]:
            share, marked = _percent(machine["marked_share"]), machine["marked"]
            lines.append(f"{share:>7} of machines' {what} marked ({marked} of {machine[what]})")
    if answer["skipped"]:
        lines.append(f"{answer['skipped']:>7} lines skipped")
    lines += ["", f"{'rule':>14}  {'people':>8}  {'machines':>8}"]
    lines += [
        f"{rule:>14}  {counts['human']:>8}  {counts['machine']:>8}"
        for rule, counts in answer["by_rule"].items()
    ]
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{share:.1%}"
