"""Sending: lease a batch, take a slice, hand it over, settle; until time is up."""

import logging
import time
from collections.abc import Iterator

from django.db import DatabaseError, connection

from deliveries import lanes, leases, ledger, letters, owners, providers, throttle
from deliveries.journal import JournalFailed
from deliveries.leases import Lease
from deliveries.ledger import Fate, Outcome
from deliveries.letters import Letter
from deliveries.models import Batch, Edition

log = logging.getLogger(__name__)

# A slice is at most this many letters and about this many seconds of work: who
# leaves, pauses or cancels waits no longer, and each costs two durable commits.
MOST, FIRST, SECONDS = Batch.SIZE, 20, 2.0
SETTLE_TRIES = 60


class _Stop:
    """Set when the process was told to end: the message in hand is finished, no more."""

    requested = False


def stop_soon(*_signal: object) -> None:
    """Finish the message in hand and give the rest back; a handler for SIGTERM."""
    _Stop.requested = True


def drain(lane: str, seconds: float = 20.0) -> bool:
    """Send what is due on *lane*; return True if time ended before the work did."""
    deadline = time.monotonic() + seconds
    owner = owners.mine()
    pace = _Pace()
    try:
        with providers.opened(lane, owner.journal) as provider:
            while time.monotonic() < deadline and not _Stop.requested:
                lease = leases.claim(lane, owner)
                if lease is None:
                    return False
                _send_batch(lease, provider, pace, deadline)
    except lanes.LaneTrouble as trouble:
        lanes.hold(lane, trouble)
        return False
    return not _Stop.requested


class _Pace:
    """How many letters make a slice of two seconds, learned from the last one."""

    def __init__(self) -> None:
        self.size = FIRST

    def learn(self, letters: int, seconds: float) -> None:
        """Take *letters* in *seconds* as the rate of the lane."""
        fits = int(letters * SECONDS / max(seconds, 0.001))
        self.size = max(1, min(MOST, fits))


def _send_batch(lease: Lease, provider: providers.Provider, pace: _Pace, deadline: float) -> None:
    """Send slice after slice of one batch, until it is empty, lost, or time is up."""
    try:
        with leases.renewed(lease):
            mail = letters.load(lease.edition_id)
            while time.monotonic() < deadline and not _Stop.requested:
                grant = throttle.ask(lease.lane, pace.size, deadline)
                if not grant.letters:
                    return
                lease.owner.journal.begin(lease.batch_id, lease.epoch, grant.letters)
                rows = leases.take_slice(lease, grant.letters) or []
                throttle.give_back(lease.lane, grant, grant.letters - len(rows))
                if not rows:
                    return
                begun = time.monotonic()
                _send_slice([letters.write(mail, row) for row in rows], provider)
                pace.learn(len(rows), time.monotonic() - begun)
    except JournalFailed as full:
        raise lanes.LaneTrouble(str(full)) from full
    except lanes.LaneTrouble as trouble:
        Edition.objects.filter(pk=lease.edition_id).update(word=str(trouble)[:1000])
        raise
    finally:
        leases.close_or_give_back(lease)


def _send_slice(slice_: list[Letter], provider: providers.Provider) -> None:
    """Hand over one slice and settle each of its letters, whatever happens."""
    open_: dict[int, Letter] = {letter.delivery: letter for letter in slice_}
    outcomes: list[Outcome] = []
    # Until the provider has judged it, a letter may have gone out.
    rest = Fate.IN_DOUBT
    try:
        for outcome in provider.deliver(_until_stopped(slice_)):
            outcomes.append(outcome)
            del open_[outcome.delivery]
        rest = Fate.NOT_ACCEPTED
    except lanes.LaneTrouble:
        rest = Fate.NOT_ACCEPTED
        raise
    finally:
        reason = "crash" if rest is Fate.IN_DOUBT else ""
        outcomes += [Outcome(o.delivery, o.attempt, rest, reason) for o in open_.values()]
        _settle(outcomes)


def _until_stopped(slice_: list[Letter]) -> Iterator[Letter]:
    for letter in slice_:
        if _Stop.requested:
            return
        yield letter


def _settle(outcomes: list[Outcome]) -> None:
    """Record *outcomes*, trying again while the database is away: they are never thrown away."""
    for attempt in range(SETTLE_TRIES):
        try:
            ledger.settle(outcomes)
        except DatabaseError:
            if attempt == SETTLE_TRIES - 1:
                raise
            log.warning("The ledger cannot be written; %s outcomes wait.", len(outcomes))
            time.sleep(1)
            if not connection.in_atomic_block:
                connection.close()
        else:
            return
