"""The meter: what each lane did, added up in Redis for whoever watches from outside.

Nobody decides anything by it: the ledger is the truth, and what Redis forgets
begins at nought. It costs the send one trip to Redis a second, however many
letters go out: what a process has not handed in yet waits in its memory.
"""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from redis.exceptions import RedisError

from deliveries import lanes
from deliveries.ledger import Fate, Outcome
from subscribers import redis_link

KEY = "intelbrief:meter:"
# Upper bounds in seconds of one letter: an SMTP relay next door takes 100 µs, an ESP 100 ms.
BOUNDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
EVERY = 1.0  # seconds
KINDS: dict[type[lanes.LaneTrouble], str] = {
    lanes.Unanswered: "unanswered",
    lanes.LogInRefused: "log-in",
    lanes.SenderRefused: "sender",
    lanes.RefusedAlike: "alike",
    lanes.OurFault: "ours",
    lanes.Spent: "spent",
    lanes.LaneTrouble: "other",
}


class Reading(NamedTuple):
    """What one lane has done since Redis began to count."""

    letters: dict[str, int]  # by fate
    troubles: dict[str, int]  # by kind
    buckets: list[int]  # letters, by BOUNDS and beyond
    seconds: float  # of all letters


class _Counts:
    """What this process has not handed in yet, by lane."""

    by_lane: defaultdict[str, Counter[str]] = defaultdict(Counter)
    handed_in_at = 0.0


def count(lane: str, outcomes: Sequence[Outcome], seconds: float) -> None:
    """Count one slice of *lane*, which took *seconds*; hand in about once a second."""
    fates = [outcome.fate for outcome in outcomes]
    counts = _Counts.by_lane[lane]
    sent = fates.count(Fate.SENT)
    judged = len(fates) - fates.count(Fate.NOT_ACCEPTED)
    if sent:
        counts["fate:sent"] += sent
    if sent < len(fates):
        for fate in Fate:
            if fate is not Fate.SENT and (many := fates.count(fate)):
                counts[f"fate:{fate.value}"] += many
    if judged:
        counts[f"bucket:{bisect_left(BOUNDS, seconds / judged)}"] += judged
        counts["microseconds"] += round(seconds * 1_000_000)
    if time.monotonic() - _Counts.handed_in_at > EVERY:
        hand_in()


def count_trouble(lane: str, trouble: lanes.LaneTrouble) -> None:
    """Count a rest of *lane* and why it rests; the end of a run hands it in."""
    kind = next((KINDS[of] for of in type(trouble).__mro__ if of in KINDS), "other")
    _Counts.by_lane[lane][f"trouble:{kind}"] += 1


def hand_in() -> None:
    """Add to Redis what this process has counted; without Redis it waits for the next time."""
    _Counts.handed_in_at = time.monotonic()
    with suppress(RedisError):
        pipe = redis_link.client().pipeline(transaction=False)
        for lane, counts in _Counts.by_lane.items():
            for field, many in counts.items():
                pipe.hincrby(KEY + lane, field, many)
        if len(pipe):
            pipe.execute()
        _Counts.by_lane.clear()


def read(lane: str) -> Reading:
    """Return what *lane* has done; raise RedisError."""
    found: dict[bytes, bytes] = redis_link.client().hgetall(KEY + lane)
    counts = {field.decode(): int(many) for field, many in found.items()}
    return Reading(
        letters={fate.value: counts.get(f"fate:{fate.value}", 0) for fate in Fate},
        troubles={kind: counts.get(f"trouble:{kind}", 0) for kind in KINDS.values()},
        buckets=[counts.get(f"bucket:{number}", 0) for number in range(len(BOUNDS) + 1)],
        seconds=counts.get("microseconds", 0) / 1_000_000,
    )
