"""What a new brief starts from: the shape of the last one."""

from typing import Any

from django.db.models import QuerySet

from briefs.models import Brief, Publication, User


def shape(writer: User, publications: QuerySet[Publication]) -> dict[str, Any]:
    """Return how the form of a new brief of *writer* begins, in one of *publications*.

    Publication, series, authors and a contact block of its own come from the
    last brief, the writer's own if there is one; topics are the publication's
    usual ones. A writer who is an author signs for themselves.
    """
    latest = Brief.objects.filter(publication__in=publications).order_by("-pk")
    last = latest.filter(created_by=writer).first() or latest.first()
    publication = last.publication if last else publications.first()
    if publication is None:
        return {}
    author = getattr(writer, "author", None)
    authors = [author.pk] if author else []
    if last and not authors:
        authors = list(last.authors.values_list("pk", flat=True))
    return {
        "publication": publication.pk,
        "series": (last.series if last else "") or publication.series,
        "topics": list(publication.default_topics.values_list("pk", flat=True)),
        "authors": authors,
        "contact_block": last.contact_block if last else "",
    }
