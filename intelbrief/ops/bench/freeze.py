"""How long it takes to write an audience into the ledger, and whom that blocks."""

import signal
import subprocess
import time
from typing import Any

from django.db import connections

from deliveries import compiling, freezing
from deliveries.models import Edition
from intelbrief.ops import population
from intelbrief.ops.bench import usage
from intelbrief.ops.scratch import CannotRun, Scratch
from intelbrief.ops.supervisor import python


def run(scratch: Scratch, recipients: int) -> dict[str, Any]:
    """Freeze an audience of *recipients* while somebody else writes; return the figures."""
    population.make_readers(recipients)
    publication = population.make_publication(recipients)
    brief = population.make_brief(publication, "sample")
    edition = population.schedule(brief)
    compiling.compile_edition(edition)
    Edition.objects.filter(pk=edition.pk).update(status=Edition.Status.SENDING)
    connections.close_all()
    writer = scratch.spawn(
        "writer",
        python("-m", "intelbrief.ops.bench.writer", str(publication.pk)),
        stdout=subprocess.PIPE,
    )
    output = writer.process.stdout
    assert output
    output.readline()  # it writes by now
    before = usage.peak_megabytes([_me()])
    started_at = time.monotonic()
    frozen = freezing.freeze(edition)
    seconds = time.monotonic() - started_at
    after = usage.peak_megabytes([_me()])
    writer.process.send_signal(signal.SIGTERM)
    longest = float(output.readline())
    edition.refresh_from_db()
    if not frozen or edition.audience != recipients:
        raise CannotRun(f"The audience has {edition.audience} of {recipients} readers.")
    return {
        "recipients": recipients,
        "freeze_seconds": round(seconds, 3),
        "recipients_per_second": round(recipients / seconds),
        "peak_rss_mb": round(after, 1),
        "grown_by_mb": round(after - before, 1),
        "longest_wait_of_a_writer_seconds": round(longest, 3),
    }


def _me() -> int:
    import os

    return os.getpid()
