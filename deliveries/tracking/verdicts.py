"""Which hits are people's: judged together, once all that came with them is known."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from deliveries.tracking.hits import HEAD, Hit

# A hit is judged by what came this long before and after it, so it is counted once it is older.
WINDOW_SECONDS = 10
# How long a visitor that gave itself away is remembered.
MARKED_SECONDS = 600


class Verdict(NamedTuple):
    """Whether a hit is a machine's, and by which rule; the rule of a person's is ""."""

    is_machine: bool
    rule: str = ""


def judge(
    hits: Sequence[Hit],
    *,
    links: Mapping[int, int] | None = None,
    sent: Mapping[int, int] | None = None,
    marked: Collection[str] = (),
) -> list[Verdict]:
    """Return one verdict for each of *hits*, in their order; their order changes none.

    *hits* are those to be counted, and all within WINDOW_SECONDS before and
    after them that the stream still has: judge again what was judged
    before, and count only what is older than the window.
    *links* is how many links each edition has, *sent* when each delivery was
    sent (milliseconds), *marked* what marks() returned within MARKED_SECONDS;
    without them the verdicts are good, with them better.
    """
    return [Verdict(bool(hit.kind) or hit.method == HEAD, hit.kind) for hit in hits]


def marks(hits: Sequence[Hit], verdicts: Sequence[Verdict]) -> set[str]:
    """Return what to remember for MARKED_SECONDS: who gave itself away as a machine."""
    return set()
