"""Feeds: what stands in one, with names that outlive every change of an address.

An entry is known to feed readers by its `id` alone. It is a tag URI (RFC 4151)
of the site's name, the day the publication was made, and the brief's number:
a new headline, slug or topic leaves it as it is. Who may read what is decided
by whoever hands the briefs in, from access.readable().
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from briefs.models import AuditEntry, Brief, Correction, Publication
from briefs.pages import entry_of, summary_of
from briefs.rendering import Page, Text, render_inline, render_page

ON_A_PAGE = 20
# A part of every validator: a change of how feeds are written is one more.
FORMAT = 1
_TO_A_NOTE = re.compile(r'(<a\b[^>]*? href=")(?=#)')


class Address(NamedTuple):
    """Where a feed and what it follows stand; empty where that must not be told.

    `list_key` names a part of a publication for good: "topic/3", "author/7".
    """

    home_path: str
    atom_path: str = ""
    json_path: str = ""
    list_key: str = ""
    list_name: str = ""
    page: int = 1
    pages: int = 1

    @property
    def is_personal(self) -> bool:
        """Tell whether the feed is one reader's, and so does not say where it stands."""
        return not self.atom_path


class Item(NamedTuple):
    """A brief in a feed."""

    brief: Brief
    text: Text
    published: dt.datetime
    updated: dt.datetime
    corrections: tuple[Correction, ...]

    @property
    def url(self) -> str:
        """Return where the brief is read."""
        return f"{settings.SITE_URL}{self.brief.web_path()}"

    @property
    def id(self) -> str:
        """Return by what feed readers know the brief."""
        return f"{tag(self.brief.publication)}/brief/{self.brief.pk}"


class Feed(NamedTuple):
    """A feed, before it is written in one format or another."""

    publication: Publication
    address: Address
    items: tuple[Item, ...]

    @property
    def id(self) -> str:
        """Return by what feed readers know the feed."""
        key = self.address.list_key
        return tag(self.publication) + (f"/{key}" if key else "")

    @property
    def title(self) -> str:
        """Return what the feed is called in a list of many."""
        name = self.address.list_name
        return f"{self.publication.name}: {name}" if name else self.publication.name

    @property
    def updated(self) -> dt.datetime:
        """Return when something that is in it was last changed."""
        return max([self.publication.created_at, *(item.updated for item in self.items)])

    @property
    def direction(self) -> str:
        """Return in which direction its language is written."""
        return "rtl" if get_language_info(self.publication.language)["bidi"] else "ltr"


def tag(publication: Publication) -> str:
    """Return the tag URI of *publication* (RFC 4151), which no change of its address changes."""
    # An address of IPv6 is no name that a tag could have.
    host = "localhost" if ":" in settings.SITE_HOST else settings.SITE_HOST
    day = publication.created_at.astimezone(dt.UTC).date()
    return f"tag:{host},{day.isoformat()}:publication/{publication.pk}"


def gather(publication: Publication, address: Address, briefs: Sequence[Brief]) -> Feed:
    """Return the feed with *briefs*, of with_corrections() and readable by whoever asks."""
    return Feed(publication, address, tuple(_item(brief) for brief in briefs))


def with_corrections(briefs: QuerySet[Brief]) -> QuerySet[Brief]:
    """Return *briefs* so that gather() asks nothing more of the database."""
    return briefs.select_related("publication", "published_revision").prefetch_related(
        Prefetch("corrections", Correction.objects.order_by("-at", "-pk"))
    )


def readable_from(brief: Brief) -> dt.datetime:
    """Return when readers could first have *brief*, which is published."""
    assert brief.published_at is not None
    first: dt.datetime = max(brief.published_at, brief.embargo_until or brief.published_at)
    return first


def _item(brief: Brief) -> Item:
    revision = brief.published_revision
    assert revision is not None
    corrections = tuple(brief.corrections.all())
    first = readable_from(brief)
    moments = [first, *(one.at for one in corrections)]
    # What came from another system was written long before its row here.
    if not brief.imported_from:
        moments.append(revision.created_at)
    return Item(brief, entry_of(brief).text, first, max(moments), corrections)


def last_modified(feed: Feed) -> dt.datetime:
    """Return a moment after which nothing has changed what *feed* says.

    Its entries do not tell of a brief that was let in or taken out; the trail does.
    """
    trail = AuditEntry.objects.filter(publication=feed.publication).order_by("-pk")
    latest: dt.datetime | None = trail.values_list("at", flat=True).first()
    return max(feed.updated, latest or feed.updated)


def validator(feed: Feed, kind: str) -> str:
    """Return a digest of everything that *feed* says in the format *kind*, unrendered."""
    home = feed.publication
    said: list[Any] = [
        (FORMAT, kind, settings.SITE_URL, feed.id, feed.title, *feed.address),
        (home.tagline, home.slug, home.language, home.feed_full_text, home.time_zone),
        [
            (
                item.id,
                item.url,
                item.brief.published_revision_id,
                item.published.isoformat(),
                item.updated.isoformat(),
                [one.pk for one in item.corrections],
            )
            for item in feed.items
        ],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


# --- the words of an entry --------------------------------------------------


@lru_cache(maxsize=256)
def _rendered(text: Text, language: str, site_url: str) -> Page:
    """Render once per process, as pages.rendered(), with whole addresses of pictures."""
    return render_page(text, language=language, site_url=site_url)


def _page(item: Item) -> Page:
    return _rendered(item.text, item.brief.publication.language, settings.SITE_URL)


def summary(item: Item) -> str:
    """Return one plain sentence or two."""
    return summary_of(item.text, _page(item))


def content(item: Item, direction: str) -> str:
    """Return corrections, key points and body as sanitised HTML that stands by itself.

    Nothing of a mail's frame is in it, and no contact block: that is the
    page's. Notes lead to the page, since another entry beside it has a note 1 too.
    """
    page = _page(item)
    language = item.brief.publication.language
    points = format_html_join("\n", "<li>{}</li>", ((_safe(p),) for p in page.key_points_html))
    parts = [_notice(one, item.brief) for one in item.corrections]
    if points:
        parts.append(format_html("<ul>\n{}\n</ul>", points))
    parts.append(_safe(page.body_html))
    inside = _TO_A_NOTE.sub(rf"\g<1>{item.url}", "\n".join(filter(None, parts)))
    if direction == "ltr":
        return inside
    return f'<div lang="{language}" dir="{direction}">\n{inside}\n</div>'


def _safe(fragment: str) -> str:
    return mark_safe(fragment)  # noqa: S308  # briefs.rendering has sanitised it


def _notice(correction: Correction, brief: Brief) -> str:
    home = brief.publication
    day = date_format(correction.at.astimezone(ZoneInfo(home.time_zone)), "DATE_FORMAT")
    words = _safe(render_inline(correction.notice, language=home.language))
    head = _("Correction, %(day)s") % {"day": day}
    return format_html("<p><strong>{}:</strong> {}</p>", head, words)
