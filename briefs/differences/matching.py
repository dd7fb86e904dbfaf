"""What two sequences of words or paragraphs share, found in a bounded time."""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

# Steps that one comparison may take; what is left over then counts as replaced as a whole.
# A brief of 100 kB with a changed sentence takes a hundredth of it.
STEPS = 3_000_000
_SMALL = 40_000  # comparisons that difflib may be left alone with


Block = tuple[int, int, int]  # where in the old, where in the new, how many


class Budget:
    """Counts steps down, so that no text can keep a worker busy."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def take(self, steps: int) -> bool:
        """Take *steps*; return False where there are not so many left."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def blocks(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Block]:
    """Return the runs that *old* and *new* share, in order and none empty.

    What is the same at both ends goes first, then what occurs once in each
    divides the rest ("patience"), and difflib does the small parts.
    """
    found: list[Block] = []
    todo = [(0, len(old), 0, len(new))]
    while todo:
        area = todo.pop()
        (a, b, c, d), same = _trimmed(old, new, area)
        found += same
        if a == b or c == d:
            continue
        size = (b - a) * (d - c)
        if size <= _SMALL and budget.take(size):
            matcher = SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
            found += [(a + m.a, c + m.b, m.size) for m in matcher.get_matching_blocks() if m.size]
        elif budget.take(b - a + d - c):
            todo += _divided(old, new, (a, b, c, d))
    return sorted(found)


_Area = tuple[int, int, int, int]


def _trimmed(old: Sequence[str], new: Sequence[str], area: _Area) -> tuple[_Area, list[Block]]:
    """Take off what is the same at both ends of *area*; return the rest and what was taken."""
    a, b, c, d = area
    head = 0
    while a + head < b and c + head < d and old[a + head] == new[c + head]:
        head += 1
    a, c = a + head, c + head
    tail = 0
    while b - tail > a and d - tail > c and old[b - tail - 1] == new[d - tail - 1]:
        tail += 1
    same = [(a - head, c - head, head), (b - tail, d - tail, tail)]
    return (a, b - tail, c, d - tail), [block for block in same if block[2]]


def _divided(old: Sequence[str], new: Sequence[str], area: _Area) -> list[_Area]:
    """Return the parts of *area* between what occurs once on either side; none without such."""
    a, b, c, d = area
    once = _once(new, c, d)
    pairs = [(i, once[word]) for word, i in _once(old, a, b).items() if word in once]
    anchors = _rising(sorted(pairs))
    if not anchors:
        return []
    # Each part begins with an anchor, which _trimmed then takes off its head.
    starts = [(a, c), *anchors]
    ends = [*anchors, (b, d)]
    return [(i, k, j, m) for (i, j), (k, m) in zip(starts, ends, strict=True)]


def _once(words_: Sequence[str], start: int, end: int) -> dict[str, int]:
    """Return where those stand that occur once between *start* and *end*."""
    counts = Counter(words_[start:end])
    return {words_[at]: at for at in range(start, end) if counts[words_[at]] == 1}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of *pairs*, which rise in the first, that rises in the second too."""
    tops: list[int] = []  # of each length, the number of the pair that ends lowest
    before: list[int] = []
    for number, (_i, j) in enumerate(pairs):
        low, high = 0, len(tops)
        while low < high:
            middle = (low + high) // 2
            if pairs[tops[middle]][1] < j:
                low = middle + 1
            else:
                high = middle
        before.append(tops[low - 1] if low else -1)
        tops[low : low + 1] = [number]
    chain: list[tuple[int, int]] = []
    at = tops[-1] if tops else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]
