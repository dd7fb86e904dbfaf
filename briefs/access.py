"""Who may read what: the one policy that mail, web and every later channel ask."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from briefs.models import Brief


@dataclass(frozen=True)
class Reader:
    """Somebody who asks for a text, as far as the policy needs to know them."""

    publication_ids: frozenset[int] = frozenset()


ANONYMOUS = Reader()


def may_read(brief: Brief, reader: Reader, at: dt.datetime) -> bool:
    """Tell whether *reader* may see the text of *brief* at the moment *at*."""
    if brief.status != Brief.Status.PUBLISHED or brief.published_at is None:
        return False
    if brief.published_at > at:
        return False
    if brief.access == Brief.Access.PUBLIC and brief.publication.is_public:
        return True
    return brief.publication_id in reader.publication_ids


def readable(reader: Reader, at: dt.datetime) -> QuerySet[Brief]:
    """Return the briefs for which may_read says yes, latest first: the same policy for lists."""
    is_open = Q(access=Brief.Access.PUBLIC, publication__is_public=True)
    return Brief.objects.filter(
        is_open | Q(publication__in=reader.publication_ids),
        status=Brief.Status.PUBLISHED,
        published_at__lte=at,
    ).order_by("-date", "-published_at", "-id")
