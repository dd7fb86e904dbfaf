"""What one reader opened and followed: known under the policy *per reader*, and shown under it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F

from briefs.models import Publication
from deliveries.models import PIXEL, Delivery, Edition, Link, ReaderHit

PER_READER = Publication.Tracking.PER_READER


@dataclass
class Attention:
    """What was done with one copy, by the reader; and whether machines looked at it too."""

    opened_at: dt.datetime | None = None
    # (target, when first, how often), in the order of following them.
    followed: list[tuple[str, dt.datetime, int]] = field(default_factory=list)
    by_machines: bool = False

    @property
    def is_seen(self) -> bool:
        """Tell whether the reader has looked at it."""
        return self.opened_at is not None or bool(self.followed)


def of(copies: Iterable[Delivery]) -> dict[int, Attention]:
    """Return {delivery: Attention} of those *copies* that were mailed under *per reader*.

    And whose publication still has that policy: who has changed it has said
    that nobody looks at single readers any more.
    """
    by_edition = {copy.edition_id: copy.pk for copy in copies}
    editions = Edition.objects.filter(pk__in=by_edition, publication__tracking=PER_READER)
    known = {
        by_edition[edition.pk]: Attention()
        for edition in editions.select_related("revision")
        if edition.revision.snapshot["publication"]["tracking"] == PER_READER
    }
    hits = ReaderHit.objects.filter(delivery__in=list(known)).annotate(
        edition=F("delivery__edition_id")
    )
    rows = list(hits.order_by("first_at", "pk"))
    targets = {
        (link.edition_id, link.position): link.url
        for link in Link.objects.filter(edition__in=list(by_edition)) if rows
    }  # fmt: skip
    for hit in rows:
        attention = known[hit.delivery_id]
        if hit.is_machine:
            attention.by_machines = True
        elif hit.position == PIXEL:
            attention.opened_at = attention.opened_at or hit.first_at
        else:
            target = targets.get((hit.edition, hit.position), "")
            attention.followed.append((target, hit.first_at, hit.hits))
    return known
