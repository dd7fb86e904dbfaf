"""`manage.py bounce [--json] [--dry-run] [FILE]`: take in a mail that came back.

A mail server pipes each mail for the bounce domain into it; docs/bounces.md
shows how. It ends with 0 for whatever it could sort, and with 75 (EX_TEMPFAIL
of sysexits.h) where the database is away, so that the server tries again.
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, ProgrammingError
from django.utils import timezone

from deliveries import incoming
from deliveries.returned import reading

EX_TEMPFAIL = 75
_CHUNK = 1 << 20
_MOST_CHUNKS = 500  # no server hands on half a gigabyte


class Command(BaseCommand):
    help = "Sort a mail that came back, from standard input or FILE, and record what it says."
    # A pipe runs this for each mail: the checks are those of whoever serves.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="the mail; standard input without")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--dry-run", action="store_true", help="sort only, record nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        taken = incoming.sort(_mail(options["file"]))
        delivery, trouble, code = taken.delivery, "", 0
        if not options["dry_run"]:
            try:
                delivery = incoming.keep(taken, timezone.now())
            except (Error, OSError) as error:
                trouble, code = _trouble(error)
        self._print(taken, delivery, as_json=options["json"])
        if trouble:
            self.stderr.write(trouble)
        if code:
            sys.exit(code)

    def _print(self, taken: incoming.Taken, delivery: int, *, as_json: bool) -> None:
        returned = taken.returned
        said = {
            "kind": returned.kind,
            "address": returned.address or None,
            "status": returned.status or None,
            "delivery": delivery or None,
            "reason": returned.reason or None,
            "words": " ".join(returned.words.split())[:500] or None,
        }
        if sys.stdout is None:  # closed by whoever started this
            return
        line = " · ".join(f"{name}: {value}" for name, value in said.items() if value)
        # What servers write has any character, and a terminal of LANG=C takes few.
        encoding = getattr(self.stdout, "encoding", None) or "ascii"
        line = line.encode(encoding, "backslashreplace").decode(encoding)
        self.stdout.write(json.dumps(said) if as_json else line)


def _mail(file: Path | None) -> bytes:
    """Return the beginning of the mail, which holds all that is looked at.

    The rest of a pipe is read away: a server that cannot write its mail to the
    end takes that for a failure.
    """
    try:
        if file is not None:
            with file.open("rb") as stream:
                return stream.read(reading.MOST_BYTES)
        if sys.stdin is None:  # closed by whoever started this
            return b""
        data = sys.stdin.buffer.read(reading.MOST_BYTES)
        for _ in range(_MOST_CHUNKS):
            if not sys.stdin.buffer.read(_CHUNK):
                break
    except OSError as error:
        name = file or "Standard input"
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    return data


def _trouble(error: Exception) -> tuple[str, int]:
    """Return what to say of a database that did not take the event, and the exit code."""
    if isinstance(error, ProgrammingError) or "no such table" in str(error):
        return "Nothing was recorded: the database has no tables yet. Run manage.py migrate.", 0
    reason = str(error).strip().partition("\n")[0]
    return f"Nothing was recorded: the database is away ({reason}). Try again later.", EX_TEMPFAIL
