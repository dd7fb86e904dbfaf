"""Who may read what: the one policy that mail, web and every later channel ask.

A brief is public, for the subscribers of its publication, or for some of its
client groups; and it is so from one moment (it is published, and its embargo
is over) until another (`readable_until`). Whatever shows a sentence of a brief,
a page, a list, a snippet, a feed, a PDF, a picture, a mail, asks may_read() or
takes its rows from readable().
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from briefs.models import Brief


@dataclass(frozen=True)
class Reader:
    """Somebody who asks for a text, as far as the policy needs to know them.

    `publication_ids` are those that they subscribe to, `group_ids` the client
    groups that they belong to.
    """

    publication_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()


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


def is_over(brief: Brief, at: dt.datetime) -> bool:
    """Tell whether nobody may have *brief* any more at the moment *at*."""
    return brief.readable_until is not None and brief.readable_until <= at


def is_for(brief: Brief, reader: Reader) -> bool:
    """Tell whether *brief* is meant for *reader*, whenever that is."""
    if brief.access == Brief.Access.PUBLIC and brief.publication.is_public:
        return True
    if brief.publication_id not in reader.publication_ids:
        return False
    if brief.access != Brief.Access.GROUPS:
        return True
    return any(group.pk in reader.group_ids for group in brief.groups.all())


def may_have(brief: Brief, reader: Reader, at: dt.datetime) -> bool:
    """Tell whether *reader* may have *brief* as a mail at the moment *at*; also a digest."""
    return not is_embargoed(brief, at) and not is_over(brief, at) and is_for(brief, reader)


def may_read(brief: Brief, reader: Reader, at: dt.datetime) -> bool:
    """Tell whether *reader* may see the text of *brief* at the moment *at*."""
    return _is_out(brief, at) and may_have(brief, reader, at)


def is_locked(brief: Brief, at: dt.datetime) -> bool:
    """Tell whether a stranger is told that there is *brief*, and how to come to read it.

    So of a public publication's brief for subscribers. What is for client
    groups, or of a publication that is not public, does not exist to others.
    """
    if not _is_out(brief, at) or is_embargoed(brief, at) or is_over(brief, at):
        return False
    return brief.access == Brief.Access.SUBSCRIBERS and brief.publication.is_public


def readable(reader: Reader, at: dt.datetime) -> QuerySet[Brief]:
    """Return the briefs for which may_read says yes, latest first: the same policy for lists."""
    return Brief.objects.filter(
        _for(reader),
        Q(embargo_until__isnull=True) | Q(embargo_until__lte=at),
        Q(readable_until__isnull=True) | Q(readable_until__gt=at),
        status=Brief.Status.PUBLISHED,
        published_at__lte=at,
    ).order_by("-date", "-published_at", "-id")


def _is_out(brief: Brief, at: dt.datetime) -> bool:
    if brief.status != Brief.Status.PUBLISHED or brief.published_at is None:
        return False
    return brief.published_at <= at


def _for(reader: Reader) -> Q:
    """Return the condition that a brief is meant for *reader*: is_for(), in SQL."""
    found = Q(access=Brief.Access.PUBLIC, publication__is_public=True)
    if reader.publication_ids:
        ours = Q(publication__in=reader.publication_ids)
        found |= ours & ~Q(access=Brief.Access.GROUPS)
        if reader.group_ids:
            chosen = Brief.groups.through.objects.filter(
                brief=OuterRef("pk"), clientgroup__in=reader.group_ids
            )
            found |= ours & Q(Exists(chosen), access=Brief.Access.GROUPS)
    return found
