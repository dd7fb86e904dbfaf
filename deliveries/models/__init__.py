"""The send: what goes out to whom, and what became of it."""

from deliveries.models.editions import CompiledMail, Edition, Link, Segment, Tally
from deliveries.models.events import BounceCount, DeliveryEvent, InboundEvent
from deliveries.models.installation import Installation, Quota
from deliveries.models.ledger import Batch, Delivery
from deliveries.models.readership import Readership
from deliveries.models.tracking import PIXEL, HitCount, HitCursor, ReaderHit

__all__ = [
    "PIXEL",
    "Batch",
    "BounceCount",
    "CompiledMail",
    "Delivery",
    "DeliveryEvent",
    "Edition",
    "HitCount",
    "HitCursor",
    "InboundEvent",
    "Installation",
    "Link",
    "Quota",
    "ReaderHit",
    "Readership",
    "Segment",
    "Tally",
]
