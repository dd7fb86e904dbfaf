"""What became of the rows: counts, reasons, and the first rows that a person should look at."""

from dataclasses import dataclass, field
from typing import Any

from subscribers.importing.deciding import OUTCOMES, Verdict
from subscribers.importing.reading import Record
from subscribers.importing.rows import Refused, Row

MOST_SAMPLES = 200


@dataclass
class Tally:
    """The counts of a run so far."""

    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    # [row, address, outcome, code of the reason, detail]
    samples: list[list[Any]] = field(default_factory=list)

    def copy(self) -> "Tally":
        """Return one that can be counted on with and thrown away."""
        return Tally(dict(self.counts), dict(self.reasons), list(self.samples))

    def count(self, record: Record, verdict: Verdict, what: Row | Refused) -> None:
        """Add one row."""
        outcome, reason = verdict
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if reason:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if outcome not in ("created", "unchanged") and len(self.samples) < MOST_SAMPLES:
            self.samples.append([record.number, _who(what, reason), outcome, reason, _why(what)])

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return sum(self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        """Return all counts, those that are zero too."""
        return {
            "rows": self.rows,
            **{outcome: self.counts.get(outcome, 0) for outcome in OUTCOMES},
            "reasons": self.reasons,
        }


def _who(what: Row | Refused, reason: str) -> str:
    return what.address.address if isinstance(what, Row) and reason != "erasure" else ""


def _why(what: Row | Refused) -> str:
    return what.detail[:200] if isinstance(what, Refused) else ""
