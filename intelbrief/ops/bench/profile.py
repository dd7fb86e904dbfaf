"""Where the time of a send goes: one process, looked at whenever the kernel's clock ticks."""

import signal
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import connection

from deliveries import planning, sending
from deliveries.models import Delivery
from intelbrief.ops import population
from intelbrief.ops.bench import messages, yardstick
from intelbrief.ops.scratch import CannotRun, Scratch, send_through
from intelbrief.ops.sinks.recording import RecordingSink

# Innermost first: what stands on the stack decides whose time it is.
AREAS = {
    "the journal": ("deliveries/journal.py",),
    "claims, slices and settlements": (
        "deliveries/leases.py",
        "deliveries/slices.py",
        "deliveries/ledger.py",
    ),
    "writing letters": ("deliveries/letters.py", "deliveries/wire.py", "subscribers/tokens.py"),
    "sockets": ("deliveries/providers/lines.py",),
    "SMTP": ("deliveries/providers/",),
    "the rest of the send": ("deliveries/",),
}
PERIOD = 0.001  # seconds of processor time; the kernel rounds it up to its tick


def run(scratch: Scratch, recipients: int, message: str) -> dict[str, Any]:
    """Send in this process to a sink and return the shares of areas and functions in percent."""
    population.make_readers(recipients)
    if yardstick.is_here():
        send_through(provider="smtp", url=yardstick.SmtpSink(scratch).url)
    else:
        send_through(**RecordingSink(scratch).lane)
    publication = population.make_publication(recipients)
    edition = population.schedule(messages.make(publication, message))
    planning.start_due()
    samples: Counter[tuple[str, str]] = Counter()

    def look(_number: int, frame: FrameType | None) -> None:
        if frame:
            samples[_area(frame), _place(frame)] += 1

    signal.signal(signal.SIGPROF, look)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, PERIOD, PERIOD)
    try:
        while sending.drain("main"):
            pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - started
    sent = Delivery.objects.filter(edition=edition, status="sent").count()
    if sent != recipients:
        raise CannotRun(f"{sent} of {recipients} were sent.")
    return {
        "database": connection.vendor,
        "recipients": recipients,
        "cpu_seconds_per_1000": round(seconds / recipients * 1000, 4),
        **_shares(samples),
    }


def _shares(samples: Counter[tuple[str, str]]) -> dict[str, Any]:
    total = samples.total()
    areas: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for (area, place), count in samples.items():
        areas[area] += count
        places[place] += count

    def percent(counts: Counter[str], most: int) -> dict[str, float]:
        return {name: round(100 * n / total, 1) for name, n in counts.most_common(most)}

    return {"samples": total, "areas": percent(areas, 20), "functions": percent(places, 25)}


def _area(frame: FrameType) -> str:
    at: FrameType | None = frame
    while at is not None:
        path = at.f_code.co_filename
        if path.startswith(str(settings.BASE_DIR)):
            for area, files in AREAS.items():
                if any(file in path for file in files):
                    return area
        at = at.f_back
    return "the rest"


def _place(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    return f"{'/'.join(path.parts[-2:])}:{frame.f_code.co_qualname}"
