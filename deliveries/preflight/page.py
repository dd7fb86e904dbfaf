"""docs/preflight.md, written from the registries of rules."""

import re
from html import escape
from typing import Any

from briefs.preflight import Registry, Rule, Severity
from deliveries.preflight import REGISTRIES

_HEAD = """\
# Preflight: what is looked at before a brief goes out

<!-- Made from the rules by `manage.py preflight --docs > docs/preflight.md`; a test tells when
     it is stale. Change the docstring of a rule, not this page. -->

An **error** stops the send, a **warning** is said. Both are shown in the
brief's form while somebody writes and on the send screen; errors are enforced
when a brief is handed in for review, when it is scheduled, and when its
edition starts. `manage.py preflight BRIEF_ID [--json]` tells them to a script,
and exits with 0, with 1 where there are errors, with 2 where there is no such
brief.

Links, images, DNS and provider are looked up by a few threads beside the page,
and what they found is good for an hour (trouble: ten minutes; the provider:
two). While somebody writes, nothing waits for them; before a brief is handed in
or scheduled, they have four seconds. A resolver that knows no name of the
internet proves nothing, and neither does a server that refuses programs: both
only warn. An edition that starts does not look at them again: it is not stopped
because another site is down at six in the morning.

Only public addresses are asked, each connection goes to the very address that
was looked at, redirects are followed five times at most, and an answer has
five seconds. `CHECK_OUTSIDE=false` turns all of it off; in a try-out with the
local inbox, and for domains like `.example`, no DNS is asked.
"""


def make() -> str:
    """Return the whole page."""
    return _HEAD + "".join(map(_section, REGISTRIES))


def _section(registry: Registry[Any]) -> str:
    head = f"\n## {registry.title}\n\n| rule | | what it looks for, and why |\n|---|---|---|\n"
    return head + "".join(map(_row, registry.rules))


def _row(rule: Rule[Any]) -> str:
    severity = "**error**" if rule.severity is Severity.ERROR else "warning"
    reason = re.sub(r"([|*\\])", r"\\\1", escape(rule.reason, quote=False))
    return f"| `{rule.name}` | {severity} | {reason} |\n"
