"""Buttondown: emails.csv, and the Markdown of each mail in a file named by its slug."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from briefs.moving import front_matter
from briefs.moving.items import Item, Refused, RefusedItem, clean_line, digest_of, read_moment
from briefs.moving.opening import Box

from .reading import House, Row, each, folder_of, header, table

_HTML = re.compile(
    r"\s*(?:<!--\s*buttondown-editor-mode:\s*fancy\s*-->\s*)?<(?:p|h[1-6]|div|figure|ul|ol)\b"
)


def is_it(box: Box) -> bool:
    """Tell whether *box* is an export of Buttondown."""
    return {"subject", "email_type"} <= set(header(box, box.find("emails.csv")))


def read(box: Box, house: House) -> Iterator[Item | Refused]:
    """Yield the mails of *box*."""
    name = box.find("emails.csv")
    files = {PurePosixPath(one).stem: one for one in box.names(".md", ".markdown", ".html", ".txt")}

    def mail(where: str, row: Row) -> Item:
        return _mail(box, house, files, where, row)

    return each(((f"emails.csv, line {row.line}", row) for row in table(box, name)), mail)


def _mail(box: Box, house: House, files: dict[str, str], where: str, row: Row) -> Item:
    if not row.get("id"):
        raise RefusedItem("The row has no id.")
    slug = row.get("slug")
    keys = [slug, row.get("id"), row.get("secondary_id"), row.get("subject")]
    file = next((files[key] for key in keys if key in files), "")
    body = row.get("body")
    if file:
        _head, body = front_matter.split(box.text(file)[0].replace("\r\n", "\n"))
    elif not body:
        raise RefusedItem(f"Its text is not there: {clean_line(slug or row.get('id'), 100)}.md.")
    kind = row.get("email_type").lower()
    status = row.get("status").lower()
    published_at = read_moment(row.get("publish_date"), house.zone)
    is_published = published_at is not None and status not in ("draft", "scheduled", "deleted")
    item = Item(
        source=f"buttondown:{row.get('id')}",
        where=where,
        digest=digest_of(body, *(f"{k}={v}" for k, v in sorted(row.cells.items()))),
        headline=row.get("subject"),
        preheader=row.get("description"),
        body=body,
        is_html=bool(_HTML.match(body)),
        slug=slug,
        is_published=is_published,
        published_at=published_at,
        # Hidden ones were mailed and stood in no archive.
        access="public" if kind in ("public", "") else "subscribers",
        old_paths=[f"/archive/{slug}/"] if slug and is_published else [],
        folder=folder_of(file),
    )
    if kind in ("private", "hidden"):
        item.notes.append("it stood in no public archive: for subscribers")
    return item
