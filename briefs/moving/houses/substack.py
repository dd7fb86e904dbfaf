"""Substack: posts.csv, and posts/<id>.html beside it."""

from __future__ import annotations

from collections.abc import Iterator

from briefs.moving.items import Item, Refused, RefusedItem, clean_line, digest_of, read_moment
from briefs.moving.opening import Box

from .reading import House, Row, beside, each, folder_of, header, table

_TYPES = {"newsletter", "podcast", "adhoc_email", ""}


def is_it(box: Box) -> bool:
    """Tell whether *box* is an export of Substack."""
    columns = header(box, box.find("posts.csv"))
    return "post_id" in columns and "audience" in columns


def read(box: Box, house: House) -> Iterator[Item | Refused]:
    """Yield the posts of *box*."""
    name = box.find("posts.csv")
    rows = ((f"posts.csv, line {row.line}", row) for row in table(box, name))

    def post(where: str, row: Row) -> Item:
        return _post(box, house, beside(name, "posts"), where, row)

    return each(rows, post)


def _post(box: Box, house: House, folder: str, where: str, row: Row) -> Item:
    given = row.get("post_id")
    number, _dot, slug = given.partition(".")
    if not number:
        raise RefusedItem("The row has no post_id.")
    kind = row.get("type").lower()
    if kind not in _TYPES:
        raise RefusedItem(f"It is a “{clean_line(kind, 40)}”, no text for readers.")
    names = [f"{folder}/{given}.html", f"{folder}/{number}.html"]
    file = next((name for name in names if name in box), "")
    if not file:
        raise RefusedItem(f"Its text is not there: posts/{clean_line(given, 100)}.html.")
    source, _other = box.text(file)
    is_published = row.get("is_published").lower() == "true"
    item = Item(
        source=f"substack:{number}",
        where=where,
        digest=digest_of(source, *(f"{k}={v}" for k, v in sorted(row.cells.items()))),
        headline=row.get("title"),
        preheader=row.get("subtitle"),
        body=source,
        is_html=True,
        slug=slug,
        is_published=is_published,
        published_at=read_moment(row.get("post_date"), house.zone),
        access="public" if row.get("audience").lower() in ("everyone", "") else "subscribers",
        old_paths=[f"/p/{slug}"] if slug and is_published else [],
        folder=folder_of(file),
    )
    if row.get("podcast_url").startswith("https://"):
        item.notes.append(f"its sound stays where it is: {row.get('podcast_url')[:200]}")
    return item
