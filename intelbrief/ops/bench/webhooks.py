"""How many provider events are taken and applied, with the worker killed in between.

Web server, worker, scheduler, Valkey and database really run. Each letter of an
edition gets one report over HTTP, every tenth of them twice; the worker is killed
with SIGKILL three times meanwhile. What the ledger says in the end is compared
with what was posted.
"""

import base64
import datetime as dt
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from deliveries.models import Batch, Delivery, DeliveryEvent, Edition, InboundEvent
from intelbrief.ops import population, services
from intelbrief.ops.bench import usage
from intelbrief.ops.instance import free_port
from intelbrief.ops.scratch import CannotRun, Running, Scratch
from subscribers.models import ConsentRecord, Subscriber, Suppression

CONNECTIONS = 4
KILLS = 3
# Every which letter is told of twice.
REPEATED = 10
PATIENCE = 120.0  # seconds
# What is told of a hundred letters.
_MIX = ("hard",) * 4 + ("soft",) * 2 + ("complaint",) + ("deferred",) * 3 + ("delivered",) * 90
_ENDS = {
    "delivered": Delivery.Status.DELIVERED,
    "hard": Delivery.Status.BOUNCED,
    "soft": Delivery.Status.BOUNCED,
    "complaint": Delivery.Status.COMPLAINED,
    "deferred": Delivery.Status.SENT,
}
_BOUNCES = {
    "hard": ("HardBounce", "smtp;550 5.1.1 user unknown"),
    "soft": ("SoftBounce", "smtp;552 5.2.2 over quota"),
    "complaint": ("SpamComplaint", ""),
    "deferred": ("Transient", "smtp;451 4.7.1 greylisted"),
}


