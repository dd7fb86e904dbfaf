"""Say what is wrong with this installation; manage.py itself runs it before the settings."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from intelbrief.ops.doctor import cli


class Command(BaseCommand):
    help = cli.HELP
    requires_system_checks: list[str] = []  # it makes them itself, and says what they mean

    def add_arguments(self, parser: ArgumentParser) -> None:
        cli.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        status = cli.run(
            self.stdout.write,
            as_json=options["json"],
            accept_keys=options["accept_keys"],
            as_docs=options["docs"],
        )
        if status:
            raise SystemExit(status)
