"""Ask whether a locked dependency has a known hole; fail if one has.

pip-audit asks PyPI. Where that does not answer (a mirror, or a machine without
a way out) nothing is known, which is said and is no reason to fail: the next
run with a way out tells.
"""

import json
import subprocess
import sys
from typing import Any

LOCKED = "requirements.txt"
PATIENCE = 180  # seconds, for a hundred questions
COMMAND = (
    *("-m", "pip_audit", "--requirement", LOCKED, "--disable-pip", "--no-deps"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
)


def main() -> int:
    """Audit, print the verdict, return the exit status."""
    try:
        done = subprocess.run(
            [sys.executable, *COMMAND],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        print(f"Not audited: no answer within {PATIENCE} s.")
        return 0
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        print(f"Not audited: {last}")
        return 0
    status, words = verdict(report)
    print(words)
    return status


def verdict(report: dict[str, Any]) -> tuple[int, str]:
    """Return the exit status and what to say of pip-audit's *report*."""
    all_ = report["dependencies"]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in "
        f"{', '.join(hole.get('fix_versions') or ()) or 'no version yet'}"
        for one in all_
        for hole in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in all_ if "skip_reason" in one]
    lines = [*holes]
    if unknown:
        lines.append(
            f"{len(unknown)} of {len(all_)} packages were not audited, as PyPI told nothing of "
            f"them here: {', '.join(unknown[:3])}{', …' if len(unknown) > 3 else ''}"
        )
    if not holes and len(unknown) < len(all_):
        lines.append(f"{len(all_) - len(unknown)} packages have no known hole.")
    return (1 if holes else 0), "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
