"""What somebody typed, read into terms: words, "phrases" and the beginnings of wor*."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from .folding import WORD, variants

LONGEST = 200  # characters that are read
MOST_TERMS = 12
# Fewer letters would be the beginning of half the language.
_SHORTEST_BEGINNING, _SHORTEST_TYPED = 2, 3
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True)
class Term:
    """Something that must occur: words in a row, the last of which may be a beginning."""

    words: tuple[str, ...]
    is_beginning: bool = False
    is_phrase: bool = False

    def __str__(self) -> str:
        words = " ".join(self.words)
        return f'"{words}"' if self.is_phrase else words


@dataclass(frozen=True)
class Query:
    """All terms of a query; a brief is found that has every one of them."""

    terms: tuple[Term, ...] = ()
    is_cut: bool = False  # more was typed than is read

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    @cached_property
    def exact(self) -> frozenset[str]:
        """The folded words that a text is marked at."""
        return frozenset(v for term in self.terms for word in term.words for v in variants(word))

    @cached_property
    def beginnings(self) -> tuple[str, ...]:
        """The folded beginnings of words that a text is marked at."""
        last = (term.words[-1] for term in self.terms if term.is_beginning)
        return tuple(v for word in last for v in variants(word))


def parse(typed: str) -> Query:
    """Read *typed*, whatever it is; nothing that has a meaning to a database is left in it.

    The last word may be one that is still being typed, so it stands for all
    words that begin like it.
    """
    text = unicodedata.normalize("NFC", typed.replace("\x00", " ").translate(_QUOTES)).strip()
    terms: list[Term] = []
    for part in _PART.finditer(text[:LONGEST]):
        quoted, bare = part.groups()
        words = tuple(WORD.findall(bare if quoted is None else quoted))
        if not words:
            continue
        starred = bare is not None and bare.endswith("*") and len(words[-1]) >= _SHORTEST_BEGINNING
        # "south-east" is two words side by side, as a text has them.
        is_phrase = quoted is not None or len(words) > 1
        terms.append(Term(words, is_beginning=starred, is_phrase=is_phrase))
    is_cut = len(text) > LONGEST or len(terms) > MOST_TERMS
    terms = terms[:MOST_TERMS]
    if terms and not terms[-1].is_phrase and len(terms[-1].words[0]) >= _SHORTEST_TYPED:
        terms[-1] = Term(terms[-1].words, is_beginning=True)
    return Query(tuple(terms), is_cut)
