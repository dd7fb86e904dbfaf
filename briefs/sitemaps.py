"""The sitemap (sitemaps.org, 0.9): what a stranger may read, and when it was last changed."""

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db.models import DateTimeField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.html import escape

from briefs import access
from briefs.models import Brief, Correction, Publication

# The protocol allows 50,000 addresses a file; this many are written in half a second.
IN_A_PART = 20_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def _briefs(at: dt.datetime) -> QuerySet[Brief]:
    # By number, so that a new brief moves none from one part to another.
    return access.readable(access.ANONYMOUS, at).order_by("pk")


def part_path(number: int) -> str:
    """Return where a part of the sitemap stands."""
    return f"/sitemap-{number}.xml"


def parts(at: dt.datetime) -> int:
    """Return how many parts there are; the first is there even without a brief."""
    return max(1, -(-_briefs(at).count() // IN_A_PART))


def index(at: dt.datetime) -> str:
    """Return the list of all parts."""
    rows = (
        f"<sitemap><loc>{settings.SITE_URL}{part_path(number)}</loc></sitemap>\n"
        for number in range(1, parts(at) + 1)
    )
    return f"{_HEAD}<sitemapindex {_XMLNS}>\n{''.join(rows)}</sitemapindex>\n"


def part(number: int, at: dt.datetime) -> str:
    """Return part *number*, from 1 on; the first also has the front page and the publications."""
    rows: list[str] = []
    if number == 1:
        rows += (_row(path) for path in _homes(at))
    rows += (_row(path, changed) for path, changed in _rows(number, at))
    return f"{_HEAD}<urlset {_XMLNS}>\n{''.join(rows)}</urlset>\n"


def _homes(at: dt.datetime) -> Iterator[str]:
    yield "/"
    shown = set(_briefs(at).order_by().values_list("publication", flat=True).distinct())
    for publication in Publication.objects.filter(is_public=True).order_by("pk"):
        yield f"/{publication.slug}/"
        if publication.pk in shown:
            yield f"/{publication.slug}/archive/"


def _rows(number: int, at: dt.datetime) -> Iterator[tuple[str, dt.datetime]]:
    latest = (
        Correction.objects.filter(brief=OuterRef("pk"))
        .order_by()
        .values("brief")
        .annotate(latest=Max("at"))
        .values("latest")
    )
    found = _briefs(at).annotate(
        changed=Greatest(
            access.READABLE_FROM,
            Coalesce(Subquery(latest), "published_at"),
            output_field=DateTimeField(),
        )
    )
    first = (number - 1) * IN_A_PART
    columns = ("publication__slug", "date", "slug", "changed")
    for home, date, slug, changed in found.values_list(*columns)[first : first + IN_A_PART]:
        yield f"/{home}/{date.isoformat().replace('-', '/')}/{slug}/", changed


def _row(path: str, changed: dt.datetime | None = None) -> str:
    moment = changed.astimezone(dt.UTC).isoformat(timespec="seconds") if changed else ""
    lastmod = f"<lastmod>{moment}</lastmod>" if moment else ""
    return f"<url><loc>{escape(settings.SITE_URL + path)}</loc>{lastmod}</url>\n"
