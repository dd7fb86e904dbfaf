"""Attacks by the server: it refuses, puts off, hangs, hangs up; and an ESP that is not well."""

import zlib
from dataclasses import fields
from typing import Any

from deliveries.models import Delivery
from intelbrief.ops import population
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import Scene
from intelbrief.ops.sinks.recording import FakePostmark

EVERY = 211  # readers by the remainder of their checksum: each fault meets one in 211


LETTERS_IN_A_CALL = 20  # so few that one fault does not meet half the audience


def _rules(*rules: tuple[str, str, int], every: int = EVERY) -> list[dict[str, Any]]:
    """Return rules, each for a remainder of its own; 0 times means always."""
    return [
        {"at": at, "do": what, "every": every, "nth": nth, "times": times or 1_000_000}
        | {"seconds": 2}
        for nth, (at, what, times) in enumerate(rules)
    ]


SMTP = _rules(
    ("rcpt", "550 5.1.1 No such user", 0),
    ("dot", "554 5.6.0 Not wanted", 0),
    ("rcpt", "450 4.2.1 Mailbox busy", 1),
    ("dot", "451 4.3.0 Try again", 2),
    ("data", "451 4.3.0 Not now", 1),
    ("rcpt", "421 4.3.2 Going away", 1),
    ("dot", "421 4.3.2 Going away", 1),
    ("text", "drop", 1),
    ("dot", "drop", 1),
    ("dot", "take and drop", 1),
    ("dot", "hang", 1),
    ("dot", "take and hang", 1),
)
ESP = (
    ("call", "422", 0),
    ("call", "429", 1),
    ("call", "503", 1),
    ("call", "500", 1),
    ("call", "take and 500", 1),
    ("call", "broken", 1),
    ("call", "take and broken", 1),
    ("call", "take and hang", 1),
    ("call", "406", 0),
)


def smtp(scene: Scene) -> Report:
    """Refusals for good and for a while at each phase, drops before and after the dot, hangs."""
    scene.begin(rules=SMTP, closes_after=97)
    scene.worker()
    scene.finish()
    return _judged(scene, {0, 1})


def provider(scene: Scene) -> Report:
    """429 with Retry-After, 5xx, time-outs after accepting, partial success, broken JSON.

    Half of the audience gets calls for one letter and half batch calls, where a
    fault concerns all readers of its call, and each of them may be in doubt.
    """
    audience = scene.recipients
    half = audience // 2
    single = _provider(scene, half, EVERY, batch=False)
    rarely = max(97, min(997, half // 5))
    batch = _provider(scene, audience - half, rarely, letters_per_call=LETTERS_IN_A_CALL)
    scene.recipients = audience
    return _together(single, batch)


def _provider(scene: Scene, readers: int, every: int, **lane: Any) -> Report:
    smtp_sink, scene.sink = scene.sink, FakePostmark(scene.scratch, **lane)
    try:
        scene.begin(readers=readers, rules=_rules(*ESP, every=every))
        scene.worker()
        scene.finish()
        return _judged(scene, {0, 8}, every)
    finally:
        scene.clear()
        scene.scratch.kill(scene.sink.running)
        scene.sink = smtp_sink


def _together(one: Report, other: Report) -> Report:
    """Return the sums of both."""
    sums = {f.name: getattr(one, f.name) + getattr(other, f.name) for f in fields(Report)}
    return Report(**{**sums, "seconds": round(sums["seconds"], 1)})


def _judged(scene: Scene, refused: set[int], every: int = EVERY) -> Report:
    """Also require that exactly those failed whom the server refused for good.

    Who was in a batch call that got no clear answer is in doubt instead.
    """
    report = scene.report(scene.sink.state().doubts)
    rows = Delivery.objects.filter(edition=scene.edition, status=Delivery.Status.FAILED)
    failed = set(rows.values_list("subscriber__address", flat=True))
    numbers = range(1, scene.recipients + 1)
    expected = {
        address
        for address in map(population.address, numbers)
        if zlib.crc32(address.encode()) % every in refused
    }
    doubted = Delivery.objects.filter(edition=scene.edition, status=Delivery.Status.IN_DOUBT)
    expected -= set(doubted.values_list("subscriber__address", flat=True)) - failed
    if failed != expected:
        report.problems.append(
            f"{len(failed - expected)} readers failed without a refusal, "
            f"{len(expected - failed)} were refused and did not fail."
        )
    speechless = rows.filter(reply="").count()
    if speechless:
        report.problems.append(f"{speechless} failed without the server's words.")
    return report
