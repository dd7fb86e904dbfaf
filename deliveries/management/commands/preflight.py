"""Say what stands against sending a brief, or write the page about the rules."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefs.models import Brief
from briefs.preflight import Findings
from deliveries import preflight
from deliveries.preflight import page


class Command(BaseCommand):
    help = (
        "Look at a brief as it stands: exit with 0 if nothing stops the send, with 1 for errors, "
        "with 2 if there is no such brief. Links, DNS and provider are asked for some seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("brief_id", type=int, nargs="?")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--docs", action="store_true", help="print docs/preflight.md, made from the rules"
        )

    def handle(self, *args: Any, brief_id: int | None, docs: bool, **options: Any) -> None:
        if docs:
            self.stdout.write(page.make(), ending="")
            return
        if brief_id is None:
            raise CommandError("Name a brief by its number, or say --docs.", returncode=2)
        try:
            brief = Brief.objects.select_related("publication").get(pk=brief_id)
        except Brief.DoesNotExist as error:
            raise CommandError(
                f"There is no brief {brief_id}. The desk shows its number in the address of its "
                "form.",
                returncode=2,
            ) from error
        findings = preflight.check(brief, outside=preflight.Outside.ASK)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(findings), ensure_ascii=False))
        else:
            self._tell(brief, findings)
        if not findings.ok:
            raise SystemExit(1)

    def _tell(self, brief: Brief, findings: Findings) -> None:
        for kind, rows in (("error", findings.errors), ("warning", findings.warnings)):
            for finding in rows:
                where = f" ({finding.where})" if finding.where else ""
                self.stdout.write(f"{kind}  {finding.rule}{where}: {finding.message}")
        verdict = "can be sent" if findings.ok else "is not fit to be sent"
        self.stdout.write(
            f"“{brief}” {verdict}: {len(findings.errors)} errors, "
            f"{len(findings.warnings)} warnings."
        )


def as_json(findings: Findings) -> dict[str, Any]:
    """Return *findings* as scripts read them."""
    return {
        "ok": findings.ok,
        "errors": [finding._asdict() for finding in findings.errors],
        "warnings": [finding._asdict() for finding in findings.warnings],
    }
