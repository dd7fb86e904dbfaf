"""Write the readers of a publication into a file."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs.models import Publication
from subscribers import exporting


class Command(BaseCommand):
    help = "Write the readers of a publication as CSV; imported elsewhere, nothing is lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="the file; - is standard output")
        parser.add_argument("--publication", required=True, metavar="SLUG")

    def handle(self, *args: Any, file: str, publication: str, **options: Any) -> None:
        try:
            owner = Publication.objects.get(slug=publication)
        except Publication.DoesNotExist as error:
            known = ", ".join(Publication.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(
                f"There is no publication “{publication}”. There are: {known}."
            ) from error
        if file == "-":
            for piece in exporting.lines(owner):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return
        # Written beside and moved: a file of this name is whole. Personal data is nobody else's.
        target = Path(file)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as output:
                output.writelines(exporting.lines(owner))
            draft.replace(target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
