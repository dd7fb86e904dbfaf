"""`manage.py consent_proof ADDRESS [--json]`: the whole story of one address."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from briefs.addresses import InvalidAddress
from subscribers.story import story


class Command(BaseCommand):
    help = "Tell who agreed to what at one address, when and under which words; also after erasure."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            told = story(options["address"])
        except InvalidAddress as error:
            raise CommandError(f"“{options['address']}” is no address: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
            return
        self.stdout.write(f"{told['address']}  (hash {told['address_hash']})")
        if not told["is_known"]:
            self.stdout.write("No reader has this address now.")
        for part in ("subscriptions", "records", "suppressions", "releases", "notices"):
            self.stdout.write(f"\n{part.capitalize()}: {len(told[part]) or 'none'}")
            for row in told[part]:
                self._print(row)

    def _print(self, row: dict[str, Any]) -> None:
        given = [(key, value) for key, value in row.items() if value not in (None, "", [], {})]
        (first, value), *others = given
        self.stdout.write(f"  {first} {value}")
        for key, value in others:
            self.stdout.write(f"      {key}: {value}")
