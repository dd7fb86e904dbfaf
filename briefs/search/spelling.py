"""Guess what a mistyped word was meant to be.

Guesses come from the words of all briefs, of restricted ones too. So one is
made only after the visitor's own search for it has found something.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from django.db.models import Q

from briefs.models import SearchWord

from .folding import fold
from .querying import Query, Term

_MOST_WORDS = 3  # of a query that are looked into
_MOST_GUESSES = 6  # for a word, each of which is searched for
_MOST_CANDIDATES = 6_000
_SHORTEST = 4


def suggest(query: Query, is_found: Callable[[Query], bool]) -> str:
    """Return *query* with its mistakes mended, as it could be typed; "" for no idea.

    *is_found* tells whether the visitor finds anything by a query.
    """
    mended, changes = list(query.terms), 0
    for place, term in enumerate(query.terms[:_MOST_WORDS]):
        if is_found(Query((term,))):
            continue
        better = _mended(term, is_found)
        if better is None:
            return ""
        mended[place] = better
        changes += 1
    found = Query(tuple(mended))
    return str(found) if changes and is_found(found) else ""


def _mended(term: Term, is_found: Callable[[Query], bool]) -> Term | None:
    """Return *term* as it finds something, with one of its words written otherwise."""
    for place, word in enumerate(term.words):
        for guess in islice(candidates(word), _MOST_GUESSES):
            words = (*term.words[:place], guess, *term.words[place + 1 :])
            better = replace(term, words=words, is_beginning=False)
            if is_found(Query((better,))):
                return better
    return None


def candidates(word: str) -> Iterator[str]:
    """Yield stored words that *word* may have been meant to be, the nearest first."""
    wanted = fold(word)
    if len(wanted) < _SHORTEST:
        return
    most = 1 if len(wanted) < 6 else 2
    # As it is written, with two of its first letters swapped, and with the second one too many.
    heads = {wanted[:2], wanted[1::-1], wanted[0] + wanted[2]}
    like = SearchWord.objects.filter(Q(head__in=heads) | Q(tail=wanted[-3:]))
    letters = Counter(wanted)
    near: list[tuple[int, int, str]] = []
    for known in like.values_list("word", flat=True)[:_MOST_CANDIDATES]:
        folded = fold(known)
        if folded == wanted or abs(len(folded) - len(wanted)) > most:
            continue
        if (letters - Counter(folded)).total() > most:
            continue
        steps = distance(wanted, folded, most)
        if steps <= most:
            near.append((steps, abs(len(folded) - len(wanted)), known))
    yield from (known for _, _, known in sorted(near))


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters were left out, put in, changed or swapped with the next.

    More than *most* is returned as *most* + 1.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        now = [i]
        for j, right in enumerate(other, 1):
            steps = min(now[j - 1] + 1, row[j] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                steps = min(steps, before[j - 2] + 1)
            now.append(steps)
        if min(now) > most:
            return most + 1
        before, row = row, now
    return min(row[-1], most + 1)
