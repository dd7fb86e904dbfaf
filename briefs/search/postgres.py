"""Search by a tsvector: stems in the language of each publication, ranked by ts_rank.

Each text is indexed twice in one vector: as it is written, for phrases,
beginnings and words too common to have a stem, and by stems. Both after
folding(), so neither the extension unaccent nor a dictionary is needed.
"""

from functools import lru_cache

from django.db import connection
from django.db.models import QuerySet

from briefs.models import Brief, Publication, SearchText

from .folding import WORD, fold, variants
from .languages import LANGUAGES
from .querying import Query, Term

# Body, lead, names, headline.
_WEIGHTS = "{0.1, 0.3, 0.6, 1.0}"
_FIELDS = (("headline", "A"), ("names", "B"), ("lead", "C"), ("body", "D"))


def matching(briefs: QuerySet[Brief], query: Query) -> QuerySet[Brief]:
    """Return those of *briefs* that have every term of *query*, the best first."""
    wanted = tsquery(query, _used())
    return briefs.extra(
        select={"score": "-ts_rank(%s::float4[], briefs_searchtext.document, %s::tsquery, 1)"},
        select_params=[_WEIGHTS, wanted],
        tables=["briefs_searchtext"],
        where=[
            "briefs_searchtext.brief_id = briefs_brief.id",
            "briefs_searchtext.document @@ %s::tsquery",
        ],
        params=[wanted],
        order_by=["score", "-date", "-id"],
    )


def tsquery(query: Query, names: frozenset[str]) -> str:
    """Return *query* as PostgreSQL writes it down, with the stems of the languages *names*."""
    parts, params = [], []
    for term in query.terms:
        options = list(_options(term, names))
        parts.append("(" + " || ".join(sql for sql, _ in options) + ")")
        params += [value for _, values in options for value in values]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({' && '.join(parts)})::text", params)
        return str(cursor.fetchone()[0])


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
                f"UPDATE briefs_searchtext SET document = {sql} WHERE brief_id = %s",  # noqa: S608
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
