"""What the database says of the site: whether anything changed, and when something will by itself.

One short question for each page that is served from memory. It is the reason
why the site shows a change with the next request, in every process, whether
Redis is there or not.
"""

import datetime as dt
import time
from typing import NamedTuple

from django.db import connection
from django.db.models import Min

from briefs.models import Brief
from intelbrief.page_cache.watching import TABLE

_MARK = f"SELECT mark FROM {TABLE} WHERE id = 1"  # noqa: S608  (a constant of ours)


def mark() -> str | None:
    """Return the mark of what stands in the database now; None where nothing may be kept.

    So in a transaction, which sees what others do not. Raises what the database does.
    """
    if connection.in_atomic_block:
        return None
    # As Django does at the start of a request, which there is none of yet.
    if connection.close_at is not None and time.monotonic() >= connection.close_at:
        connection.close()
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        row = cursor.fetchone()
    return str(row[0]) if row else None


class _Known(NamedTuple):
    mark: str
    since: dt.datetime
    until: dt.datetime


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_known = _Known("", _NEVER, _NEVER)


def next_change(under: str, at: dt.datetime) -> dt.datetime:
    """Return the first moment after *at* at which a brief becomes or ceases to be readable.

    Asked once for each mark: *under* is one that was read before.
    """
    global _known  # noqa: PLW0603  (one answer for all threads, replaced as a whole)
    known = _known
    if known.mark == under and known.since <= at < known.until:
        return known.until
    out = Brief.objects.filter(status=Brief.Status.PUBLISHED)
    moments = (
        out.filter(**{f"{field}__gt": at}).aggregate(first=Min(field))["first"]
        for field in ("published_at", "embargo_until", "readable_until")
    )
    until: dt.datetime = min((moment for moment in moments if moment), default=_NEVER)
    _known = _Known(under, at, until)
    return until
