"""Write everything that this installation knows into one file."""

import json
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intelbrief.ops.backup import Trouble, making, signing
from intelbrief.ops.up import say_to_user


class Command(BaseCommand):
    help = (
        "Write database, uploaded files and keys into one file, also while an edition goes out; "
        "restore reads it back. Whoever has the file can act for this installation."
    )
    requires_system_checks: list[str] = []  # a backup is wanted most where something is wrong

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("place", metavar="FILE_OR_FOLDER", help="in a folder, it gets a name")
        parser.add_argument(
            "--keep",
            type=int,
            default=making.KEPT,
            metavar="N",
            help=f"in a folder, how many of this site stay (0: all; else {making.KEPT})",
        )
        parser.add_argument("--without-keys", action="store_true", help="keep them elsewhere")
        parser.add_argument("--no-verify", action="store_true", help="do not read it back")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, place: str, keep: int, **options: Any) -> None:
        if keep < 0:
            raise CommandError("--keep takes a number from 0 on.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave no half of one behind
        quiet = options["json"] or not options["verbosity"]
        try:
            made = making.make(
                Path(place),
                is_folder=place.endswith("/"),
                keep=keep,
                with_keys=not options["without_keys"],
                verify=not options["no_verify"],
                say=(lambda words: None) if quiet else say_to_user,
            )
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        if options["json"]:
            counts = made.manifest["database"]["counts"]
            self.stdout.write(
                json.dumps(
                    {
                        "file": str(made.path),
                        "octets": made.octets,
                        "made_at": made.manifest["made_at"],
                        "database": made.manifest["database"]["kind"],
                        "counts": counts,
                        "keys": not options["without_keys"],
                        "signed": signing.FIELD in made.manifest,
                        "verified": not options["no_verify"],
                        "removed": made.removed,
                        "notes": made.notes,
                    }
                )
            )
            return
        self.stdout.write(f"{made.path}  {made.octets:,} octets")
        for note in made.notes:
            self.stderr.write(note)
        if not options["without_keys"]:
            say_to_user("It holds addresses and keys: whoever has it can act for you.")
