"""Read what is searched anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from briefs import search


class Command(BaseCommand):
    help = (
        "Read every published brief into the search again; needed after a publication's language "
        "was changed. Can run while others publish, and be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--missing",
            action="store_true",
            help="only briefs that cannot be found by the text that is on the web",
        )

    def handle(self, *args: Any, missing: bool, verbosity: int, **options: Any) -> None:
        def say(done: int) -> None:
            if verbosity > 1:
                self.stdout.write(f"{done} briefs …")

        done = search.rebuild(only_missing=missing, say=say)
        if verbosity:
            self.stdout.write(f"{done} briefs can be searched.")
