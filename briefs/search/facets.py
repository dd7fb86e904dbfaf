"""By what the briefs that were found can be narrowed down, and how many each choice leaves."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Model
from django.db.models.expressions import RawSQL

from briefs.models import Author, Brief, Publication, Topic

MOST_CHOICES = 12


class Choice(NamedTuple):
    """One value of a facet: as an address names it, as people do, and how many briefs have it."""

    value: str
    name: str
    size: int


class Hit(NamedTuple):
    """What is known of each brief that was found, before any of them is read."""

    pk: int
    publication_id: int
    year: int


def of(hits: list[Hit]) -> dict[str, list[Choice]]:
    """Return the choices of each facet that *hits*, which the reader may read, have."""
    ids = [hit.pk for hit in hits]
    topics = _by_topic(ids)
    return {
        "publication": _publications(hits),
        "topic": _most(topics[Topic.Kind.SUBJECT]),
        "region": _most(topics[Topic.Kind.REGION]),
        "author": _most(_by_author(ids)),
        "year": _years(hits),
    }


def _publications(hits: list[Hit]) -> list[Choice]:
    counts = Counter(hit.publication_id for hit in hits)
    rows = Publication.objects.filter(pk__in=counts).values_list("pk", "slug", "name")
    return _most(Choice(slug, name, counts[pk]) for pk, slug, name in rows)


def _years(hits: list[Hit]) -> list[Choice]:
    counts = Counter(hit.year for hit in hits)
    return [Choice(f"{y:04}", f"{y:04}", counts[y]) for y in sorted(counts, reverse=True)][:40]


def _by_topic(ids: list[int]) -> dict[str, list[Choice]]:
    """Return the topics of the briefs *ids*, by kind; two of one slug are one choice."""
    counts = _counted(Brief.topics.through, "topic", ids)
    names: dict[str, dict[str, str]] = {kind: {} for kind in Topic.Kind.values}
    sizes: Counter[tuple[str, str]] = Counter()
    for topic in Topic.objects.filter(pk__in=counts):
        names[topic.kind].setdefault(topic.slug, topic.name)
        sizes[topic.kind, topic.slug] += counts[topic.pk]
    return {
        kind: [Choice(slug, name, sizes[kind, slug]) for slug, name in found.items()]
        for kind, found in names.items()
    }


def _by_author(ids: list[int]) -> list[Choice]:
    counts = _counted(Brief.authors.through, "author", ids)
    return [
        Choice(slug, name, counts[pk])
        for pk, slug, name in Author.objects.filter(pk__in=counts).values_list("pk", "slug", "name")
    ]


def _counted(links: type[Model], field: str, ids: list[int]) -> dict[int, int]:
    # One parameter for thousands of numbers.
    if connection.vendor == "sqlite":
        listed = RawSQL("SELECT value FROM json_each(%s)", [json.dumps(ids)])
    else:
        listed = RawSQL("SELECT unnest(%s::bigint[])", [ids])
    some = links._default_manager.filter(brief__in=listed)
    return dict(some.order_by().values_list(field).annotate(n=Count("pk")))


def _most(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda one: (-one.size, one.name))[:MOST_CHOICES]
