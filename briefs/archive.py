"""The archive of a publication: its lists, how many stand in each, and what comes before and after.

Everything here narrows rows that access.readable() has given: a list shows,
counts and names nothing but what its reader may read.
"""

import datetime as dt
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from briefs.models import Author, Brief, Publication, Topic


class Shelf(NamedTuple):
    """A list of briefs: what it is called, where it stands, and how many are in it."""

    name: str
    path: str
    size: int


class Month(NamedTuple):
    """A month in which briefs appeared."""

    first: dt.date
    path: str
    size: int


def topic_path(publication: Publication, topic: Topic) -> str:
    """Return where the briefs on *topic* are listed; regions are listed apart."""
    kind = "regions" if topic.kind == Topic.Kind.REGION else "topics"
    return f"/{publication.slug}/{kind}/{topic.slug}/"


def author_path(publication: Publication, author: Author) -> str:
    """Return where the briefs of *author* in *publication* are listed."""
    return f"/{publication.slug}/authors/{author.slug}/"


def topics(publication: Publication, briefs: QuerySet[Brief]) -> dict[str, list[Shelf]]:
    """Return the topics that *briefs* have, by kind and name, with how many have each."""
    links = Brief.topics.through.objects.filter(brief__in=briefs.order_by().values("pk"))
    counts = dict(links.values_list("topic").annotate(n=Count("pk")))
    found: dict[str, list[Shelf]] = {Topic.Kind.SUBJECT: [], Topic.Kind.REGION: []}
    for topic in Topic.objects.filter(pk__in=counts, publication=publication).order_by("name"):
        path = topic_path(publication, topic)
        found[topic.kind].append(Shelf(topic.name, path, counts[topic.pk]))
    return found


def authors(publication: Publication, briefs: QuerySet[Brief]) -> list[Shelf]:
    """Return who has written *briefs*, by name, with how many each has."""
    links = Brief.authors.through.objects.filter(brief__in=briefs.order_by().values("pk"))
    counts = dict(links.values_list("author").annotate(n=Count("pk")))
    return [
        Shelf(author.name, author_path(publication, author), counts[author.pk])
        for author in Author.objects.filter(pk__in=counts).order_by("name")
    ]


def years(publication: Publication, briefs: QuerySet[Brief]) -> list[tuple[int, list[Month]]]:
    """Return the months in which *briefs* appeared, latest first, by year."""
    rows = briefs.order_by().annotate(month=TruncMonth("date")).values_list("month")
    found: dict[int, list[Month]] = {}
    for first, count in sorted(rows.annotate(n=Count("pk")), reverse=True):
        path = f"/{publication.slug}/{first.year:04}/{first.month:02}/"
        found.setdefault(first.year, []).append(Month(first, path, count))
    return list(found.items())


def between(briefs: QuerySet[Brief], first: dt.date, last: dt.date) -> QuerySet[Brief]:
    """Return those of *briefs* whose date line is from *first* to *last*."""
    return briefs.filter(date__gte=first, date__lte=last)


def beside(briefs: QuerySet[Brief], brief: Brief) -> tuple[Brief | None, Brief | None]:
    """Return which of *briefs*, a readable() list, come before and after *brief* in time."""
    day, out, pk = brief.date, brief.published_at, brief.pk
    same = Q(date=day)
    older = Q(date__lt=day) | same & (Q(published_at__lt=out) | Q(published_at=out, pk__lt=pk))
    newer = Q(date__gt=day) | same & (Q(published_at__gt=out) | Q(published_at=out, pk__gt=pk))
    # The plain bound beside the condition is what an index can be entered by.
    before = briefs.filter(older, date__lte=day).first()
    after = briefs.filter(newer, date__gte=day).reverse().first()
    return before, after


def names_with_paths(
    publication: Publication, names: tuple[str, ...], kind: str, brief: Brief
) -> list[tuple[str, str]]:
    """Return each of *names*, as a revision has them, with its list; "" where there is none now.

    *kind* is "topics" or "authors". A name that was changed since stays as it
    was printed, and leads nowhere.
    """
    if not names:
        return []
    paths: dict[str, str]
    if kind == "topics":
        paths = {one.name: topic_path(publication, one) for one in brief.topics.all()}
    else:
        paths = {one.name: author_path(publication, one) for one in brief.authors.all()}
    return [(name, paths.get(name, "")) for name in names]
