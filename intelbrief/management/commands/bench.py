"""Measure how fast it is on this machine."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from intelbrief.ops import scratch
from intelbrief.ops.bench import confirming, freeze, profile, render
from intelbrief.ops.bench.send import Bench
from intelbrief.ops.postgres import NoPostgres
from intelbrief.ops.scratch import CannotRun, Scratch
from intelbrief.ops.up import say_to_user
from intelbrief.ops.valkey import NoValkey

PROVIDERS = ("smtp", "postmark-fake")


class Command(BaseCommand):
    help = "Measure sending, freezing, rendering, on a database of its own that is deleted."
    requires_system_checks: list[str] = []  # they speak of the installation, which is not used

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["send", "freeze", "render", "profile", "confirm"])
        parser.add_argument("--recipients", type=_count, default=20_000, metavar="N")
        parser.add_argument("--provider", choices=PROVIDERS, default="smtp")
        parser.add_argument(
            "--processes", type=_count, default=2, metavar="P", help="how many send at a time"
        )
        parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
        parser.add_argument("--message", choices=["html11k", "sample"], default="html11k")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--keep", action="store_true", help="leave the folder, with the logs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not scratch.is_inside():
            scratch.enter(options["database"])
        try:
            with Scratch(durable=True, keep=options["keep"]) as installation:
                result = self.measure(installation, **options)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except (CannotRun, NoPostgres, NoValkey) as error:
            say_to_user(str(error))
            raise SystemExit(1) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            width = max(map(len, result))
            self.stdout.write("\n".join(f"{k:<{width}}  {v}" for k, v in result.items()))

    def measure(self, installation: Scratch, what: str, **options: Any) -> dict[str, Any]:
        """Return the figures."""
        if what == "render":
            return render.run(options["message"])
        if what == "profile":
            return profile.run(installation, options["recipients"], options["message"])
        if what == "confirm":
            return confirming.run(installation, options["recipients"], say_to_user)
        if what == "freeze":
            return freeze.run(installation, options["recipients"])
        return Bench(
            installation,
            options["recipients"],
            options["provider"],
            options["processes"],
            options["message"],
            say_to_user,
        ).run()


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
