"""beehiiv: one table, whose column content_html holds each text."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from briefs.moving.items import Item, Refused, RefusedItem, digest_of, read_moment
from briefs.moving.opening import Box

from .reading import House, Row, each, header, table


def _table(box: Box) -> str:
    for name in [box.find("posts.csv"), *box.names(".csv")[:20]]:
        if {"content_html", "web_title"} <= set(header(box, name)):
            return name
    return ""


def is_it(box: Box) -> bool:
    """Tell whether *box* is an export of beehiiv."""
    return bool(_table(box))


def read(box: Box, house: House) -> Iterator[Item | Refused]:
    """Yield the posts of *box*."""
    name = _table(box)

    def post(where: str, row: Row) -> Item:
        return _post(house, where, row)

    return each(((f"{name}, line {row.line}", row) for row in table(box, name)), post)


def _post(house: House, where: str, row: Row) -> Item:
    if not row.get("id"):
        raise RefusedItem("The row has no id.")
    try:
        path = urlsplit(row.get("url")).path.rstrip("/")
    except ValueError:
        path = ""
    is_published = row.get("status").lower() in ("confirmed", "published", "live")
    return Item(
        source=f"beehiiv:{row.get('id')}",
        where=where,
        digest=digest_of(*(f"{k}={v}" for k, v in sorted(row.cells.items()))),
        headline=row.get("web_title") or row.get("email_subject_line"),
        preheader=row.get("web_subtitle") or row.get("email_preview_text"),
        body=row.get("content_html"),
        is_html=True,
        slug=path.rpartition("/")[2],
        is_published=is_published,
        published_at=read_moment(row.get("created_at"), house.zone),
        access="public" if row.get("audience").lower() in ("free", "both", "") else "subscribers",
        topics=[
            (one.strip(), "subject") for one in row.get("content_tags").split(",") if one.strip()
        ],
        old_paths=[path] if path and is_published else [],
    )
