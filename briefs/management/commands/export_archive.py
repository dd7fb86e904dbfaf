"""Write the briefs out as Markdown."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs import moving
from briefs.models import Publication


class Command(BaseCommand):
    help = (
        "Write briefs, their corrections and pictures into a ZIP of Markdown with front matter, "
        "which import_archive reads back to the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--publication", metavar="SLUG", help="without it, all of them")
        parser.add_argument("--output", type=Path, default=Path("archive.zip"), metavar="FILE.zip")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, output: Path, **options: Any) -> None:
        rows = Publication.objects.order_by("slug")
        if slug := options["publication"]:
            rows = rows.filter(slug=slug)
        publications = list(rows)
        if not publications:
            raise CommandError(f"There is no publication “{slug}”." if slug else "Nothing is here.")
        told: list[str] = []
        part = output.with_name(f"{output.name}.part")
        try:
            # What only subscribers may read is in it.
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
                counts = moving.export(publications, file, told.append)
            part.replace(output)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        if options["json"]:
            self.stdout.write(json.dumps({**counts, "file": str(output), "notes": told}))
            return
        self.stdout.write(
            f"{output}: {counts['published']} published, {counts['drafts']} drafts, "
            f"{counts['images']} pictures"
        )
        for line in told:
            self.stdout.write(f"  {line}")
