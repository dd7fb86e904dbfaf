"""The scene of a drill: an edition on its way to a sink, with workers that may be attacked."""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from deliveries import control, reports
from deliveries.models import Batch, Delivery, Edition
from deliveries.tasks import tick
from intelbrief.ops import population
from intelbrief.ops.drill.audit import Report, audit
from intelbrief.ops.scratch import CannotRun, Running, Scratch, send_through
from intelbrief.ops.sinks.recording import RecordingSink
from subscribers.doorbell import ring_now

SENDERS = 2  # workers' children that send at a time
LEASE_SECONDS = 4.0
# A day's work within seconds.
QUICK = {
    "TICK_SECONDS": "0.3",
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "LANE_REST_SECONDS": "1",
    "FIRST_RETRY_SECONDS": "1",
    "DOMAIN_REST_SECONDS": "1",
}


class Scene:
    """What a drill works on; a fresh one for each."""

    def __init__(
        self,
        scratch: Scratch,
        sink: RecordingSink,
        recipients: int,
        rounds: int,
        say: Callable[[str], None],
    ) -> None:
        self.scratch = scratch
        self.sink = sink
        self.recipients = recipients
        self.rounds = rounds
        self.say = say
        self.workers: list[Running] = []
        self.most_open = 0
        self.chance = random.Random()  # noqa: S311  (chooses whom to kill)
        self.problems: list[str] = []
        self._missed = 0
        self._begun_at = 0.0
        self.edition: Edition

    # --- the send ---------------------------------------------------------

    def begin(self, **how: Any) -> Edition:
        """Schedule an edition to all readers, to a sink that behaves as *how* says."""
        self.stage(**how)
        return self.schedule()

    def stage(self, readers: int = 0, **how: Any) -> None:
        """Make the publication and its brief, and set the sink to *how*."""
        self.recipients = readers or self.recipients
        self._missed = 0
        os.environ.update(self.sink.environment)
        send_through(concurrency=SENDERS, **self.sink.lane)
        self.sink.reset()
        self.sink.behave(**how)
        self.publication = population.make_publication(self.recipients)
        self.brief = population.make_brief(self.publication, "html11k", 500)
        self._begun_at = time.monotonic()

    def schedule(self) -> Edition:
        """Let the brief go out now."""
        self.edition = population.schedule(self.brief)
        ring_now(tick)
        return self.edition

    def strikes(self, rounds: int = 0) -> Iterator[int]:
        """Yield a number for each fault, when it shall strike: all over the send, at random."""
        rounds = rounds or self.rounds
        for number in range(rounds):
            share = self.recipients / (rounds + 1)
            if not self._reach(round(share * (number + self.chance.uniform(0.6, 1.2)))):
                self.say(f"The edition was over after {number} of {rounds} faults.")
                self.problems += [] if number else ["No fault struck: there were too few readers."]
                return
            yield number

    def _reach(self, readers: int, seconds: float = 120) -> bool:
        """Wait until so many readers are settled; return False if the edition is over first.

        Who is in doubt gets nothing, so what the sink took is not enough to know.
        """
        deadline = time.monotonic() + seconds
        while self.sink.wait_for(readers - self._missed, 0.5).accepted < readers - self._missed:
            rows = Delivery.objects.filter(edition=self.edition)
            taken = self.sink.state().accepted
            waiting = rows.filter(status__in=["pending", "sending"]).count()
            if rows.exists():
                self._missed = max(0, self.recipients - waiting - taken)
            self.edition.refresh_from_db()
            if self.edition.status == Edition.Status.FINISHED:
                return False
            if time.monotonic() > deadline:
                raise CannotRun(f"The send stands still.{self.why()}")
        return True

    def finish(self, seconds: float = 0) -> None:
        """Return once the edition is over and nobody holds anything of it."""
        limit = seconds or 120 + self.recipients / 200
        deadline = time.monotonic() + limit
        while True:
            try:
                self.edition.refresh_from_db()
                held = Batch.objects.filter(edition=self.edition, owner__isnull=False).exists()
                if self.edition.status == Edition.Status.FINISHED and not held:
                    return
                if self.edition.status == Edition.Status.PAUSED:
                    # What an editor does who has read why.
                    self.say(f"resumed: {self.edition.word}")
                    control.resume(self.edition)
            except DatabaseError:
                connection.close()
            if time.monotonic() > deadline:
                raise CannotRun(f"The edition is not over after {limit:.0f} s.{self.why()}")
            time.sleep(0.1)

    def report(self, bound: int) -> Report:
        """Compare ledger and sink; *bound* is how many may be in doubt."""
        seconds = time.monotonic() - self._begun_at
        report = audit(self.edition, self.sink, bound=bound, seconds=seconds)
        report.problems += self.problems
        return report

    def why(self) -> str:
        """Return what is known of a run that hangs."""
        self.edition.refresh_from_db()
        words = f"\n{self.edition.status} {self.edition.word}\n{reports.summary(self.edition)}"
        return f"{words}\n{self.sink.state()}\n{self.scratch.last_words()}"

    # --- the workers ------------------------------------------------------

    def worker(
        self, name: str = "worker", prefix: Sequence[str] = (), **environment: str
    ) -> Running:
        """Start a worker with as many children as may send, and one for the ticks."""
        one = self.scratch.worker(SENDERS + 1, name, prefix, **QUICK, **environment)
        self.workers.append(one)
        return one

    def scheduler(self) -> Running:
        """Start a scheduler."""
        one = self.scratch.scheduler(**QUICK)
        self.workers.append(one)
        return one

    def kill(self, one: Running) -> None:
        """Kill *one* with its children."""
        self.scratch.kill(one)
        self.workers.remove(one)

    def clear(self) -> None:
        """Leave no worker to the next drill."""
        for one in self.workers[:]:
            self.kill(one)

    def host(self, name: str) -> dict[str, str]:
        """Return the environment of a worker on another host: same services, a disk of its own."""
        socket = settings.EMBEDDED_REDIS_SOCKET
        url = os.environ.get("DATABASE_URL") or f"sqlite:///{settings.VAR_DIR / 'db.sqlite3'}"
        return {
            "VAR_DIR": str(self.scratch.folder / name),
            "DATABASE_URL": url,
            "REDIS_URL": f"unix://{socket}?db=1",
            "BROKER_URL": f"redis+socket://{socket}?virtual_host=0",
            "SECRET_KEY": settings.SECRET_KEY,
            "TOKEN_KEYS": ",".join(settings.TOKEN_KEYS),
            "SUPPRESSION_KEY": settings.SUPPRESSION_KEY,
            "WEBHOOK_SECRET": settings.WEBHOOK_SECRET,
            "BACKUP_KEY": settings.BACKUP_KEY,
        }


@contextmanager
def staged(scene: Scene) -> Iterator[Scene]:
    """Clear the scene at the end, whatever happens."""
    try:
        yield scene
    finally:
        scene.clear()
