"""`manage.py erase ADDRESS [--json]`: forget a reader at their wish."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from briefs.addresses import InvalidAddress
from deliveries import privacy


class Command(BaseCommand):
    help = "Erase a reader everywhere; a keyed hash remains, so that no import brings them back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            counts = privacy.erase_address(options["address"], source="command")
        except InvalidAddress as error:
            raise CommandError(f"“{options['address']}” is no address: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        self.stdout.write(
            f"Erased: {counts['subscriptions']} subscriptions ended, {counts['records']} records "
            f"and {counts['deliveries']} deliveries name nobody any more. The address is "
            "suppressed by its hash. Backups made before still hold it."
        )
