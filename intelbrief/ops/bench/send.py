"""How fast an edition goes out: the whole path, with real workers and the ledger."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from briefs.models import Brief
from deliveries import reports
from deliveries.models import Delivery, Edition
from deliveries.tasks import tick
from intelbrief.ops import population
from intelbrief.ops.bench import messages, usage, yardstick
from intelbrief.ops.bench.verifying import verify
from intelbrief.ops.scratch import CannotRun, Running, Scratch, send_through
from intelbrief.ops.sinks.recording import KINDS, RecordingSink
from subscribers.doorbell import ring_now

VERIFIED = 20_000


@dataclass(frozen=True)
class Prepared:
    """A brief that is ready to be sent, and how large its letters are."""

    brief: Brief
    octets: int


@dataclass
class Bench:
    """One measurement, as the command asked for it."""

    scratch: Scratch
    recipients: int
    provider: str
    processes: int
    message: str
    say: Callable[[str], None]

    def run(self) -> dict[str, Any]:
        """Measure, verify, and return what is printed."""
        self.say(f"{self.recipients} readers …")
        population.make_readers(self.recipients)
        if self.provider != "smtp":
            timed = self._send_to_our_sink(KINDS[self.provider])
        elif yardstick.is_here():
            timed = self._send_beside_smtp_source()
        else:
            self.say("There is no smtp-sink (package postfix): it is timed against our own sink.")
            timed = self._send_to_our_sink(RecordingSink)
        verified = self._verify(KINDS[self.provider])
        return {"recipients": self.recipients, **timed, "verified": verified}

    # --- timing -----------------------------------------------------------

    def _send_beside_smtp_source(self) -> dict[str, Any]:
        sink = yardstick.SmtpSink(self.scratch)
        self._lane({"provider": "smtp", "url": sink.url})
        prepared = self._prepare()
        octets = prepared.octets
        self.say(f"smtp-source, {octets} octets a message, before and after …")
        half = max(1, self.recipients // 2)
        seconds = yardstick.smtp_source(sink.port, half, octets)
        timed = self._time(prepared)
        seconds += yardstick.smtp_source(sink.port, half, octets)
        counted = sink.messages - 2 * half
        if counted != self.recipients:
            raise CannotRun(f"smtp-sink counted {counted} messages of {self.recipients}.")
        self.scratch.kill(sink.running)
        source = 2 * half / seconds
        return timed | {
            "smtp_source_per_second": round(source, 1),
            "ratio": round(timed["messages_per_second"] / source, 3),
        }

    def _send_to_our_sink(self, kind: Callable[[Scratch], RecordingSink]) -> dict[str, Any]:
        sink = kind(self.scratch)
        self._lane(sink.lane, sink.environment)
        timed = self._time(self._prepare())
        self.scratch.kill(sink.running)
        return timed | {"smtp_source_per_second": None, "ratio": None}

    def _lane(self, lane: dict[str, Any], environment: Mapping[str, str] | None = None) -> None:
        os.environ.update(environment or {})
        send_through(concurrency=self.processes, **lane)

    def _prepare(self) -> Prepared:
        publication = population.make_publication(self.recipients)
        brief = messages.make(publication, self.message)
        return Prepared(brief, len(messages.specimen_of(brief).as_bytes()))

    def _time(self, prepared: Prepared) -> dict[str, Any]:
        """Send one edition and return the figures; the clock is the database's."""
        ours = self.start_processes()
        services = [one for one in (self.scratch.valkey, self.scratch.postgres) if one]
        roots = [one.pid for one in (*ours, *services)]
        before = {one.name: usage.cpu_seconds([one.pid]) for one in (*ours, *services)}
        edition = population.schedule(prepared.brief)
        ring_now(tick)
        self._wait(edition, ours)
        used = {
            one.name: usage.cpu_seconds([one.pid]) - before[one.name] for one in (*ours, *services)
        }
        peak = usage.peak_megabytes(roots)
        shares = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in used.items())
        self.say(f"processor time: {shares}")
        for one in ours:
            self.scratch.stop(one)
        edition.refresh_from_db()
        assert edition.started_at
        assert edition.frozen_at
        assert edition.finished_at
        seconds = (edition.finished_at - edition.frozen_at).total_seconds()
        self._require_that_all_were_sent(edition)
        return {
            "seconds": round(seconds, 3),
            "messages_per_second": round(self.recipients / seconds, 1),
            "cpu_seconds_per_1000": round(sum(used.values()) / self.recipients * 1000, 4),
            "peak_rss_mb": round(peak, 1),
            "freeze_seconds": round((edition.frozen_at - edition.started_at).total_seconds(), 3),
        }

    def start_processes(self) -> list[Running]:
        """Start the worker and the scheduler; one child more than sends, for the ticks."""
        self.say("starting the worker and the scheduler …")
        return [self.scratch.worker(self.processes + 1), self.scratch.scheduler()]

    def _wait(self, edition: Edition, ours: list[Running]) -> None:
        """Return once *edition* has finished; raise CannotRun when that cannot be."""
        moved_at, last = time.monotonic(), -1
        shown_at = time.monotonic()
        while True:
            status = Edition.objects.values_list("status", flat=True).get(pk=edition.pk)
            if status == Edition.Status.FINISHED:
                return
            dead = [one.name for one in ours if not one.is_alive]
            if dead or status in (Edition.Status.MISSED, Edition.Status.PAUSED):
                raise CannotRun(f"The edition is {status}; dead: {dead}.{self._why(edition)}")
            if time.monotonic() - shown_at > 5:
                shown_at = time.monotonic()
                sent = Delivery.objects.filter(edition=edition, status="sent").count()
                self.say(f"{sent} sent")
                if sent != last:
                    moved_at, last = time.monotonic(), sent
                if time.monotonic() - moved_at > 90:
                    raise CannotRun(f"Nothing has moved for 90 s.{self._why(edition)}")
            time.sleep(0.1)

    def _why(self, edition: Edition) -> str:
        edition.refresh_from_db()
        return f"\n{edition.word}\n{reports.summary(edition)}\n{self.scratch.last_words()}"

    def _require_that_all_were_sent(self, edition: Edition) -> None:
        sent = reports.summary(edition)["statuses"]["sent"]
        if sent != self.recipients:
            raise CannotRun(f"{sent} of {self.recipients} were sent.{self._why(edition)}")

    # --- verifying --------------------------------------------------------

    def _verify(self, kind: Callable[[Scratch], RecordingSink]) -> bool:
        """Send again, untimed, to a sink that keeps the tokens, and look at each letter."""
        readers = min(self.recipients, VERIFIED)
        self.say(f"{readers} more to a sink that records …")
        sink = kind(self.scratch)
        sink.behave(tokens=True)
        self._lane(sink.lane, sink.environment)
        publication = population.make_publication(readers)
        ours = self.start_processes()
        edition = population.schedule(messages.make(publication, self.message))
        ring_now(tick)
        self._wait(edition, ours)
        for one in ours:
            self.scratch.stop(one)
        problem = verify(edition, sink)
        if problem:
            self.say(problem)
        return not problem
