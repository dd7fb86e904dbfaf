"""Search by a tsvector: stems in the language of each publication, ranked by ts_rank.

Each text is indexed twice in one vector: as it is written, for phrases,
beginnings and words too common to have a stem, and by stems. Both after
folding(), so neither the extension unaccent nor a dictionary is needed.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.db import connection, transaction
from django.db.models import QuerySet

from briefs.models import Brief, Publication, SearchText

from .folding import WORD, fold, variants
from .languages import LANGUAGES
from .querying import Query, Term

Row = tuple[int, int, dt.date]  # brief, publication, date line
MOST_RANKED = 1_000
# Body, lead, names, headline.
_WEIGHTS = "{0.1, 0.3, 0.6, 1.0}"
_FIELDS = (("headline", "A"), ("names", "B"), ("lead", "C"), ("body", "D"))


def hits(briefs: QuerySet[Brief], query: Query, most: int) -> list[Row]:
    """Return those of *briefs* that have every term of *query*, the best first.

    To rank a text its whole vector is read: so the latest thousands are found,
    the latest of them ranked, and the others follow by their dates.
    """
    wanted = tsquery(query, _used())
    with _by_index():
        found = list(_matching(briefs, wanted).values_list("pk", "publication_id", "date")[:most])
    places = {pk: place for place, pk in enumerate(_ranked(found[:MOST_RANKED], wanted))}
    return sorted(found, key=lambda row: places.get(row[0], MOST_RANKED))


def is_any(briefs: QuerySet[Brief], query: Query) -> bool:
    """Tell whether one of *briefs* has every term of *query*."""
    return _matching(briefs, tsquery(query, _used())).order_by().exists()


def _matching(briefs: QuerySet[Brief], wanted: str) -> QuerySet[Brief]:
    return briefs.extra(
        tables=["briefs_searchtext"],
        where=[
            "briefs_searchtext.brief_id = briefs_brief.id",
            "briefs_searchtext.document @@ %s::tsquery",
        ],
        params=[wanted],
    )


@contextmanager
def _by_index() -> Iterator[None]:
    """Have words looked up in their index: the planner forgets that a scan unpacks each vector."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")


def _ranked(rows: list[Row], wanted: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT brief_id FROM unnest(%s::bigint[]) WITH ORDINALITY listed (brief_id, place) "
            "JOIN briefs_searchtext USING (brief_id) "
            "ORDER BY ts_rank(%s::float4[], document, %s::tsquery, 1) DESC, place",
            [[row[0] for row in rows], _WEIGHTS, wanted],
        )
        return [row[0] for row in cursor.fetchall()]


def tsquery(query: Query, names: frozenset[str]) -> str:
    """Return *query* as PostgreSQL writes it down, with the stems of the languages *names*."""
    options = [_options(term, names) for term in query.terms]
    columns = ", ".join(f"({sql})::text" for some in options for sql, _ in some)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [one for some in options for _, p in some for one in p])
        written = iter(cursor.fetchone())
    # Most languages leave a word as it is: each way once, and none that came to nothing.
    ways = [dict.fromkeys(filter(None, (next(written) for _ in some))) for some in options]
    return " & ".join(f"({' | '.join(some)})" for some in ways if some)


def _options(term: Term, names: frozenset[str]) -> list[tuple[str, list[str]]]:
    """Return the ways in which *term* may occur, each as SQL with its parameters."""
    if term.is_phrase:
        words = [_quoted(fold(word)) for word in term.words]
        mark = ":*" if term.is_beginning else ""
        return [("to_tsquery('simple', %s)", [" <-> ".join(words) + mark])]
    found: list[tuple[str, list[str]]] = []
    for word in variants(term.words[0]):
        if term.is_beginning:
            found.append(("to_tsquery('simple', %s)", [f"{_quoted(word)}:*"]))
        found += [("to_tsquery(%s::regconfig, %s)", [name, _quoted(word)]) for name in names]
    return found


def _quoted(word: str) -> str:
    """Return *word*, which has only letters and digits, as to_tsquery takes it for no operator."""
    return f"'{word}'"


def write(rows: list[SearchText]) -> None:
    """Index *rows* as they are stored; in the transaction of whoever stored them."""
    with connection.cursor() as cursor:
        for row in rows:
            words = {name: " ".join(WORD.findall(fold(getattr(row, name)))) for name, _ in _FIELDS}
            names = dict.fromkeys(["simple", row.configuration])
            vectors = [(name, *field) for name in names for field in _FIELDS]
            sql = " || ".join("setweight(to_tsvector(%s::regconfig, %s), %s)" for _ in vectors)
            params: list[str | int] = []
            for name, field, weight in vectors:
                params += [name, words[field], weight]
            cursor.execute(
                f"UPDATE briefs_searchtext SET document = {sql} WHERE brief_id = %s",  # noqa: S608  (made of marks alone)
                [*params, row.pk],
            )


def alike(query: Query, words: set[str], configuration: str) -> set[str]:
    """Return which of *words*, all folded, have the stem of a word of *query*."""
    if not words or configuration == "simple":
        return set()
    wanted = [
        word for term in query.terms if not term.is_phrase for word in variants(term.words[0])
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) word WHERE tsvector_to_array("
            "to_tsvector(%s::regconfig, word)) && "
            "tsvector_to_array(to_tsvector(%s::regconfig, %s))",
            [sorted(words), configuration, configuration, " ".join(wanted)],
        )
        return {row[0] for row in cursor.fetchall()}


@lru_cache(maxsize=1)
def configurations() -> frozenset[str]:
    """Return by which names the database knows languages."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cfgname FROM pg_catalog.pg_ts_config")
        return frozenset(row[0] for row in cursor.fetchall())


def _used() -> frozenset[str]:
    """Return the names for the languages that publications have, and the one for any other."""
    spoken = Publication.objects.order_by().values_list("language", flat=True).distinct()
    return frozenset({LANGUAGES.get(one[:2], "simple") for one in spoken} & configurations()) | {
        "simple"
    }
