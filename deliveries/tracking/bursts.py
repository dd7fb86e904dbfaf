"""Which clicks come faster than anybody's: patterns in the clicks of one visitor, or on one mail.

Times are milliseconds. A person opens links in tabs about a second apart; a
program needs tenths of one, and takes all the links there are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

# Three links or more, no further apart than this on the average, are a program's.
STEP = 500
# Two links are one's if they are all there are, or nearly.
PAIR, SMALL_MAIL = 300, 3
# Six links or more, in their order, at the pace of the fastest person.
SWEEP_STEP, SWEEP = 1_000, 6
# Clicks further apart than this are not looked at together.
PAUSE = 2_000
# What share of a mail's links counts as all of them.
WHOLE = 0.8
# What a program still fetches after a burst.
TAIL = 5_000
# How many people seem to be behind one visitor when clicks stand around a burst.
CROWD = 3


class Click(NamedTuple):
    """A click, and where it stands among the hits."""

    at: int
    position: int
    place: int


class Case(NamedTuple):
    """What else is known of a visitor's clicks on one edition."""

    # How many links the mail has, 0 if unknown.
    links: int = 0
    # Several people may be behind the visitor: colleagues with one address and one browser.
    is_shared: bool = False
    # So they are, whatever the clicks look like: nothing tells visitors apart.
    is_crowd: bool = False
    # Hits came late and all at once, so that everybody looks fast.
    is_bunched: bool = False


def found(clicks: Sequence[Click], case: Case) -> Iterator[int]:
    """Yield the place of each of one visitor's *clicks*, by time, that came too fast for people."""
    runs = list(_runs(clicks))
    fast = [_is_fast(run, case) for run in runs]
    slow_clicks = sum(len(run) for run, is_fast in zip(runs, fast, strict=True) if not is_fast)
    is_crowd = case.is_crowd or (case.is_shared and slow_clicks >= CROWD)
    for run, is_fast in zip(runs, fast, strict=True):
        if is_fast:
            if not is_crowd:
                yield from _with_tail(run, clicks)
            elif _is_scan(run, case.links):
                yield from (click.place for click in run)
        elif case.is_shared and _is_many_scans(run, case.links):
            yield from (click.place for click in run)
        elif not is_crowd and not case.is_bunched:
            yield from (click.place for click in _dense(run))


def is_hasty(clicks: Sequence[Click], links: int) -> bool | None:
    """Tell whether one visitor took a part of the links too fast; None where nothing can be told.

    Many who do so at once are a sign that hits came late, not that machines came.
    """
    different = len({click.position for click in clicks})
    if different < 2:
        return None
    if clicks[-1].at - clicks[0].at > STEP * (different - 1):
        return False
    return True if different < WHOLE * links else None


def _runs(clicks: Sequence[Click]) -> Iterator[Sequence[Click]]:
    """Split *clicks* where a pause is."""
    begin = 0
    for at in range(1, len(clicks) + 1):
        if at == len(clicks) or clicks[at].at - clicks[at - 1].at > PAUSE:
            yield clicks[begin:at]
            begin = at


def _is_fast(run: Sequence[Click], case: Case) -> bool:
    """Tell whether the whole *run* is one program's way through the links."""
    different = len({click.position for click in run})
    span = run[-1].at - run[0].at
    # HEAD and then GET, or each link again, are as usual as each link once.
    if different < 2 or len(run) > 3 * different:
        return False
    if case.is_bunched and (different < 3 or different < WHOLE * case.links):
        return False
    if different == 2:
        return 0 < case.links <= SMALL_MAIL and span <= PAIR
    if span <= STEP * (different - 1):
        return True
    is_swept = different >= SWEEP and span <= SWEEP_STEP * (different - 1)
    return is_swept and _is_in_order(run) and different >= WHOLE * case.links


def _is_scan(run: Sequence[Click], links: int) -> bool:
    """Tell whether *run* is no chance meeting of several people: each link, in order, at once."""
    different = len({click.position for click in run})
    span = run[-1].at - run[0].at
    return (
        different >= max(3, WHOLE * links)
        and span <= STEP // 2 * (different - 1)
        and _is_in_order(run)
    )


def _is_many_scans(run: Sequence[Click], links: int) -> bool:
    """Tell whether *run* is a gateway's way through many mails: each link as often as any other."""
    counts = Counter(click.position for click in run)
    different, mean = len(counts), len(run) / len(counts)
    if different < max(4, WHOLE * links) or mean < 3:
        return False
    if len(run) * 1_000 < 3 * (run[-1].at - run[0].at):
        return False
    steps = sum(after.position == before.position + 1 for before, after in pairwise(run))
    return steps * 2 >= len(run) or (mean >= 5 and min(counts.values()) >= 0.6 * mean)


def _dense(run: Sequence[Click]) -> list[Click]:
    """Return the clicks of *run* that stand in a burst, where other clicks stand around it."""
    if len(run) > 50:
        return []
    marked: set[int] = set()
    for first in range(len(run)):
        seen: set[int] = set()
        for last in range(first, len(run)):
            seen.add(run[last].position)
            if len(seen) >= 3 and run[last].at - run[first].at <= STEP * (len(seen) - 1) * 4 // 5:
                marked.update(range(first, last + 1))
    return [run[at] for at in sorted(marked)]


def _with_tail(run: Sequence[Click], clicks: Sequence[Click]) -> Iterator[int]:
    """Yield the places of *run*, and of other links that the same program fetches after it."""
    seen = {click.position for click in run}
    for click in clicks:
        if run[0].at <= click.at <= run[-1].at or (
            0 < click.at - run[-1].at <= TAIL and click.position not in seen
        ):
            yield click.place


def _is_in_order(run: Sequence[Click]) -> bool:
    """Tell whether the links come as they stand in the mail, or the other way round."""
    pairs = [(before.position, after.position) for before, after in pairwise(run)]
    return all(one <= other for one, other in pairs) or all(one >= other for one, other in pairs)
