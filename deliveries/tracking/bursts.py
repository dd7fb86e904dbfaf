"""Which clicks come faster than anybody's: patterns in the clicks of one visitor, or on one mail.

Times are milliseconds. A person opens links in tabs about a second apart; a
program needs tenths of one, and takes all the links there are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

# Three links or more, no further apart than this on the average, are a program's …
STEP = 320
# … and if they are all there are, if all came within so much; or are no further apart than this.
WHOLE_SPAN = {3: 700, 4: 1_000}
WHOLE_STEP = 350
# Two links are one's if they are all there are.
PAIR, SMALL_MAIL = 300, 2
# Six links or more that are all there are may be further apart in their order, and even in none.
SWEEP = 6
ORDERLY_STEP, SWEEP_STEP = 700, 3_000
# So many in their order are a program's way through the links, whoever else clicks around it.
PASS = 5
# Clicks further apart than this are not looked at together; in a sweep they may be.
PAUSE, SWEEP_PAUSE = 2_000, 4_000
# Who takes some links faster than this may have been held up.
HASTE = 500
# What share of a mail's links counts as all of them.
WHOLE = 0.8
# What a program still fetches after a burst.
TAIL = 5_000
MOST_AFTER = 100  # clicks
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
    left: list[Click] = []
    for wide in _runs(clicks, SWEEP_PAUSE):
        if _is_sweep(wide, case):
            yield from (click.place for click in wide)
        else:
            left.extend(wide)
    yield from _bursts(left, case)


def _bursts(clicks: Sequence[Click], case: Case) -> Iterator[int]:
    runs = [(run, _is_fast(run, case)) for run in _runs(clicks, PAUSE)]
    parts = [() if is_fast or case.is_bunched else _dense(run, case.links) for run, is_fast in runs]
    slow = sum(0 if runs[at][1] else len(runs[at][0]) - len(part) for at, part in enumerate(parts))
    is_crowd = case.is_crowd or (case.is_shared and slow >= CROWD)
    end = 0
    for (run, is_fast), part in zip(runs, parts, strict=True):
        end += len(run)
        if is_fast and not is_crowd:
            yield from _with_tail(run, clicks[end : end + MOST_AFTER])
        elif case.is_shared and _is_no_chance(run, case, is_fast=is_fast):
            yield from (click.place for click in run)
        else:
            chosen = () if is_crowd else part
            passes = _passes(run, case.links) if case.is_shared else ()
            yield from {click.place for clicks in (chosen, passes) for click in clicks}


def _is_no_chance(run: Sequence[Click], case: Case, *, is_fast: bool) -> bool:
    """Tell whether *run* cannot be several people's who happen to click at one time."""
    if is_fast:
        return _is_scan(run, case.links)
    return _is_many_scans(run, case.links, is_mixed=case.is_crowd or case.is_bunched)


def is_hasty(clicks: Sequence[Click], links: int) -> bool | None:
    """Tell whether one visitor took a part of the links too fast; None where nothing can be told.

    Many who do so at once are a sign that hits came late, not that machines came.
    """
    different = len({click.position for click in clicks})
    if different < 2:
        return None
    is_whole = different >= WHOLE * links
    if clicks[-1].at - clicks[0].at > HASTE * (different - 1):
        # A gateway that takes its time is no sign that people had theirs.
        return None if is_whole and different >= SWEEP else False
    return None if is_whole and _is_pass(clicks) else True


def _runs(clicks: Sequence[Click], pause: int) -> Iterator[Sequence[Click]]:
    """Split *clicks* where nothing came for longer than *pause* (ms)."""
    begin = 0
    for at in range(1, len(clicks) + 1):
        if at == len(clicks) or clicks[at].at - clicks[at - 1].at > pause:
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
    if case.is_bunched and case.is_shared and not _is_pass(run):
        return False
    if different == 2:
        return 0 < case.links <= SMALL_MAIL and span <= PAIR
    if span <= STEP * (different - 1):
        return True
    if different < WHOLE * case.links or not case.links:
        return False
    if span <= WHOLE_SPAN.get(different, WHOLE_STEP * (different - 1)):
        return True
    step = ORDERLY_STEP if different >= SWEEP else ORDERLY_STEP - 200
    return different >= 4 and span <= step * (different - 1) and _is_in_order(run)


