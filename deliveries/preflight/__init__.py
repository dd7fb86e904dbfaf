"""Preflight: the text's own rules, and those on the mail, its readers, its domain and provider.

docs/preflight.md is written from the registries.
"""

import datetime as dt
from typing import Any

from briefs import preflight, revisions
from briefs.models import Brief, Revision
from briefs.preflight import Findings, Registry

# Each module registers its rules, and they are told in this order.
from . import mail, readers, world  # noqa: F401  (see above)
from .mail import MANY_OCTETS, MOST_OCTETS
from .matter import MAIL, READERS, WORLD, Matter, Outside

__all__ = [
    "MANY_OCTETS",
    "MOST_OCTETS",
    "REGISTRIES",
    "Matter",
    "Outside",
    "check",
    "check_beyond_text",
    "check_matter",
    "check_revision",
    "check_snapshot",
]

REGISTRIES: tuple[Registry[Any], ...] = (preflight.TEXT, MAIL, READERS, WORLD)


def check(
    brief: Brief, *, outside: Outside = Outside.KNOWN, send_at: dt.datetime | None = None
) -> Findings:
    """Return what stands against sending *brief* as it is now, or at *send_at*.

    With Outside.ASK this takes some seconds where links were not looked at
    within the last hour: for who presses a button, not for a page.
    """
    return check_snapshot(revisions.snapshot(brief), brief, outside=outside, send_at=send_at)


def check_revision(
    revision: Revision, *, outside: Outside = Outside.LEAVE, send_at: dt.datetime | None = None
) -> Findings:
    """Return what stands against sending *revision*, whatever the brief says by now.

    Without more, nothing outside is looked at: an edition that was scheduled
    is not stopped at six in the morning because another site is down.
    """
    return check_snapshot(revision.snapshot, revision.brief, outside=outside, send_at=send_at)


def check_snapshot(
    snapshot: dict[str, Any],
    brief: Brief,
    *,
    outside: Outside = Outside.KNOWN,
    send_at: dt.datetime | None = None,
) -> Findings:
    """Return what stands against mailing *snapshot* to the readers of *brief*."""
    return check_matter(Matter(snapshot, brief, outside, send_at))


def check_matter(matter: Matter) -> Findings:
    """Return what all rules find in *matter*."""
    return _joined([preflight.TEXT.check(matter.text), check_beyond_text(matter)])


def check_beyond_text(matter: Matter) -> Findings:
    """Return what all rules find in *matter* but those on the text, which the preview tells."""
    return _joined([registry.check(matter) for registry in (MAIL, READERS, WORLD)])


def _joined(found: list[Findings]) -> Findings:
    return Findings(
        errors=[finding for findings in found for finding in findings.errors],
        warnings=[finding for findings in found for finding in findings.warnings],
    )
