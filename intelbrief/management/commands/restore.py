"""Put a backup into this installation; nothing is sent from it until an operator confirms."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intelbrief.ops.backup import Trouble, restoring
from intelbrief.ops.up import say_to_user


class Command(BaseCommand):
    help = "Put a backup into this installation, which then sends nothing until it is confirmed."
    requires_system_checks: list[str] = []  # the keys that they miss may be in the backup

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what backup has written")
        parser.add_argument(
            "--replace", action="store_true", help="also where there is something; keeps it aside"
        )
        parser.add_argument(
            "--check", action="store_true", help="only read it whole and say whether it would do"
        )
        parser.add_argument(
            "--trust",
            action="store_true",
            help="although it is not signed with this BACKUP_KEY: nobody else could write to it",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        quiet = options["json"] or not options["verbosity"]
        try:
            restored = restoring.restore(
                file,
                replace=options["replace"],
                only_check=options["check"],
                trust=options["trust"],
                say=(lambda words: None) if quiet else say_to_user,
            )
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        manifest = restored.manifest
        if options["json"]:
            answer = {
                "restored": not options["check"],
                "made_at": manifest["made_at"],
                "site": manifest["site"],
                "counts": manifest["database"]["counts"],
                "aside": str(restored.aside) if restored.aside else None,
                "todo": restored.todo,
            }
            self.stdout.write(json.dumps(answer))
            return
        made = f"the backup of {manifest['site']}, made at {manifest['made_at']}"
        if options["check"]:
            self.stdout.write(f"Whole and fit to be restored here: {made}.")
            return
        self.stdout.write(f"Restored {made}.")
        if restored.aside:
            self.stdout.write(f"What was here before lies in {restored.aside}.")
        for number, line in enumerate(restored.todo, 1):
            self.stdout.write(f"{number}. {line}")