def run(scratch: Scratch, events: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Post *events* reports and return the figures."""
    edition = _edition(events)
    posts = _posts(edition)
    port = free_port()
    service = services.web(port, {})
    say("starting web server, worker and scheduler …")
    web = scratch.spawn("web", service.command, is_ready=service.is_ready)
    given = [one for one in (scratch.valkey, scratch.postgres) if one]
    workers = [scratch.worker(2, **services.AFTER_PAGES)]
    scheduler = scratch.scheduler()
    roots = {one.name: one.pid for one in (web, scheduler, *given)}
    before = {name: usage.cpu_seconds([pid]) for name, pid in roots.items()}
    say(f"{len(posts)} posts of {events} events, {CONNECTIONS} at a time …")
    began = time.monotonic()
    killed = _Killer(scratch, workers, len(posts))
    statuses = _post_all(port, posts, killed)
    taken = time.monotonic() - began
    killed.join()
    _wait()
    seconds = time.monotonic() - began
    used = {name: usage.cpu_seconds([pid]) - before[name] for name, pid in roots.items()}
    used["workers, with their starts"] = killed.used + usage.cpu_seconds([workers[-1].pid])
    say("processor time: " + ", ".join(f"{name} {spent:.2f} s" for name, spent in used.items()))
    if statuses != {200: len(posts)}:
        raise CannotRun(f"The answers were {dict(statuses)}.")
    return {
        "events": events,
        "posts": len(posts),
        **_compared(edition, events),
        "kills": KILLS,
        "posts_per_second": round(len(posts) / taken, 1),
        "events_per_second": round(events / seconds, 1),
        "cpu_seconds_per_1000": round(sum(used.values()) / len(posts) * 1000, 4),
    }


def _kind(number: int) -> str:
    return _MIX[number * 37 % 100]


def _edition(count: int) -> Edition:
    """Return an edition that has gone out to *count* readers, its letters in order."""
    population.make_readers(count)
    edition = population.schedule(
        population.make_brief(population.make_publication(count), "sample")
    )
    now = timezone.now()
    Edition.objects.filter(pk=edition.pk).update(
        status=Edition.Status.FINISHED,
        started_at=now,
        frozen_at=now,
        finished_at=now,
        audience=count,
    )
    readers = Subscriber.objects.order_by("pk").values_list("pk", flat=True)[:count]
    batches = Batch.objects.bulk_create(
        Batch(edition=edition, number=number, not_before=now, done_at=now, sent=Batch.SIZE)
        for number in range(-(-count // Batch.SIZE))
    )
    Delivery.objects.bulk_create(
        (
            Delivery(
                edition=edition,
                subscriber_id=pk,
                batch=batches[number // Batch.SIZE],
                status="sent",
                attempt=1,
            )
            for number, pk in enumerate(readers)
        ),
        batch_size=1000,
    )
    return edition


def _posts(edition: Edition) -> list[bytes]:
    """Return the bodies, repeats among them."""
    at = (timezone.now() - dt.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = Delivery.objects.filter(edition=edition).order_by("pk")
    found: list[bytes] = []
    for number, (pk, address) in enumerate(rows.values_list("pk", "subscriber__address")):
        body = _body(_kind(number), pk, str(address), at)
        found.append(body)
        if number % REPEATED == 0:
            found.insert(max(0, len(found) - 50), body)
    return found


def _body(kind: str, delivery: int, address: str, at: str) -> bytes:
    event: dict[str, Any] = {
        "MessageID": f"00000000-0000-4000-8000-{delivery:012d}",
        "Metadata": {"delivery": str(delivery), "attempt": "1"},
    }
    if kind == "delivered":
        event |= {"RecordType": "Delivery", "Recipient": address, "DeliveredAt": at}
    else:
        type_, details = _BOUNCES[kind]
        record = "SpamComplaint" if kind == "complaint" else "Bounce"
        event |= {"RecordType": record, "Type": type_, "Details": details}
        event |= {"Email": address, "BouncedAt": at, "ID": delivery}
    return json.dumps(event).encode()


class _Killer:
    """Kills the worker when a share of the posts is out, and starts another."""

    def __init__(self, scratch: Scratch, workers: list[Running], posts: int) -> None:
        self._scratch, self._workers = scratch, workers
        self._marks = [posts * (number + 1) // (KILLS + 1) for number in range(KILLS)]
        self._lock = threading.Lock()
        self._answered = 0
        self._threads: list[threading.Thread] = []
        self.used = 0.0  # processor time of those that were killed

    def count(self) -> None:
        """Note that one more post was answered."""
        with self._lock:
            self._answered += 1
            if self._marks and self._answered >= self._marks[0]:
                self._marks.pop(0)
                thread = threading.Thread(target=self._kill)
                self._threads.append(thread)
                thread.start()

    def _kill(self) -> None:
        with _ONE_AT_A_TIME:
            self.used += usage.cpu_seconds([self._workers[-1].pid])
            self._scratch.kill(self._workers[-1])
            self._workers.append(self._scratch.worker(2, **services.AFTER_PAGES))

    def join(self) -> None:
        """Wait until the last of them works."""
        for thread in self._threads:
            thread.join()


_ONE_AT_A_TIME = threading.Lock()


def _post_all(port: int, posts: Sequence[bytes], killed: _Killer) -> Counter[int]:
    statuses: Counter[int] = Counter()
    secret = base64.b64encode(settings.WEBHOOK_SECRETS[0].encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}

    def send(mine: Sequence[bytes]) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body in mine:
            link.request("POST", "/webhooks/postmark/", body, headers)
            answer = link.getresponse()
            answer.read()
            statuses[answer.status] += 1
            killed.count()
        link.close()

    threads = [
        threading.Thread(target=send, args=(posts[number::CONNECTIONS],))
        for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def _wait() -> None:
    deadline = time.monotonic() + PATIENCE
    while InboundEvent.objects.exists():
        if time.monotonic() > deadline:
            raise CannotRun(f"{InboundEvent.objects.count()} events still wait.")
        time.sleep(0.1)


def _compared(edition: Edition, events: int) -> dict[str, int]:
    """Return how many events have their effect, none, or more than one."""
    rows = Delivery.objects.filter(edition=edition).order_by("pk")
    kinds = [_kind(number) for number in range(events)]
    found = rows.values_list("status", flat=True)
    lost = sum(_ENDS[kind] != status for kind, status in zip(kinds, found, strict=True))
    told = Counter(kinds)
    expected = events - told["delivered"]
    stored = DeliveryEvent.objects.filter(delivery__edition=edition).count()
    counted = Batch.objects.filter(edition=edition).aggregate(
        bounced=Sum("bounced"), complained=Sum("complained")
    )
    pairs = (
        (stored, expected),
        (counted["bounced"], told["hard"] + told["soft"]),
        (counted["complained"], told["complaint"]),
        (Suppression.objects.count(), told["hard"] + told["complaint"]),
        (ConsentRecord.objects.filter(kind="unsubscribed").count(), told["complaint"]),
    )
    lost += sum(max(0, should - is_) for is_, should in pairs)
    doubled = sum(max(0, is_ - should) for is_, should in pairs)
    return {"applied": events - lost, "lost": lost, "doubled": doubled}
