"""A feed written as Atom (RFC 4287, paged as RFC 5005) and as JSON Feed 1.1."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.html import escape

from briefs import feeds
from briefs.feeds import Feed, Item

# No escape makes these a part of XML (XML 1.0, 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def xml(words: str) -> str:
    """Return *words* as text or attribute of an XML document."""
    return escape(_NOT_XML.sub("", words))


def moment(at: dt.datetime) -> str:
    """Return *at* as RFC 3339 has it, in UTC and whole seconds."""
    return at.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def write(feed: Feed, kind: str) -> bytes:
    """Return *feed* in the format *kind*: "atom" or "json"."""
    return (atom(feed) if kind == "atom" else json_feed(feed)).encode(errors="replace")


# --- Atom ---------------------------------------------------------------------


def atom(feed: Feed) -> str:
    """Return *feed* as an Atom feed document."""
    home = feed.publication
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{xml(home.language)}">',
        f"<id>{xml(feed.id)}</id>",
        f'<title type="text">{xml(feed.title)}</title>',
    ]
    if home.tagline:
        lines.append(f'<subtitle type="text">{xml(home.tagline)}</subtitle>')
    lines += [
        f"<updated>{moment(feed.updated)}</updated>",
        *(f'<link rel="{rel}" {rest}/>' for rel, rest in _links(feed)),
        # An entry without authors of its own has this one (4.2.1).
        f"<author><name>{xml(home.name)}</name></author>",
        "<generator>IntelBrief</generator>",
    ]
    for item in feed.items:
        lines += _entry(item, feed)
    return "\n".join([*lines, "</feed>", ""])


def _links(feed: Feed) -> Iterator[tuple[str, str]]:
    address = feed.address
    yield "alternate", f'type="text/html" href="{xml(settings.SITE_URL + address.home_path)}"'
    if address.is_personal:
        return  # where it stands is its reader's key
    kind = 'type="application/atom+xml"'
    here = settings.SITE_URL + address.atom_path
    pages = {
        "self": address.page,
        "first": 1,
        "previous": address.page - 1,
        "next": address.page + 1,
        "last": address.pages,
    }
    for rel, number in pages.items():
        if 1 <= number <= address.pages and (rel == "self" or address.pages > 1):
            yield rel, f'{kind} href="{xml(_numbered(here, number))}"'


def _numbered(url: str, number: int) -> str:
    return url if number == 1 else f"{url}?page={number}"


def _entry(item: Item, feed: Feed) -> list[str]:
    text = item.text
    lines = [
        "<entry>",
        f"<id>{xml(item.id)}</id>",
        f'<title type="text">{xml(text.headline) or "–"}</title>',
        f'<link rel="alternate" type="text/html" href="{xml(item.url)}"/>',
        f"<published>{moment(item.published)}</published>",
        f"<updated>{moment(item.updated)}</updated>",
        *(f"<author><name>{xml(name)}</name></author>" for name in text.authors if xml(name)),
        *(f'<category term="{xml(topic)}"/>' for topic in text.topics),
        f'<summary type="text">{xml(feeds.summary(item))}</summary>',
    ]
    if feed.publication.feed_full_text:
        whole = feeds.content(item, feed.direction)
        lines.append(f'<content type="html">{xml(whole)}</content>')
    return [*lines, "</entry>"]


# --- JSON Feed ----------------------------------------------------------------


def json_feed(feed: Feed) -> str:
    """Return *feed* as JSON Feed 1.1 has it (jsonfeed.org/version/1.1)."""
    home, address = feed.publication, feed.address
    told: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": settings.SITE_URL + address.home_path,
        "description": home.tagline,
        "language": home.language,
        "authors": [{"name": home.name, "url": f"{settings.SITE_URL}/{home.slug}/"}],
    }
    if not address.is_personal:
        here = settings.SITE_URL + address.json_path
        told["feed_url"] = _numbered(here, address.page)
        if address.page < address.pages:
            told["next_url"] = _numbered(here, address.page + 1)
    told["items"] = [_json_item(item, feed) for item in feed.items]
    whole = {name: value for name, value in told.items() if value or name == "items"}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _json_item(item: Item, feed: Feed) -> dict[str, Any]:
    text, summary = item.text, feeds.summary(item)
    told: dict[str, Any] = {
        "id": item.id,
        "url": item.url,
        "title": text.headline,
        "summary": summary,
        "date_published": moment(item.published),
        "date_modified": moment(item.updated),
        "authors": [{"name": name} for name in text.authors],
        "tags": list(text.topics),
    }
    if feed.publication.feed_full_text:
        told["content_html"] = feeds.content(item, feed.direction)
    else:
        told["content_text"] = summary  # one of the two must be there
    return {name: value for name, value in told.items() if value or name.startswith("content")}
