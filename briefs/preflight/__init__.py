"""Rules on the text of a brief, to be met before it goes out: one small function each.

They look at a snapshot (briefs.revisions), so they judge what would be
mailed: the brief as it stands, or the revision that an edition points at.
docs/preflight.md is written from the registry.
"""

from typing import Any

# isort: off
# Each module registers its rules, and they are told in this order.
from . import slots, subject, left_overs, links, images, look  # noqa: F401  (see above)

# isort: on
from .images import web_images
from .links import web_links
from .reading import TEXT, Reading
from .registry import Finding, Findings, Registry, Rule, Severity, Trouble

__all__ = [
    "TEXT",
    "Finding",
    "Findings",
    "Reading",
    "Registry",
    "Rule",
    "Severity",
    "Trouble",
    "check",
    "web_images",
    "web_links",
]


def check(snapshot: dict[str, Any]) -> Findings:
    """Return what the rules on the text find in *snapshot*."""
    return TEXT.check(Reading(snapshot))
