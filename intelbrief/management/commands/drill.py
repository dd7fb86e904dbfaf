"""Break things on purpose while an edition goes out, and compare the ledger with the server."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from intelbrief.ops import population, scratch
from intelbrief.ops.drill import DRILLS, Drill
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import QUICK, Scene, staged
from intelbrief.ops.postgres import NoPostgres
from intelbrief.ops.scratch import CannotRun, Scratch
from intelbrief.ops.sinks.recording import RecordingSink
from intelbrief.ops.up import say_to_user
from intelbrief.ops.valkey import NoValkey


class Command(BaseCommand):
    help = "Inject faults into a send, on a database of its own; exit status 1 if a promise broke."
    requires_system_checks: list[str] = []  # they speak of the installation, which is not used

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=[*DRILLS, "all"])
        parser.add_argument("--recipients", type=int, default=5_000, metavar="N")
        parser.add_argument("--rounds", type=int, metavar="K", help="how often the fault strikes")
        parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--keep", action="store_true", help="leave the folder, with the logs")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        if not scratch.is_inside():
            scratch.enter(options["database"], **QUICK)
        names = list(DRILLS) if what == "all" else [what]
        reports: dict[str, Report] = {}
        failed = False
        try:
            with Scratch(durable=False, keep=options["keep"]) as installation:
                population.make_readers(options["recipients"])
                for name in names:
                    say_to_user(f"{name}: {DRILLS[name].run.__doc__}")
                    try:
                        reports[name] = self.run(installation, DRILLS[name], **options)
                    except CannotRun as error:
                        # The others are still worth knowing.
                        failed = True
                        say_to_user(f"{name}: {error}")
                        continue
                    for problem in reports[name].problems:
                        say_to_user(f"{name}: {problem}")
                    say_to_user(f"{name}: {'kept' if reports[name].ok else 'BROKEN'}")
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except (CannotRun, NoPostgres, NoValkey) as error:
            say_to_user(str(error))
            raise SystemExit(1) from error
        self.show(reports, whole=what == "all", as_json=options["json"])
        if failed or not all(report.ok for report in reports.values()):
            raise SystemExit(1)

    def run(
        self,
        installation: Scratch,
        drill: Drill,
        recipients: int,
        rounds: int | None,
        **_: Any,
    ) -> Report:
        """Do one drill on a sink of its own."""
        sink = RecordingSink(installation)
        scene = Scene(installation, sink, recipients, rounds or drill.rounds, say_to_user)
        with staged(scene):
            report = drill.run(scene)
        installation.kill(sink.running)
        return report

    def show(self, reports: dict[str, Report], *, whole: bool, as_json: bool) -> None:
        """Print the figures."""
        figures = {name: report.figures() for name, report in reports.items()}
        if as_json:
            self.stdout.write(json.dumps(figures if whole else next(iter(figures.values()), None)))
            return
        for name, report in reports.items():
            line = "  ".join(f"{key} {value}" for key, value in figures[name].items())
            self.stdout.write(f"{name:<12}{'kept' if report.ok else 'BROKEN':<8}{line}")
