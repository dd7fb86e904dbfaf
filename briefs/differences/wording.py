"""Words that went, words that came, and the rows that they stand in."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from briefs.differences.matching import Budget, blocks

Kind = Literal["kept", "removed", "added"]


class Piece(NamedTuple):
    """Some words, and what became of them."""

    kind: Kind
    text: str


class Row(NamedTuple):
    """A paragraph, a key point or a whole field: kept, removed, added, or changed within."""

    kind: Literal["kept", "removed", "added", "changed"]
    pieces: tuple[Piece, ...]


# Scripts that put no spaces between words: each character is a word of its own.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Letters and digits, and the marks and joiners that belong to them.
_LETTER = (
    rf"(?:[^\W_{_UNSPACED}]|[\u0300-\u036f\u0591-\u05c7\u064b-\u0670\u0900-\u0dff\u200c\u200d])"
)
_TOKEN = re.compile(
    rf"""
    \s+
    | https?://[^\s<>()\[\]"']+[^\s<>()\[\]"'.,;:!?*_]   # an address is one word
    | \d+(?:[.,:]\d+)+                                    # and so are 1,250.50 and 06:30
    | {_LETTER}+(?:['’]{_LETTER}+)*
    | [{_UNSPACED}]
    | ([*_`~#=>|-])\1*                                    # Markdown's marks, as many as stand there
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def words(before: str, after: str) -> list[Piece]:
    """Return how *after* came from *before*, word by word; both are plain text or Markdown.

    The kept and removed pieces together are *before*, the kept and added ones
    *after*. Takes a bounded time: text that has nothing to hold on to comes
    out as replaced.
    """
    return list(_words(before, after, Budget()))


def _words(before: str, after: str, budget: Budget) -> Iterable[Piece]:
    old, new = _tokens(before), _tokens(after)
    pieces: list[Piece] = []
    at_old = at_new = 0
    for i, j, size in [*blocks(old, new, budget), (len(old), len(new), 0)]:
        _push(pieces, "removed", "".join(old[at_old:i]))
        _push(pieces, "added", "".join(new[at_new:j]))
        _push(pieces, "kept", "".join(old[i : i + size]))
        at_old, at_new = i + size, j + size
    return _smoothed(pieces)


def _tokens(text: str) -> list[str]:
    return [match[0] for match in _TOKEN.finditer(text)]


def _push(pieces: list[Piece], kind: Kind, text: str) -> None:
    if text:
        pieces.append(Piece(kind, text))


def _smoothed(pieces: list[Piece]) -> list[Piece]:
    """Join what only a space keeps apart: three words in a row were replaced, not each alone."""
    smooth: list[Piece] = []
    removed = added = ""
    for number, piece in enumerate(pieces):
        if piece.kind == "removed":
            removed += piece.text
        elif piece.kind == "added":
            added += piece.text
        elif removed and added and piece.text == " " and _goes_on(pieces, number):
            removed, added = removed + " ", added + " "
        else:
            _push(smooth, "removed", removed)
            _push(smooth, "added", added)
            smooth.append(piece)
            removed = added = ""
    _push(smooth, "removed", removed)
    _push(smooth, "added", added)
    return smooth


def _goes_on(pieces: list[Piece], number: int) -> bool:
    """Tell whether something was both removed and added behind the piece *number*."""
    return [piece.kind for piece in pieces[number + 1 : number + 3]] == ["removed", "added"]


# --- rows -------------------------------------------------------------------

_MOST_PAIRS = 2_500  # paragraphs that are weighed against each other
_ALIKE = 0.4  # the share of words from which on a paragraph is the other one, changed


def rows(before: Sequence[str], after: Sequence[str]) -> tuple[Row, ...]:
    """Return how the paragraphs or key points *after* came from *before*, one row for each."""
    return tuple(_rows(before, after, Budget()))


def _rows(before: Sequence[str], after: Sequence[str], budget: Budget) -> list[Row]:
    found: list[Row] = []
    at_old = at_new = 0
    for i, j, size in [*blocks(before, after, budget), (len(before), len(after), 0)]:
        for old, new in _paired(before[at_old:i], after[at_new:j]):
            found.append(_row(old, new, budget))
        found += [_row(same, same, budget) for same in before[i : i + size]]
        at_old, at_new = i + size, j + size
    return found


def _row(old: str | None, new: str | None, budget: Budget) -> Row:
    if old is None:
        return Row("added", (Piece("added", new or ""),))
    if new is None:
        return Row("removed", (Piece("removed", old),))
    if old == new:
        return Row("kept", (Piece("kept", old),))
    return Row("changed", tuple(_words(old, new, budget)))


def _paired(old: Sequence[str], new: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Return which of *new* is which of *old*, changed; None where one has no other."""
    if len(old) == len(new) == 1:
        return (
            [(old[0], new[0])]
            if _alikeness(old[0], new[0]) > 0
            else [(old[0], None), (None, new[0])]
        )
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return [*((text, None) for text in old), *((None, text) for text in new)]
    return _best_pairs(old, new)


def _best_pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Pair in order so that the pairs are as alike as they can be (dynamic programming)."""
    bags = [Counter(_tokens(text)) for text in new]
    alike = [[_share(Counter(_tokens(text)), bag) for bag in bags] for text in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            pair = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= _ALIKE else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], pair)
    pairs: list[tuple[str | None, str | None]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if alike[i][j] >= _ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            pairs.append((old[i], None))
            i += 1
        else:
            pairs.append((None, new[j]))
            j += 1
    return [*pairs, *((text, None) for text in old[i:]), *((None, text) for text in new[j:])]


def _alikeness(old: str, new: str) -> float:
    return _share(Counter(_tokens(old)), Counter(_tokens(new)))


def _share(old: "Counter[str]", new: "Counter[str]") -> float:
    """Return which share of the words that are not spaces stands on both sides."""
    both = sum(count for word, count in (old & new).items() if not word.isspace())
    all_ = sum(count for word, count in (old + new).items() if not word.isspace())
    return 2 * both / all_ if all_ else 1.0
