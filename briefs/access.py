"""Who may read what: the one policy that mail, web and every later channel ask."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import DateTimeField, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from briefs.models import Brief


@dataclass(frozen=True)
class Reader:
    """Somebody who asks for a text, as far as the policy needs to know them."""

    publication_ids: frozenset[int] = frozenset()


ANONYMOUS = Reader()


# When readers may first have it: its embargo counts where that ends later than it was published.
READABLE_FROM = Greatest(
    "published_at",
    Coalesce("embargo_until", "published_at"),
    output_field=DateTimeField(),
)


def is_embargoed(brief: Brief, at: dt.datetime) -> bool:
    """Tell whether nobody may have *brief* yet at the moment *at*, on the web or by mail."""
    return brief.embargo_until is not None and brief.embargo_until > at


def may_read(brief: Brief, reader: Reader, at: dt.datetime) -> bool:
    """Tell whether *reader* may see the text of *brief* at the moment *at*."""
    if brief.status != Brief.Status.PUBLISHED or brief.published_at is None:
        return False
    if brief.published_at > at or is_embargoed(brief, at):
        return False
    if brief.access == Brief.Access.PUBLIC and brief.publication.is_public:
        return True
    return brief.publication_id in reader.publication_ids


def readable(reader: Reader, at: dt.datetime) -> QuerySet[Brief]:
    """Return the briefs for which may_read says yes, latest first: the same policy for lists."""
    is_open = Q(access=Brief.Access.PUBLIC, publication__is_public=True)
    return Brief.objects.filter(
        is_open | Q(publication__in=reader.publication_ids),
        Q(embargo_until__isnull=True) | Q(embargo_until__lte=at),
        status=Brief.Status.PUBLISHED,
        published_at__lte=at,
    ).order_by("-date", "-published_at", "-id")
