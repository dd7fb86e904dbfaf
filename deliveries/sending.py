"""Sending: lease a batch, take a slice, hand it over, settle; until time is up."""

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import suppress

from django.db import Error, connection
from structlog.contextvars import bind_contextvars, unbind_contextvars

from deliveries import (
    brakes,
    domains,
    lanes,
    leases,
    ledger,
    letters,
    meter,
    owners,
    providers,
    slices,
    throttle,
)
from deliveries.journal import JournalFailed
from deliveries.leases import IN_VAIN, Lease
from deliveries.ledger import Fate, Outcome
from deliveries.letters import EditionMail, Letter
from deliveries.models import Batch

log = logging.getLogger(__name__)

# A slice is at most this many letters and about this many seconds of work: who
# leaves, pauses or cancels waits no longer, and each costs two durable commits.
MOST, FIRST, SECONDS = Batch.SIZE, 20, 2.0
SETTLE_TRIES = 60
# How long the answers to final dots are waited for once the process is told to end.
LAST_ANSWERS = 25.0


class _Stop:
    """Set when the process was told to end: the messages in hand are finished, no more."""

    requested = False
    provider: providers.Provider | None = None


def stop_soon(*_signal: object) -> None:
    """Finish the messages in hand and give the rest back; a handler for SIGTERM."""
    _Stop.requested = True
    if _Stop.provider is not None:
        _Stop.provider.finish_within(LAST_ANSWERS)


def drain(lane: str, seconds: float = 20.0) -> bool:
    """Send what is due on *lane*; return True if time ended before the work did."""
    deadline = time.monotonic() + seconds
    bind_contextvars(lane=lane)
    owner = owners.mine()
    pace = _Pace()
    try:
        with providers.opened(lane, owner.journal) as provider:
            _Stop.provider = provider
            is_left = False
            lease = leases.claim(lane, owner)
            while lease is not None:
                provider.may_send = lambda _letter, lease=lease: lease.holds()
                is_left, lease = _send_batch(lease, provider, pace, deadline)
            return is_left and not _Stop.requested
    except lanes.LaneTrouble as trouble:
        lanes.hold(lane, trouble)
        meter.count_trouble(lane, trouble)
        return False
    finally:
        _Stop.provider = None
        meter.hand_in()
        unbind_contextvars("lane", "edition", "batch")


class _Pace:
    """What one batch leaves to the next: how many letters fit two seconds, and the mail itself."""

    def __init__(self) -> None:
        self.size = FIRST
        self.mail: EditionMail | None = None

    def learn(self, letters: int, seconds: float) -> None:
        """Take *letters* in *seconds* as the rate of the lane."""
        fits = int(letters * SECONDS / max(seconds, 0.001))
        self.size = max(1, min(MOST, fits))


def _send_batch(
    lease: Lease, provider: providers.Provider, pace: _Pace, deadline: float
) -> tuple[bool, Lease | None]:
    """Send slice after slice of one batch, until it is empty, lost, or time is up.

    Return whether work may be left, and the lease on the next batch unless
    time is up. Raise LaneTrouble, also for a fault of our own: the lane
    rests, and the batch lets others go first.
    """
    bind_contextvars(edition=lease.edition_id, batch=lease.batch_id)
    trouble: lanes.LaneTrouble | None = None
    is_through = False
    try:
        mail = pace.mail = _load(lease, pace.mail)
        if mail is not None:
            with leases.renewed(lease):
                _send_slices(lease, mail, provider, pace, deadline)
        is_through = True
    except lanes.LaneTrouble as error:
        trouble = error
    except JournalFailed as error:
        trouble = lanes.OurFault(str(error))
    except Error as error:
        trouble = lanes.OurFault(f"The database is away: {error}")
    except Exception as error:  # a worker that dies of it would leave the batch to die of it again
        log.exception("Batch %s of edition %s failed.", lease.batch_id, lease.edition_id)
        trouble = lanes.OurFault(f"A fault in the program: {error!r}. See the worker's log.")
    finally:
        if not is_through:
            rest = dt.timedelta(seconds=lanes.HOLD_SECONDS) if trouble else dt.timedelta(0)
            leases.close_or_give_back(lease, rest)
    if trouble:
        brakes.heed(lease.edition_id, trouble)
        raise trouble
    if time.monotonic() < deadline and not _Stop.requested:
        return leases.move_on(lease)
    leases.close_or_give_back(lease)
    return True, None


def _load(lease: Lease, last: EditionMail | None) -> EditionMail | None:
    """Return the mail of the leased batch; pause an edition whose mail cannot be made.

    *last* is the mail of the batch before, which mostly is of the same edition.
    """
    if last is not None and last.edition_id == lease.edition_id:
        return last
    try:
        return letters.load(lease.edition_id)
    except Error:
        raise
    except Exception as error:  # it fails for this edition alone, which waits for a person
        log.exception("The mail of edition %s cannot be made.", lease.edition_id)
        brakes.pause(lease.edition_id, f"Its mail cannot be made: {error!r}. See the worker's log.")
        return None


