"""What the door does when robots sign up strangers, with the limits as they are by default.

First one victim, ten thousand times from 500 addresses: how many confirmations
may go to that mailbox within an hour. Then a minute of 1,000 sign-ups from 200
addresses for 900 victims: how fast the site answers meanwhile, and whether a
reader who comes in the middle of it still gets in.
"""

import base64
import datetime as dt
import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from intelbrief.ops.bench.subscribe import Site, Visitors, ip_of, request
from intelbrief.ops.scratch import CannotRun, Scratch
from subscribers import tokens
from subscribers.models import Defence, Notice, Subscription

VICTIM = "victim@example.com"
READER = "reader@example.com"
FROM_ONE, FROM_MANY, VICTIMS = 500, 200, 900
A_MINUTE, PER_MINUTE = 60.0, 1000


def run(scratch: Scratch, sign_ups: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Attack with *sign_ups* for the one victim, then for a minute; return the figures."""
    site = Site(scratch, say)
    site.start()
    stamp = site.stamp()
    say(f"{sign_ups} sign-ups for one victim from {FROM_ONE} addresses …")
    one = _one_victim(site, stamp, sign_ups)
    say(f"{PER_MINUTE} sign-ups within a minute for {VICTIMS} victims …")
    return one | _many_victims(site, stamp)


def _one_victim(site: Site, stamp: str, sign_ups: int) -> dict[str, Any]:
    flood = Visitors(site.port)
    seconds = flood.post(
        iter(
            [request(site.publication, stamp, VICTIM, ip_of(n % FROM_ONE)) for n in range(sign_ups)]
        )
    )
    site.wait_until_noted()
    notices = Notice.objects.filter(subscription__subscriber__address=VICTIM)
    soon = timezone.now() + dt.timedelta(hours=1)
    return {
        "one_victim": sign_ups,
        "one_victim_seconds": round(seconds, 2),
        "one_victim_answers": {str(status): count for status, count in flood.answers.items()},
        "one_victim_confirmations_an_hour": notices.filter(due_at__lte=soon).count(),
    }


def _many_victims(site: Site, stamp: str) -> dict[str, Any]:
    flood = Visitors(site.port)
    attack = threading.Thread(target=flood.post, args=(_paced(site, stamp), 4), daemon=True)
    watch = _Watch(site)
    attack.start()
    watch.start()
    time.sleep(A_MINUTE / 2)
    reader = _Reader(site).subscribe_and_confirm()
    attack.join()
    watch.stop()
    defence = Defence.objects.filter(publication=site.publication).first()
    return {
        "many_victims": sum(flood.answers.values()),
        "many_victims_answers": {str(status): count for status, count in flood.answers.items()},
        "attack_mode": bool(defence and defence.is_up),
        "page_p95_ms": watch.milliseconds(0.95),
        "page_slowest_ms": watch.milliseconds(1.0),
        "sign_up_p95_ms": flood.milliseconds(0.95),
        **reader,
    }


def _paced(site: Site, stamp: str) -> Iterator[bytes]:
    """Yield the minute's requests, each when its time has come."""
    started = time.monotonic()
    for number in range(PER_MINUTE):
        time.sleep(max(0.0, started + number * A_MINUTE / PER_MINUTE - time.monotonic()))
        # Another range than the first flood's: those addresses are shut out already.
        address = f"stranger{number % VICTIMS}@example.com"
        yield request(site.publication, stamp, address, ip_of(5000 + number % FROM_MANY))


class _Watch(threading.Thread):
    """Opens the sign-up page again and again, and looks how long that takes."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._site = site
        self._done = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        """Ask until told to stop."""
        while not self._done.wait(0.2):
            started = time.perf_counter()
            status, _text = get(self._site, f"/s/{self._site.publication.slug}/")
            self.seconds.append(time.perf_counter() - started)
            if status != 200:
                raise CannotRun(f"The page answered {status}.")

    def stop(self) -> None:
        """Ask no more."""
        self._done.set()
        self.join()

    def milliseconds(self, share: float) -> float:
        """Return the time within which *share* of the answers came."""
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)


class _Reader:
    """Somebody who wants the briefs, in the middle of it all."""

    IP = "203.0.113.77"

    def __init__(self, site: Site) -> None:
        self._site = site

    def subscribe_and_confirm(self) -> dict[str, Any]:
        """Do what a reader does; return how long each step took."""
        slug = self._site.publication.slug
        started = time.perf_counter()
        _status, page = get(self._site, f"/s/{slug}/")
        fields = {"address": READER, "stamp": self._site.stamp()}
        asked = "<altcha-widget" in page
        if asked:
            fields["altcha"] = solve(json.loads(get(self._site, f"/s/{slug}/challenge")[1]))
        status = post(self._site, f"/s/{slug}/", fields, self.IP)
        signed_up = time.perf_counter() - started
        subscription = self._mailed()
        mailed = time.perf_counter() - started
        token = tokens.confirm.make(subscription.pk)
        post(self._site, f"/s/confirm/{token}", {}, self.IP)
        subscription.refresh_from_db()
        return {
            "reader_was_asked_for_proof": asked,
            "reader_answer": status,
            "reader_signed_up_seconds": round(signed_up, 2),
            "reader_mailed_seconds": round(mailed, 2),
            "reader_confirmed": subscription.status == Subscription.Status.ACTIVE,
        }

    def _mailed(self) -> Subscription:
        """Wait until the confirmation has been sent."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            notice = Notice.objects.filter(
                subscription__subscriber__address=READER, status=Notice.Status.SENT
            ).first()
            if notice is not None and notice.subscription is not None:
                return notice.subscription
            time.sleep(0.1)
        raise CannotRun(f"The reader got no mail.\n{self._site.scratch.last_words()}")


def get(site: Site, path: str) -> tuple[int, str]:
    """Return status and text of a page."""
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    try:
        link.request("GET", path, headers={"Host": "127.0.0.1"})
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    finally:
        link.close()


def post(site: Site, path: str, fields: dict[str, str], ip: str) -> int:
    """Post a form; return the status of the answer."""
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    headers = {
        "Host": "127.0.0.1",
        "X-Forwarded-For": ip,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        link.request("POST", path, urlencode(fields), headers)
        return link.getresponse().status
    finally:
        link.close()


def solve(puzzle: dict[str, Any]) -> str:
    """Do what the reader's browser does."""
    for number in range(puzzle["maxnumber"] + 1):
        if hashlib.sha256(f"{puzzle['salt']}{number}".encode()).hexdigest() == puzzle["challenge"]:
            return base64.b64encode(json.dumps({**puzzle, "number": number}).encode()).decode()
    raise CannotRun("The puzzle has no solution.")
