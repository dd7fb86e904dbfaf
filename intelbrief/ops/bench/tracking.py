"""How fast opens and clicks are taken in over HTTP, and whether each of them is counted.

Web server, worker, scheduler, Valkey and database really run. The pixel is
asked for first, then a link; when the counter has come to rest, the database
must hold as many of each as were sent.
"""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import Now

from deliveries import compiling
from deliveries.models import PIXEL, Edition, HitCount
from deliveries.tracking.verdicts import WINDOW_SECONDS
from intelbrief.ops import population, services
from intelbrief.ops.bench import usage
from intelbrief.ops.bench.subscribe import VISITORS, ip_of
from intelbrief.ops.instance import free_port
from intelbrief.ops.scratch import CannotRun, Running, Scratch
from intelbrief.ops.supervisor import python
from subscribers import tokens

ENVIRONMENT = VISITORS
CONNECTIONS = 24
# So many mail clients, each in a network of its own.
READERS = 20_000
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
)
# The counter leaves a window open, waits until another has filled, and is rung by the tick.
_PATIENCE_SECONDS = 4 * WINDOW_SECONDS + 60


def run(scratch: Scratch, requests: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure *requests* fetches of the pixel and as many clicks; return the figures."""
    edition = _edition()
    pixel = f"/o/{tokens.pixel.make(edition.pk, 0)}"
    click = f"/c/{tokens.click.make(edition.pk, 0, 0)}"
    port = free_port()
    ours = _start(scratch, port, say)
    warm = 500
    for path in (pixel, click):
        _load(port, path, warm)
    before = _cpu(ours)
    say(f"{requests} opens, {CONNECTIONS} at a time …")
    opened = _load(port, pixel, requests)
    say(f"{requests} clicks …")
    clicked = _load(port, click, requests)
    taken = _cpu(ours)
    say("waiting until they are counted …")
    counted = _wait_until_counted(edition, {PIXEL: warm + requests, 0: warm + requests})
    used = {name: spent - before[name] for name, spent in _cpu(ours).items()}
    say("processor time: " + ", ".join(f"{name} {spent:.2f} s" for name, spent in used.items()))
    say(f"of it, until the last answer: {sum(taken.values()) - sum(before.values()):.2f} s")
    wrong = _wrong(opened, "200", requests) or _wrong(clicked, "302", requests)
    if wrong:
        raise CannotRun(wrong)
    return {
        "requests": 2 * requests,
        "counted": sum(counted.values()) - 2 * warm,
        "requests_per_second": round(requests / opened["seconds"], 1),
        "click_requests_per_second": round(requests / clicked["seconds"], 1),
        "p50_ms": opened["p50_ms"],
        "p99_ms": max(opened["p99_ms"], clicked["p99_ms"]),
        "cpu_seconds_per_1000": round(sum(used.values()) / (2 * requests) * 1000, 4),
    }


def _edition() -> Edition:
    """Return an edition that has been mailed, with a link."""
    publication = population.make_publication(0)
    publication.tracking = "totals"
    publication.save()
    edition = population.schedule(population.make_brief(publication, "sample"))
    compiling.compile_edition(edition)
    Edition.objects.filter(pk=edition.pk).update(
        status=Edition.Status.FINISHED, started_at=Now(), finished_at=Now()
    )
    return edition


def _start(scratch: Scratch, port: int, say: Callable[[str], None]) -> list[Running]:
    say("starting web server, worker and scheduler …")
    service = services.web(port, {})
    web = scratch.spawn("web", service.command, is_ready=service.is_ready)
    worker = scratch.worker(2, **services.AFTER_PAGES)
    given = (scratch.valkey, scratch.postgres)
    return [web, worker, scratch.scheduler(), *(one for one in given if one)]


def _cpu(ours: list[Running]) -> dict[str, float]:
    return {one.name: usage.cpu_seconds([one.pid]) for one in ours}


def _load(port: int, path: str, count: int) -> dict[str, Any]:
    """Send *count* requests for *path* from a process of its own."""
    lines = "\n".join(
        f"{path}\t{ip_of(number)}\t{_AGENTS[number % len(_AGENTS)]}"
        for number in range(min(count, READERS))
    )
    command = python("-m", "intelbrief.ops.bench.load", str(port), str(CONNECTIONS), str(count))
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, cwd=settings.BASE_DIR, check=False
    )
    if done.returncode:
        raise CannotRun(f"The load generator ended: {done.stderr.strip()[-500:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _wrong(load: dict[str, Any], status: str, count: int) -> str:
    return "" if load["statuses"] == {status: count} else f"The answers were {load['statuses']}."


def _wait_until_counted(edition: Edition, expected: dict[int, int]) -> dict[int, int]:
    """Return how many are counted by position, as soon as it is what is *expected*."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    rows = HitCount.objects.filter(edition=edition).values("position")
    while True:
        found = dict(rows.annotate(n=Sum(F("human") + F("machine"))).values_list("position", "n"))
        if found == expected or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
