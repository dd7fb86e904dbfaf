"""How long a confirmation waits while an edition goes out: it must not queue behind a million."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from deliveries.models import Edition
from deliveries.tasks import tick
from intelbrief.ops import population
from intelbrief.ops.bench import messages
from intelbrief.ops.scratch import CannotRun, Scratch, send_through
from intelbrief.ops.sinks.recording import RecordingSink
from subscribers import consent
from subscribers.doorbell import ring_now
from subscribers.models import Notice
from subscribers.tasks import send_notices

SIGN_UPS = 30
LONGEST = 60.0  # seconds that one is waited for


def run(scratch: Scratch, recipients: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Send to *recipients* at full speed, sign readers up meanwhile, and return the waits."""
    population.make_readers(recipients)
    sink = RecordingSink(scratch)
    send_through(concurrency=2, **sink.lane)
    publication = population.make_publication(recipients)
    other = population.make_publication(0)
    say("starting the worker and the scheduler …")
    # As many children as `up` gives them: those that send, and two for all else.
    ours = [scratch.worker(4), scratch.scheduler()]
    edition = population.schedule(messages.make(publication, "html11k"))
    ring_now(tick)
    _wait_until_it_goes(edition)
    waits = [_sign_up(other, number) for number in range(SIGN_UPS)]
    edition.refresh_from_db()
    if edition.status != Edition.Status.SENDING:
        raise CannotRun("The edition was over before the sign-ups were: take more recipients.")
    for one in ours:
        scratch.stop(one)
    return {
        "recipients": recipients,
        "sign_ups": SIGN_UPS,
        "median_seconds": round(statistics.median(waits), 3),
        "longest_seconds": round(max(waits), 3),
    }


def _wait_until_it_goes(edition: Edition) -> None:
    deadline = time.monotonic() + LONGEST
    while not edition.deliveries.filter(status="sent").exists():
        if time.monotonic() > deadline:
            raise CannotRun("The edition does not start.")
        time.sleep(0.05)


def _sign_up(publication: Any, number: int) -> float:
    """Ask for *publication* as a form does; return the seconds until the mail has gone."""
    began = time.monotonic()
    subscription = consent.request(publication, f"new{number}@readers.example", source="bench")
    ring_now(send_notices)
    sent = Notice.objects.filter(subscription=subscription, status=Notice.Status.SENT)
    while not sent.exists():
        if time.monotonic() - began > LONGEST:
            raise CannotRun(f"Confirmation {number} has not gone after {LONGEST:.0f} s.")
        time.sleep(0.01)
    return time.monotonic() - began
