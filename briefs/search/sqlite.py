"""Search by FTS5: a virtual table over the searched texts, ranked by BM25."""

import datetime as dt

from django.db.models import QuerySet

from briefs.models import Brief, SearchText

from .folding import variants
from .querying import Query, Term

# Headline, names, lead, body.
_RANK = "bm25(briefs_search, 10.0, 5.0, 3.0, 1.0)"


def hits(briefs: QuerySet[Brief], query: Query, most: int) -> list[tuple[int, int, dt.date]]:
    """Return those of *briefs* that have every term of *query*, the best first."""
    return list(_matching(briefs, query).values_list("pk", "publication_id", "date")[:most])


def is_any(briefs: QuerySet[Brief], query: Query) -> bool:
    """Tell whether one of *briefs* has every term of *query*."""
    return _matching(briefs, query).order_by().exists()


def _matching(briefs: QuerySet[Brief], query: Query) -> QuerySet[Brief]:
    return briefs.extra(  # noqa: S610  (what was typed is a parameter)
        select={"score": _RANK},
        tables=["briefs_search"],
        where=["briefs_search.rowid = briefs_brief.id", "briefs_search MATCH %s"],
        params=[expression(query)],
        order_by=["score", "-date", "-id"],
    )


def expression(query: Query) -> str:
    """Return *query* as FTS5 reads it: every word in quotes, so that none is an operator."""
    return " AND ".join(f"({_any_of(term)})" for term in query.terms)


def _any_of(term: Term) -> str:
    if term.is_phrase:
        # In a phrase as it was typed: FTS5 itself takes off case and accents.
        phrase = f'"{" ".join(term.words)}"'
        return f"{phrase} *" if term.is_beginning else phrase
    found = [f'"{word}"' for word in variants(term.words[0])]
    if term.is_beginning:
        found += [f"{word} *" for word in found]  # beside the word itself, which so counts more
    return " OR ".join(found)


def write(rows: list[SearchText]) -> None:
    """Do nothing: triggers follow what is stored."""


def alike(query: Query, words: set[str], configuration: str) -> set[str]:
    """Return which of *words* the query means beside those that it names: none without stems."""
    return set()


def configurations() -> frozenset[str]:
    """Return by which names the database knows languages."""
    return frozenset({"simple"})
