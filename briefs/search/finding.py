"""Find briefs: the one function that pages, feeds and programs ask."""

import datetime as dt
from dataclasses import dataclass, field
from types import ModuleType

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString

from briefs import access
from briefs.models import Author, Brief, SearchText, Topic

from . import facets, postgres, spelling, sqlite
from .excerpts import Marker, beginnings_of, excerpt
from .facets import Choice, Hit
from .querying import Query, parse

ON_A_PAGE = 10
MOST = 5_000  # found briefs that are ranked, counted and paged through


@dataclass(frozen=True)
class Filters:
    """What the found briefs are narrowed down to; empty ones narrow nothing.

    `publication`, `topic`, `region` and `author` are the slugs of web addresses.
    """

    publication: str = ""
    topic: str = ""
    region: str = ""
    author: str = ""
    year: int = 0

    def __bool__(self) -> bool:
        return bool(self.publication or self.topic or self.region or self.author or self.year)


@dataclass(frozen=True)
class Found:
    """A brief that was found, as HTML that shows where."""

    brief: Brief
    date: dt.date  # its date line as it stands on the web
    headline: SafeString
    excerpt: SafeString


@dataclass(frozen=True)
class Results:
    """One page of what was found, and how to go on."""

    query: Query
    entries: list[Found] = field(default_factory=list)
    total: int = 0
    is_bounded: bool = False  # there are more than `total`
    page: int = 1
    pages: int = 1
    facets: dict[str, list[Choice]] = field(default_factory=dict)
    did_you_mean: str = ""

    @property
    def start(self) -> int:
        """The number of the first entry, counted from 1 over all pages."""
        return (self.page - 1) * ON_A_PAGE + 1


def find(
    query: Query | str,
    reader: access.Reader,
    at: dt.datetime,
    filters: Filters = Filters(),
    page: int = 1,
) -> Results:
    """Return what *reader* finds by *query* at the moment *at*, the best first.

    What they may not read is not found, counted, quoted or suggested. Without
    a word in the query, what *filters* leave is listed, the latest first.
    Pages are counted from 1; one that is not there is the nearest that is.
    """
    if isinstance(query, str):
        query = parse(query)
    if not query and not filters:
        return Results(query)
    rows = _hits(_narrowed(access.readable(reader, at), filters), query)
    hits = [Hit(pk, home, date.year) for pk, home, date in rows]
    is_bounded, hits = len(hits) > MOST, hits[:MOST]
    pages = max(1, -(-len(hits) // ON_A_PAGE))
    page = min(max(page, 1), pages)
    shown = [hit.pk for hit in hits[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]]
    return Results(
        query=query,
        entries=_quoted(shown, query, reader, at),
        total=len(hits),
        is_bounded=is_bounded,
        page=page,
        pages=pages,
        facets=facets.of(hits) if hits else {},
        did_you_mean="" if hits else _suggestion(query, filters, reader, at),
    )


def _backend() -> ModuleType:
    return sqlite if connection.vendor == "sqlite" else postgres


def _hits(briefs: QuerySet[Brief], query: Query) -> list[tuple[int, int, dt.date]]:
    """Return number, publication and date of what was found, one more than is counted."""
    if not query:
        return list(briefs.values_list("pk", "publication_id", "date")[: MOST + 1])
    found: list[tuple[int, int, dt.date]] = _backend().hits(briefs, query, MOST + 1)
    return found


def _narrowed(briefs: QuerySet[Brief], filters: Filters) -> QuerySet[Brief]:
    if filters.publication:
        briefs = briefs.filter(publication__slug=filters.publication)
    for kind, slug in (
        (Topic.Kind.SUBJECT, filters.topic),
        (Topic.Kind.REGION, filters.region),
    ):
        if slug:
            links = Brief.topics.through.objects.filter(brief=OuterRef("pk"))
            ids = list(Topic.objects.filter(slug=slug, kind=kind).values_list("pk", flat=True))
            briefs = briefs.filter(Exists(links.filter(topic__in=ids)))
    if filters.author:
        authors = list(Author.objects.filter(slug=filters.author).values_list("pk", flat=True))
        names = Brief.authors.through.objects.filter(brief=OuterRef("pk"), author__in=authors)
        briefs = briefs.filter(Exists(names))
    if filters.year:
        first, last = dt.date(filters.year, 1, 1), dt.date(filters.year, 12, 31)
        briefs = briefs.filter(date__gte=first, date__lte=last)
    return briefs


def _suggestion(query: Query, filters: Filters, reader: access.Reader, at: dt.datetime) -> str:
    """Return what may have been meant, which this very reader finds something by."""

    briefs = _narrowed(access.readable(reader, at), filters)

    def is_found(other: Query) -> bool:
        return bool(_backend().is_any(briefs, other))

    return spelling.suggest(query, is_found) if query else ""


def _quoted(ids: list[int], query: Query, reader: access.Reader, at: dt.datetime) -> list[Found]:
    """Return the briefs *ids* in their order; the policy is asked again for what is quoted."""
    rows = (
        access.readable(reader, at)
        .select_related("publication", "published_revision", "search_text")
        .filter(pk__in=ids, search_text__isnull=False)
    )
    by_id = {brief.pk: brief for brief in rows}
    found = [by_id[pk] for pk in ids if pk in by_id]
    markers = _markers(found, query)
    return [_entry(brief, markers[brief.search_text.configuration]) for brief in found]


def _markers(briefs: list[Brief], query: Query) -> dict[str, Marker]:
    """Return what is marked in *briefs*, by the language that they are written in."""
    plain = Marker(query.exact, query.beginnings)
    markers: dict[str, Marker] = {}
    for name in {brief.search_text.configuration for brief in briefs}:
        texts = (
            text
            for brief in briefs
            if brief.search_text.configuration == name
            for text in _texts(brief.search_text)
        )
        # Only a language has stems; the others say so without looking.
        words = beginnings_of(plain, texts) if name != "simple" else set()
        alike = _backend().alike(query, words, name) if words else set()
        markers[name] = Marker(query.exact, query.beginnings, frozenset(alike))
    return markers


def _entry(brief: Brief, marker: Marker) -> Found:
    text = brief.search_text
    assert brief.published_revision is not None
    date = dt.date.fromisoformat(brief.published_revision.snapshot["date"])
    return Found(brief, date, marker.mark(text.headline), excerpt(marker, _texts(text)[1:]))


def _texts(text: SearchText) -> list[str]:
    """Return what is quoted: the headline, the body, the lines of the lead."""
    return [text.headline, text.body, *text.lead.splitlines()]
