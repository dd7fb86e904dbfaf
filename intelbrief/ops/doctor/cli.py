"""The command line of the doctor, which must run where the settings cannot be read."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

import django
from django.apps import apps

from intelbrief.ops.doctor import Severity, examining
from intelbrief.ops.doctor.examining import Report

HELP = (
    "Say in plain words what is wrong with this installation, and what to do; exit status 1 if "
    "anything is broken."
)
_HEADS = {
    Severity.BROKEN: "BROKEN",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the doctor takes."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--accept-keys",
        action="store_true",
        help="take the present TOKEN_KEYS for right, though they never signed here",
    )
    parser.add_argument("--docs", action="store_true", help="print docs/doctor.md")


def main(arguments: Sequence[str]) -> int:
    """Run from manage.py, before the settings; return the exit status."""
    parser = argparse.ArgumentParser("manage.py doctor", description=HELP)
    add_arguments(parser)
    # Taken by every command of Django's.
    parser.add_argument("-v", "--verbosity", help=argparse.SUPPRESS)
    parser.add_argument("--no-color", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--traceback", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    return run(
        sys.stdout.write, as_json=given.json, accept_keys=given.accept_keys, as_docs=given.docs
    )


def run(
    write: Callable[[str], object],
    *,
    as_json: bool,
    accept_keys: bool = False,
    as_docs: bool = False,
) -> int:
    """Examine, tell *write*, and return the exit status."""
    if as_docs:
        _set_up()
        from intelbrief.ops.doctor import page

        write(page.make())
        return 0
    if accept_keys:
        _set_up()
        from deliveries import guard

        guard.accept_keys()
    report = examining.examine()
    write(_as_json(report) if as_json else _as_text(report))
    return int(report.is_broken)


def _set_up() -> None:
    """Read the settings, for what cannot be done without them."""
    if not apps.ready:
        django.setup(set_prefix=False)


def _as_json(report: Report) -> str:
    answer = {
        "ok": not report.is_broken,
        "findings": [asdict(one) for one in report.findings],
        "looked_at": report.looked_at,
        "left_out": report.left_out,
    }
    return json.dumps(answer) + "\n"


def _as_text(report: Report) -> str:
    lines = []
    for one in report.findings:
        which = f"  [{one.which}]" if one.which else ""
        lines += [f"{_HEADS[one.severity]}  {one.what}{which}", f"    {one.cure}", ""]
    if report.left_out:
        lines += [f"Not looked at before that is mended: {', '.join(report.left_out)}.", ""]
    lines.append(_verdict(report))
    return "\n".join(lines) + "\n"


def _verdict(report: Report) -> str:
    broken, warnings = len(report.of(Severity.BROKEN)), len(report.of(Severity.WARNING))
    if not broken and not warnings:
        return f"All is well: {report.looked_at} things were looked at."
    if not broken:
        return f"Nothing is broken; {warnings} to look after."
    return f"{broken} broken, {warnings} to look after. Begin at the top."
