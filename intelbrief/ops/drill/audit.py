"""The audit: what the ledger says of each reader, against what the server took."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from briefs.models import User
from deliveries.models import Delivery, Edition
from intelbrief.ops.sinks.recording import RecordingSink
from subscribers.models import Subscription

TAKEN = {
    Delivery.Status.SENT,
    Delivery.Status.DELIVERED,
    Delivery.Status.BOUNCED,
    Delivery.Status.COMPLAINED,
}
UNFINISHED = {Delivery.Status.PENDING, Delivery.Status.SENDING}


@dataclass
class Report:
    """What became of the audience.

    *lost* are readers of whom the ledger says "sent" while the server took
    nothing, who still wait though the edition is over, or who never got a row;
    *unaccounted* are those who got a letter of which the ledger knows nothing.
    """

    audience: int
    accepted_once: int
    accepted_twice: int
    lost: int
    in_doubt: int
    in_doubt_bound: int
    unaccounted: int
    seconds: float
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if all that was promised has been kept."""
        broken = self.accepted_twice or self.lost or self.unaccounted
        return not broken and self.in_doubt <= self.in_doubt_bound and not self.problems

    def figures(self) -> dict[str, Any]:
        """Return what is printed."""
        figures = asdict(self)
        del figures["problems"]
        return figures


def audit(edition: Edition, sink: RecordingSink, *, bound: int, seconds: float) -> Report:
    """Compare the ledger of *edition*, whose work is over, with what *sink* took."""
    rows: dict[str, str] = dict(
        Delivery.objects.filter(edition=edition).values_list("subscriber__address", "status")
    )
    taken = Counter(one.recipient for one in sink.taken())
    # Nobody joins in a drill: all who subscribed, also those who left since, are the audience.
    readers = Subscription.objects.filter(publication=edition.publication).count()
    lost = readers - len(rows)
    # Words to editors go by the same server; an address that is both counts as a reader's.
    editors = set(User.objects.values_list("email", flat=True))
    taken = Counter(
        {one: count for one, count in taken.items() if one in rows or one not in editors}
    )
    unaccounted = sum(address not in rows for address in taken)
    for address, status in rows.items():
        if status in UNFINISHED or (status in TAKEN and address not in taken):
            lost += 1
        if address in taken and status not in TAKEN and status != Delivery.Status.IN_DOUBT:
            unaccounted += 1
    return Report(
        audience=len(rows),
        accepted_once=sum(count == 1 for count in taken.values()),
        accepted_twice=sum(count > 1 for count in taken.values()),
        lost=lost,
        in_doubt=sum(status == Delivery.Status.IN_DOUBT for status in rows.values()),
        in_doubt_bound=bound,
        unaccounted=unaccounted,
        seconds=round(seconds, 1),
    )
