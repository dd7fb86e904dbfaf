"""Take an archive of another house in."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs import moving, roles
from briefs.models import Publication, User

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Take briefs in from a ZIP or folder of Markdown, or an export of Substack, Ghost, "
        "Buttondown, beehiiv or listmonk. Nothing is mailed; run it again to go on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the ZIP, the folder or the file")
        parser.add_argument("--publication", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=["auto", *moving.READERS], default="auto")
        parser.add_argument(
            "--site",
            default="",
            metavar="URL",
            help="where it stood, for links and pictures that name no host",
        )
        parser.add_argument("--by", default="", metavar="ADDRESS", help="whose work this is")
        parser.add_argument("--dry-run", action="store_true", help="look, and store nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--publish", action="store_true", help="on the web, also what was a draft with a date"
        )
        mode.add_argument("--as-drafts", action="store_true", help="nothing on the web")

    def handle(self, *args: Any, file: Path, publication: str, **options: Any) -> None:
        wish = moving.Wish(
            publication=_publication(publication),
            format=options["format"],
            mode=_mode(options),
            base=_site(options["site"]),
            by=_user(options["by"], publication),
            is_dry=options["dry_run"],
        )
        if not file.exists():
            raise CommandError(f"{file} is not there.")
        try:
            report = moving.import_archive(file, wish)
        except moving.Unreadable as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_lines(report, is_dry=wish.is_dry)))


def _publication(slug: str) -> Publication:
    try:
        return Publication.objects.get(slug=slug)
    except Publication.DoesNotExist as error:
        known = ", ".join(Publication.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no publication “{slug}”. There are: {known}.") from error


def _user(address: str, slug: str) -> User | None:
    """Return who does this, if somebody is named: they must be allowed to publish."""
    if not address:
        return None
    user = User.objects.filter(email__iexact=address).first()
    if user is None or not roles.can(user, "publish", _publication(slug)):
        raise CommandError(f"{address} may not publish in “{slug}”.")
    return user


def _mode(options: dict[str, Any]) -> str:
    if options["publish"]:
        return moving.ALL_PUBLISHED
    return moving.ALL_DRAFTS if options["as_drafts"] else moving.AS_IT_IS


def _site(url: str) -> str:
    if url and not url.startswith(("https://", "http://")):
        raise CommandError(f"“{url}” is no address of a site. Write it like https://old.example.")
    return url.rstrip("/")


def _lines(report: moving.Report, *, is_dry: bool) -> list[str]:
    counts = report.counts
    lines = [
        f"{report.file}: {report.format}{', nothing stored' if is_dry else ''}",
        f"  published  {counts['published']}",
        f"  drafts     {counts['draft']}",
        f"  known      {counts['known']}",
        f"  changed    {counts['changed']}",
        f"  refused    {len(report.refused)}",
    ]
    lists = [
        ("refused", [f"{one.where}: {one.reason}" for one in report.refused]),
        ("changed in the other house, not here", report.changed),
        ("to look at", [f"{where}: {note}" for where, note in report.notes]),
    ]
    for title, found in lists:
        if found:
            lines += [f"{title}:", *(f"  {line}" for line in found[:_SHOWN])]
        if len(found) > _SHOWN:
            lines.append(f"  … and {len(found) - _SHOWN} more; --json has all.")
    return lines
