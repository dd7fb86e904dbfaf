"""Measure how fast it is on this machine."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from intelbrief.ops import scratch
from intelbrief.ops.bench import (
    archive,
    confirming,
    desk,
    freeze,
    importing,
    profile,
    render,
    signup_attack,
    subscribe,
    tracking,
    webhooks,
    year,
)
from intelbrief.ops.bench.send import Bench
from intelbrief.ops.postgres import NoPostgres
from intelbrief.ops.scratch import CannotRun, Scratch
from intelbrief.ops.up import say_to_user
from intelbrief.ops.valkey import NoValkey

WHAT = (
    "send",
    "archive",
    "freeze",
    "render",
    "profile",
    "confirm",
    "desk",
    "import",
    "subscribe",
    "tracking",
    "webhooks",
    "year",
)
# What says how it gets on, and by which option it is told how much to do.
TALKATIVE = {
    "archive": (archive.run, "briefs"),
    "confirm": (confirming.run, "recipients"),
    "tracking": (tracking.run, "requests"),
    "webhooks": (webhooks.run, "events"),
}
PROVIDERS = ("smtp", "postmark-fake", "postmark-fake-single")


class Command(BaseCommand):
    help = "Measure sending, freezing, rendering, on a database of its own that is deleted."
    requires_system_checks: list[str] = []  # they speak of the installation, which is not used

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=WHAT)
        parser.add_argument("--recipients", type=_count, default=20_000, metavar="N")
        parser.add_argument("--readers", type=_count, default=100_000, metavar="N", help="a year")
        parser.add_argument("--days", type=_count, default=365, metavar="D", help="of a year")
        parser.add_argument(
            "--kept", type=_count, default=90, metavar="D", help="of a year: DELIVERY_DAYS"
        )
        parser.add_argument("--rows", type=_count, default=100_000, metavar="N", help="to import")
        parser.add_argument(
            "--requests", type=_count, default=50_000, metavar="N", help="tracking: of each kind"
        )
        parser.add_argument(
            "--events", type=_count, default=10_000, metavar="N", help="webhooks: to post"
        )
        parser.add_argument(
            "--briefs", type=_count, default=10_000, metavar="N", help="archive: that it holds"
        )
        parser.add_argument("--provider", choices=PROVIDERS, default="smtp")
        parser.add_argument(
            "--processes", type=_count, default=2, metavar="P", help="how many send at a time"
        )
        parser.add_argument(
            "--attack", action="store_true", help="subscribe: let robots sign up strangers"
        )
        parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
        parser.add_argument("--message", choices=["html11k", "sample"], default="html11k")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--keep", action="store_true", help="leave the folder, with the logs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not scratch.is_inside():
            scratch.enter(options["database"], **_environment(options))
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
        if options["what"] == "tracking" and result["counted"] != result["requests"]:
            raise SystemExit(1)
        if options["what"] == "webhooks" and (result["lost"] or result["doubled"]):
            raise SystemExit(1)

    def measure(self, installation: Scratch, what: str, **options: Any) -> dict[str, Any]:
        """Return the figures."""
        if what == "render":
            return render.run(options["message"])
        if what == "profile":
            return profile.run(installation, options["recipients"], options["message"])
        if what == "subscribe":
            run = signup_attack.run if options["attack"] else subscribe.run
            return run(installation, options["recipients"], say_to_user)
        if what in TALKATIVE:
            measure, number = TALKATIVE[what]
            return measure(installation, options[number], say_to_user)
        if what == "desk":
            return desk.run(options["recipients"])
        if what == "import":
            return importing.run(installation, options["rows"])
        if what == "year":
            readers, days, kept = options["readers"], options["days"], options["kept"]
            return year.run(installation, readers, days, kept, say_to_user)
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


def _environment(options: dict[str, Any]) -> dict[str, str]:
    """Return the settings that the scratch installation needs beyond its own."""
    if options["what"] == "tracking":
        return tracking.ENVIRONMENT
    if options["what"] != "subscribe":
        return {}
    return subscribe.VISITORS if options["attack"] else subscribe.ENVIRONMENT


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
