"""How fast sign-ups are taken in over HTTP: our own web server, worker, limits and intake.

Each sign-up is another address from another client. One clock runs until the
last one is answered, another until the last one is noted; confirmations are
mailed behind, and their cost is in the processor time as far as they went. Then
it is looked whether each of them became exactly one subscription, one piece of
evidence and one confirmation, no more and no less.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from briefs.models import Publication
from intelbrief.ops import population, services
from intelbrief.ops.bench import usage
from intelbrief.ops.instance import free_port
from intelbrief.ops.scratch import CannotRun, Running, Scratch, send_through
from intelbrief.ops.sinks.recording import RecordingSink
from subscribers.forms import SOONEST_SECONDS, SubscribeForm
from subscribers.models import ConsentRecord, Notice, SignUp, Subscription

CLIENTS = 16  # visitors at a time
# What the environment of the scratch installation needs: an address of its own for each visitor.
VISITORS = {"BEHIND_PROXY": "true", "SECURE_SSL_REDIRECT": "false"}
ENVIRONMENT = {
    **VISITORS,
    # What is measured is the door, not how it is closed.
    "SIGN_UPS_PER_PUBLICATION": "10000000",
    "ATTACK_VOLUME": "10000000",
}


@dataclass
class Visitors:
    """Sockets that post forms one after the other, and what was answered."""

    port: int
    answers: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, requests: Iterator[bytes], clients: int = CLIENTS) -> float:
        """Send *requests*, *clients* at a time; return the seconds until the last answer."""
        threads = [
            threading.Thread(target=self._work, args=(requests,), daemon=True)
            for _ in range(clients)
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started

    def _work(self, requests: Iterator[bytes]) -> None:
        link = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers: dict[int, int] = {}
        seconds = []
        with link:
            while True:
                with self._lock:
                    request = next(requests, None)
                if request is None:
                    break
                started = time.perf_counter()
                link.sendall(request)
                status = _status_of(link)
                seconds.append(time.perf_counter() - started)
                answers[status] = answers.get(status, 0) + 1
        with self._lock:
            self.seconds += seconds
            for status, count in answers.items():
                self.answers[status] = self.answers.get(status, 0) + count

    def milliseconds(self, share: float) -> float:
        """Return the time within which *share* of the answers came."""
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)


def _status_of(link: socket.socket) -> int:
    """Read one answer and return its status; the connection stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = link.recv(65536)
        if not more:
            raise CannotRun("The web server closed a connection.")
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    missing = length - len(body)
    while missing > 0:
        missing -= len(link.recv(65536))
    return int(head.split(b" ", 2)[1])


def ip_of(number: int) -> str:
    """Return an address for visitor *number*, each in a network of its own."""
    return f"{20 + (number >> 16) % 180}.{(number >> 8) & 255}.{number & 255}.7"


def request(publication: Publication, stamp: str, address: str, ip: str) -> bytes:
    """Return the octets of one sign-up, as a browser behind a proxy sends it."""
    body = urlencode(
        {"address": address, "name": "Ada", "website": "", "stamp": stamp, "time_zone": "UTC"}
    ).encode()
    head = (
        f"POST /s/{publication.slug}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-Forwarded-For: {ip}\r\nUser-Agent: Mozilla/5.0 (bench)\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Site:
    """A running installation that takes sign-ups, and its publication."""

    scratch: Scratch
    say: Callable[[str], None]

    def start(self) -> None:
        """Start web server, worker, scheduler and a server that takes the mail."""
        self.sink = RecordingSink(self.scratch)
        send_through(concurrency=1, **self.sink.lane)
        self.publication = population.make_publication(0)
        self.port = free_port()
        service = services.web(self.port, {})
        self.say("starting web server, worker and scheduler …")
        web = self.scratch.spawn("web", service.command, is_ready=service.is_ready)
        worker = self.scratch.worker(2, **services.AFTER_PAGES)
        self.ours = [web, worker, self.scratch.scheduler()]

    @property
    def processes(self) -> list[Running]:
        """Return those whose processor time counts."""
        given = (self.scratch.valkey, self.scratch.postgres)
        return [*self.ours, *(one for one in given if one)]

    def stamp(self) -> str:
        """Return the stamp of a form that was shown long enough ago."""
        stamp = SubscribeForm(self.publication).fresh_stamp()
        time.sleep(SOONEST_SECONDS + 0.1)
        return stamp

    def wait_until_noted(self, patience: float = 300) -> float:
        """Return the seconds until no sign-up waits any more."""
        started = time.perf_counter()
        while SignUp.objects.exists():
            if time.perf_counter() - started > patience:
                raise CannotRun(f"Sign-ups are still waiting.\n{self.scratch.last_words()}")
            time.sleep(0.05)
        return time.perf_counter() - started


def run(scratch: Scratch, sign_ups: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure *sign_ups* sign-ups and return the figures."""
    site = Site(scratch, say)
    site.start()
    stamp = site.stamp()
    warm = Visitors(site.port)
    warm.post(
        iter(
            [request(site.publication, stamp, f"warm{n}@example.com", ip_of(n)) for n in range(200)]
        )
    )
    site.wait_until_noted()
    requests = [
        request(site.publication, stamp, f"reader{number}@example.com", ip_of(1000 + number))
        for number in range(sign_ups)
    ]
    say(f"{sign_ups} sign-ups, {CLIENTS} at a time …")
    before = {one.name: usage.cpu_seconds([one.pid]) for one in site.processes}
    ours, theirs = time.process_time(), usage.cpu_seconds([site.sink.running.pid])
    visitors = Visitors(site.port)
    seconds = visitors.post(iter(requests))
    ours = time.process_time() - ours
    mailed = site.sink.state().accepted
    more = site.wait_until_noted()
    used = {one.name: usage.cpu_seconds([one.pid]) - before[one.name] for one in site.processes}
    theirs = usage.cpu_seconds([site.sink.running.pid]) - theirs
    say("processor time: " + ", ".join(f"{name} {spent:.2f} s" for name, spent in used.items()))
    say(f"beside it: the visitors {ours:.2f} s, the mail server {theirs:.2f} s")
    problem = _problem(site, visitors, sign_ups)
    if problem:
        say(problem)
    return {
        "signups": sign_ups,
        "seconds": round(seconds, 3),
        "signups_per_second": round(sign_ups / seconds, 1),
        "mailed_meanwhile": mailed,
        "noted_after_seconds": round(more, 3),
        "noted_per_second": round(sign_ups / (seconds + more), 1),
        "p50_ms": visitors.milliseconds(0.5),
        "p95_ms": visitors.milliseconds(0.95),
        "cpu_seconds_per_1000": round(sum(used.values()) / sign_ups * 1000, 4),
        "verified": not problem,
    }


def _problem(site: Site, visitors: Visitors, sign_ups: int) -> str:
    """Return what is wrong with what the sign-ups left, or nothing."""
    if visitors.answers != {303: sign_ups}:
        return f"The answers were {visitors.answers}."
    ours = {"publication": site.publication}
    measured = {"subscriber__address__startswith": "reader"}
    subscriptions = Subscription.objects.filter(**ours, **measured)
    counts = {
        "subscriptions": subscriptions.count(),
        "addresses": subscriptions.values("subscriber__address").distinct().count(),
        "records": ConsentRecord.objects.filter(**ours, **measured).count(),
        "confirmations": Notice.objects.filter(subscription__in=subscriptions).count(),
    }
    wrong = {name: count for name, count in counts.items() if count != sign_ups}
    return f"{wrong} instead of {sign_ups}." if wrong else ""