def _send_slices(
    lease: Lease, mail: EditionMail, provider: providers.Provider, pace: _Pace, deadline: float
) -> None:
    journal = lease.owner.journal
    lease.wants_attributes = mail.needs_attributes
    while time.monotonic() < deadline and not _Stop.requested:
        wanted = 1 if lease.claims >= IN_VAIN else pace.size
        grant = throttle.ask(lease.lane, wanted, deadline)
        if not grant.letters:
            return
        lease.judged = left = 0
        try:
            journal.begin(lease.batch_id, lease.epoch, grant.letters)
            turns = slices.take_slice(lease, grant.letters) or []
            if turns:
                begun = time.monotonic()
                handed_over = _send_slice(lease, [Letter(mail, *turn) for turn in turns], provider)
                pace.learn(handed_over, time.monotonic() - begun)
                left = len(turns) - handed_over
        finally:
            _give_back(lease, grant)
        brakes.watch(lease)
        if not (lease.has_more or left):
            return


def _give_back(lease: Lease, grant: throttle.Grant) -> None:
    """Return what the last slice has not used of *grant*."""
    if unused := grant.letters - lease.judged:
        # Written down first: whoever takes over gives back what this worker did not.
        with suppress(JournalFailed):
            lease.owner.journal.give_back()
        throttle.give_back(lease.lane, grant, unused)


def _send_slice(lease: Lease, slice_: list[Letter], provider: providers.Provider) -> int:
    """Hand over one slice and settle each of its letters; return how many were judged.

    Whatever is raised meanwhile, a letter is in doubt only if the journal
    says that its body may have gone out.
    """
    open_: dict[int, Letter] = {letter.delivery: letter for letter in slice_}
    outcomes: list[Outcome] = []
    is_judged = False
    known = domains.on(lease.lane)
    begun_at = time.monotonic()
    try:
        for outcome in provider.deliver(_for_two_seconds(lease, slice_)):
            outcomes.append(outcome)
            known.hear(open_.pop(outcome.delivery), outcome)
        is_judged = True
    except (lanes.LaneTrouble, JournalFailed):
        is_judged = True
        if any(outcome.fate is Fate.SENT for outcome in outcomes):
            lanes.forget_trouble(lease.lane)  # it gets on, if in fits
        raise
    finally:
        seconds = time.monotonic() - begun_at
        begun = set() if is_judged else lease.owner.journal.begun
        untouched = [_unjudged(letter, begun) for letter in open_.values()]
        # A lane that is down has not come to any letter: none of them is the cause.
        outcomes = _set_aside(lease, outcomes) + (
            untouched if is_judged else _set_aside(lease, untouched)
        )
        lease.count(outcomes)
        _settle(outcomes)
        if lease.judged:
            leases.made_progress(lease)
        meter.count(lease.lane, outcomes, seconds)  # last: nothing waits for what only watches
    if any(outcome.fate is Fate.SENT for outcome in outcomes):
        lanes.was_answered(lease.lane, lease.edition_id)
    return len(slice_) - len(open_)


def _unjudged(letter: Letter, begun: set[tuple[int, int]]) -> Outcome:
    """Return what is known of a letter that the provider did not judge."""
    if (letter.delivery, letter.attempt) in begun:
        return Outcome(letter.delivery, letter.attempt, Fate.IN_DOUBT, "crash")
    return Outcome(letter.delivery, letter.attempt, Fate.NOT_ACCEPTED)


def _set_aside(lease: Lease, outcomes: list[Outcome]) -> list[Outcome]:
    """Defer the letter over which its batch fails again and again, so that the others go on."""
    if lease.claims < IN_VAIN:
        return outcomes
    return [
        Outcome(o.delivery, o.attempt, Fate.DEFERRED, "set-aside", o.reply)
        if o.fate is Fate.NOT_ACCEPTED
        else o
        for o in outcomes
    ]


def _for_two_seconds(lease: Lease, slice_: list[Letter]) -> Iterator[Letter]:
    """Yield letters while the slice is young; the rest was never begun and goes back."""
    known = domains.on(lease.lane)
    until = time.monotonic() + SECONDS
    for letter in slice_:
        if _Stop.requested or time.monotonic() > until:
            return
        if not (lease.puts_off and known.rests(letter)):
            yield letter


def _settle(outcomes: list[Outcome]) -> None:
    """Record *outcomes*, trying again while the database is away: they are never thrown away."""
    for attempt in range(SETTLE_TRIES):
        try:
            ledger.settle(outcomes)
        except Error:
            if attempt == SETTLE_TRIES - 1:
                raise
            log.warning("The ledger cannot be written; %s outcomes wait.", len(outcomes))
            time.sleep(1)
            if not connection.in_atomic_block:
                connection.close()
        else:
            return
