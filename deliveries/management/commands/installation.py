"""See whether this database may send, and confirm that it is the one that shall."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from deliveries import guard, tasks
from deliveries.models import Edition
from subscribers.doorbell import ring


class Command(BaseCommand):
    help = "Tell whether this database is held as a copy, or let it send from now on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["status", "confirm"])
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        answer, line = self.confirm() if verb == "confirm" else self.status()
        self.stdout.write(json.dumps(answer) if options["json"] else line)

    def confirm(self) -> tuple[dict[str, Any], str]:
        """Confirm; return what to print."""
        confirmed = guard.confirm()
        ring(tasks.tick)
        line = "This installation sends from now on." if confirmed else "Nothing was held."
        return {"confirmed": confirmed, "held": False}, line

    def status(self) -> tuple[dict[str, Any], str]:
        """Look without changing anything; return what to print."""
        row = guard.known()
        waiting = Edition.objects.filter(status__in=guard.AT_WORK).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True))
        answer = {
            "held": row is not None and row.held_since is not None,
            "held_since": row.held_since.isoformat() if row and row.held_since else None,
            "word": row.word if row else "",
            "seen_at": row.seen_at.isoformat() if row else None,
            "fingerprint": row.fingerprint if row else "",
            "here": guard.find_fingerprint(),
            "waiting": ids,
        }
        if not answer["held"]:
            return answer, "Nothing is held."
        editions = ", ".join(map(str, ids)) or "none"
        return answer, f"Held since {answer['held_since']}.\n{answer['word']}\nEditions: {editions}"
