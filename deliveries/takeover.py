"""Taking over from workers that are gone: what they had in hand, and what their journals prove."""

import uuid
from collections.abc import Collection

from django.db.models import F
from django.db.models.functions import Now

from deliveries import ledger, owners, tallies, throttle
from deliveries.journal import Slice
from deliveries.leases import IN_VAIN, LEASE
from deliveries.ledger import Fate, Outcome, durable
from deliveries.models import Batch, Delivery


def look_after_own() -> None:
    """Free what died on this disk, and settle what its journals prove; safe at any time.

    Where there are several hosts, a death is proved and a journal read on one
    of them only, and the sweep may be made by another for as long as it likes.
    """
    if here := owners.here():
        free_lost(here)
        hear_last_words()


def free_lost(among: Collection[uuid.UUID] | None = None) -> int:
    """Free the batches whose owner is dead or late, *among* some if given; return how many.

    With proof of the death, its journal tells of each letter whether it was
    judged, begun or untouched. Without, all it had in hand is in doubt, never
    pending: a socket cannot be fenced, and a stopped worker that is woken up
    goes on where it was.
    """
    freed = 0
    held = Batch.objects.filter(owner__isnull=False, done_at__isnull=True)
    if among is not None:
        held = held.filter(owner__in=among)
    for pk, owner, epoch, lane, until, claims in held.values_list(
        "pk", "owner", "epoch", "lane", "lease_until", "claims"
    ):
        if owner is None or until is None:
            continue
        lost = Batch.objects.filter(pk=pk, owner=owner, epoch=epoch)
        last = owners.testament(owner)
        if last is None:
            lost = lost.filter(lease_until__lt=Now())
        elif not last.speaks_of(pk, epoch):
            # It died, but its last slice was of another lease: of this one it says nothing.
            last = None
        with durable():
            if lost.update(owner=None, lease_until=None, epoch=F("epoch") + 1):
                freed += 1
                # This claim is counted, too: before it the batch was taken so often.
                _settle_what_was_in_hand(pk, last, is_in_vain=claims > IN_VAIN)
                if last is not None and last.unused:
                    # Else letters that nobody sent would spend the ramp of the lane.
                    throttle.give_back_lost(lane, until - LEASE, last.unused)
    return freed


def _settle_what_was_in_hand(batch: int, last: Slice | None, *, is_in_vain: bool) -> None:
    """Judge the rows that a lost owner left as sending, by its journal where there is one.

    Where worker after worker died over the batch, the letter in hand is set
    aside: what kills a process does so before anything is written down of it.
    """
    in_hand = Delivery.objects.filter(batch_id=batch, status=Delivery.Status.SENDING)
    if last is not None:
        ledger.settle(last.outcomes)
    left = list(in_hand.values_list("pk", "attempt"))
    begun = left if last is None else [letter for letter in left if letter in last.begun]
    in_hand.filter(pk__in=[pk for pk, _attempt in begun]).update(
        status=Delivery.Status.IN_DOUBT, reason="worker-lost", changed_at=Now()
    )
    if is_in_vain:
        ledger.settle(
            Outcome(pk, attempt, Fate.DEFERRED, "set-aside")
            for pk, attempt in in_hand.values_list("pk", "attempt")
        )
    in_hand.update(status=Delivery.Status.PENDING, changed_at=Now())


def hear_last_words() -> None:
    """Settle what the journals of those who are gone prove, once nothing is leased to them.

    So a host that comes back with its disk turns doubt into knowledge.
    """
    for owner, last in owners.last_words():
        if not Batch.objects.filter(owner=owner).exists():
            ledger.settle(last.outcomes)
            tallies.stale_by(outcome.delivery for outcome in last.outcomes)
            owners.lay_to_rest(owner)
