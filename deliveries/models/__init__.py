"""The send: what goes out to whom, and what became of it."""

from deliveries.models.editions import CompiledMail, Edition, Link, Segment, Tally
from deliveries.models.installation import Installation, Quota
from deliveries.models.ledger import Batch, Delivery
from deliveries.models.readership import Readership

__all__ = [
    "Batch",
    "CompiledMail",
    "Delivery",
    "Edition",
    "Installation",
    "Link",
    "Quota",
    "Readership",
    "Segment",
    "Tally",
]