def _is_sweep(run: Sequence[Click], case: Case) -> bool:
    """Tell whether *run* takes each link of a long mail in one go.

    Nobody opens all of them, nor do colleagues, each another one.
    """
    different = len({click.position for click in run})
    return (
        different >= max(SWEEP, case.links)
        and case.links > 0
        and not case.is_bunched
        and len(run) <= different + (1 if case.is_shared else different)
        and run[-1].at - run[0].at <= SWEEP_STEP * (different - 1)
    )


def _is_scan(run: Sequence[Click], links: int) -> bool:
    """Tell whether *run* is no chance meeting of several people: each link, in order, at once."""
    different = len({click.position for click in run})
    span = run[-1].at - run[0].at
    return (
        different >= max(3, WHOLE * links) and span <= STEP * (different - 1) and _is_in_order(run)
    )


def _is_pass(run: Sequence[Click]) -> bool:
    """Tell whether *run* takes each link as often as any other, or one after the other."""
    return len(set(Counter(click.position for click in run).values())) == 1 or _is_in_order(run)


def _passes(run: Sequence[Click], links: int) -> Iterator[Click]:
    """Yield the clicks that go through a mail link by link, whatever stands around them.

    Nobody who shares an address steps in between by chance so seldom, nor do
    several people take five links or more one after the other.
    """
    begin, least = 0, max(PASS, WHOLE * links)
    for at in range(1, len(run) + 1):
        if at < len(run) and _is_next(run[at - 1], run[at]):
            continue
        if run[at - 1].position - run[begin].position + 1 >= least:
            yield from _trimmed(run[begin:at])
        begin = at


def _trimmed(clicks: Sequence[Click]) -> Sequence[Click]:
    """Return *clicks* without somebody else's on the first link before, or on the last after."""
    counts = Counter(click.position for click in clicks)
    usual = min(counts.values())
    before = counts[clicks[0].position] - usual
    after = counts[clicks[-1].position] - usual
    return clicks[before : len(clicks) - after]


def _is_next(before: Click, after: Click) -> bool:
    return after.at - before.at <= ORDERLY_STEP and 0 <= after.position - before.position <= 1


def _is_many_scans(run: Sequence[Click], links: int, *, is_mixed: bool) -> bool:
    """Tell whether *run* is a gateway's way through many mails: each link as often as any other.

    Where people of many addresses may be in it (*is_mixed*), only its passes tell.
    """
    counts = Counter(click.position for click in run)
    different, mean = len(counts), len(run) / len(counts)
    if different < max(4, WHOLE * links) or mean < 3:
        return False
    if len(run) * 1_000 < 3 * (run[-1].at - run[0].at):
        return False
    steps = sum(after.position == before.position + 1 for before, after in pairwise(run))
    if steps * 2 >= len(run):
        return not is_mixed or links < PASS
    return not is_mixed and mean >= 5 and min(counts.values()) >= 0.6 * mean


def _dense(run: Sequence[Click], links: int) -> Sequence[Click]:
    """Return the clicks of *run* that stand in a burst, where other clicks stand around it."""
    if len(run) > 50:
        return ()
    marked: set[int] = set()
    for first in range(len(run)):
        seen: set[int] = set()
        for last in range(first, len(run)):
            seen.add(run[last].position)
            span = run[last].at - run[first].at
            if len(seen) >= max(4, links / 2) and span <= STEP * (len(seen) - 1) * 3 // 4:
                marked.update(range(first, last + 1))
    found = [run[at] for at in sorted(marked)]
    seen = {click.position for click in found}
    return found + [
        click
        for click in run[max(marked, default=len(run)) + 1 :]
        if click.at - found[-1].at <= TAIL and click.position not in seen
    ]


def _with_tail(run: Sequence[Click], after: Iterable[Click]) -> Iterator[int]:
    """Yield the places of *run*, and of other links that the same program fetches after it."""
    yield from (click.place for click in run)
    seen = {click.position for click in run}
    for click in after:
        if click.at - run[-1].at > TAIL:
            return
        if click.position not in seen:
            yield click.place


def _is_in_order(run: Sequence[Click]) -> bool:
    """Tell whether the links come as they stand in the mail, or the other way round."""
    pairs = [(before.position, after.position) for before, after in pairwise(run)]
    return all(one <= other for one, other in pairs) or all(one >= other for one, other in pairs)
