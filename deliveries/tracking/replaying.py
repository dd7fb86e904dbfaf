"""Labelled hits through the very code that counts real ones: how many verdicts are right."""

import hashlib
import secrets
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from deliveries.tracking import agents, verdicts
from deliveries.tracking.hits import CANARY, GET, HEAD, PIXEL, Hit
from deliveries.tracking.labelled import HUMAN, MACHINE, Labelled
from deliveries.tracking.verdicts import MARKED_SECONDS, WINDOW_SECONDS, Verdict

_WINDOW = WINDOW_SECONDS * 1_000


def replay(labelled: Iterable[Labelled]) -> dict[str, Any]:
    """Return how many of *labelled* are judged as they are labelled, and by which rules."""
    told = sorted(labelled, key=lambda one: one.at)
    key = secrets.token_bytes(32)
    hits = [_hit(one, key) for one in told]
    return _report(told, judge(hits, told))


def judge(hits: Sequence[Hit], told: Sequence[Labelled] = ()) -> list[Verdict]:
    """Return the verdicts on *hits*, which are by time, as the counter comes to them."""
    links = _links(hits)
    sent = {one.delivery: one.sent for one in told if one.delivery and one.sent is not None}
    times = [hit.at for hit in hits]
    found: list[Verdict] = []
    marked: dict[str, int] = {}
    while len(found) < len(hits):
        first = len(found)
        end = bisect_left(times, times[first] + _WINDOW)
        begin = bisect_left(times, times[first] - _WINDOW)
        around = hits[begin : bisect_left(times, times[first] + 2 * _WINDOW)]
        fresh = {who for who, at in marked.items() if at >= times[first] - MARKED_SECONDS * 1_000}
        judged = verdicts.judge(around, links=links, sent=sent, marked=fresh)
        marked.update(dict.fromkeys(verdicts.marks(around, judged), times[end - 1]))
        found += judged[first - begin : end - begin]
    return found


def _hit(one: Labelled, key: bytes) -> Hit:
    who = f"{one.ip} {one.user_agent}".encode("utf-8", "replace")
    return Hit(
        at=one.at,
        edition=one.edition,
        position=one.position,
        delivery=one.delivery,
        visitor=hashlib.blake2b(who, key=key, digest_size=8).hexdigest(),
        kind=agents.kind_of(one.user_agent, one.ip, one.environ),
        # Only these two are answered; whatever else is no person's click.
        method=one.method if one.method == GET else HEAD,
    )


def _links(hits: Sequence[Hit]) -> dict[int, int]:
    """Return how many links each edition seems to have."""
    seen: dict[int, set[int]] = defaultdict(set)
    for hit in hits:
        if hit.position >= 0:
            seen[hit.edition].add(hit.position)
    return {edition: len(positions) for edition, positions in seen.items()}


def _report(told: Sequence[Labelled], found: Sequence[Verdict]) -> dict[str, Any]:
    counts: Counter[tuple[str, str, bool]] = Counter()
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    for one, verdict in zip(told, found, strict=True):
        what = {PIXEL: "opens", CANARY: "canary"}.get(one.position, "clicks")
        counts[what, one.label, verdict.is_machine] += 1
        rules[verdict.rule or "person"][one.label] += 1
    return {
        **_shares(counts, "clicks"),
        "opens": _shares(counts, "opens"),
        "by_rule": {
            rule: {HUMAN: rules[rule][HUMAN], MACHINE: rules[rule][MACHINE]}
            for rule in sorted(rules)
        },
    }


def _shares(counts: Counter[tuple[str, str, bool]], what: str) -> dict[str, dict[str, Any]]:
    lost, kept = counts[what, HUMAN, True], counts[what, HUMAN, False]
    marked, missed = counts[what, MACHINE, True], counts[what, MACHINE, False]
    return {
        HUMAN: {what: lost + kept, "lost": lost, "lost_share": _share(lost, lost + kept)},
        MACHINE: {
            what: marked + missed,
            "marked": marked,
            "marked_share": _share(marked, marked + missed),
        },
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
