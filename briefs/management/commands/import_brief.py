"""Read a plain-text brief into a draft."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs import importing
from briefs.models import Publication
from briefs.plaintext import ReadBrief, UnreadableBrief, read_brief


class Command(BaseCommand):
    help = "Read a plain-text brief (date line, headline, key points, body) into a draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the text file")
        parser.add_argument("--publication", required=True, metavar="SLUG")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: Path, publication: str, **options: Any) -> None:
        try:
            owner = Publication.objects.get(slug=publication)
        except Publication.DoesNotExist as error:
            raise CommandError(
                f"There is no publication “{publication}”. There are: {_known()}."
            ) from error
        try:
            read = read_brief(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except UnreadableBrief as error:
            raise CommandError(f"{file}: {error}") from error
        brief = importing.make_draft(read, owner)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(brief.pk, read), ensure_ascii=False))
        else:
            self.stdout.write(_as_lines(brief.pk, read))


def _known() -> str:
    """Name the publications, for somebody who mistyped one."""
    return ", ".join(Publication.objects.values_list("slug", flat=True)) or "none yet"


def _as_json(brief_id: int, read: ReadBrief) -> dict[str, Any]:
    return {
        "id": brief_id,
        "date": read.date.isoformat() if read.date else None,
        "series": read.series,
        "headline": read.headline,
        "key_points": len(read.key_points),
        "paragraphs": len(read.paragraphs),
        "warnings": list(read.warnings),
    }


def _as_lines(brief_id: int, read: ReadBrief) -> str:
    lines = [
        f"Draft {brief_id}: {read.headline}",
        f"  date        {read.date or 'none found'}",
        f"  series      {read.series or 'none'}",
        f"  key points  {len(read.key_points)}",
        f"  paragraphs  {len(read.paragraphs)}",
    ]
    lines += [f"  looks unfinished: {warning}" for warning in read.warnings]
    return "\n".join(lines)
