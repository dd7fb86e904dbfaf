"""listmonk: campaigns as its API gives them, one or many in a JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from briefs.moving import front_matter
from briefs.moving.items import (
    Item,
    Refused,
    RefusedItem,
    Unreadable,
    clean_line,
    digest_of,
    read_moment,
)
from briefs.moving.opening import Box

from .reading import House, each, load_json, rows_of

_FILES = 1_000


def _campaigns(found: Any) -> list[dict[str, Any]]:
    """Return the campaigns in an answer of the API, whichever way they stand in it."""
    for _level in range(3):
        if isinstance(found, list):
            break
        if not isinstance(found, dict):
            return []
        if "content_type" in found and "subject" in found:
            return [found]
        found = found.get("data") or found.get("results") or found.get("campaigns")
    return [one for one in rows_of(found) if "content_type" in one and "subject" in one]


def is_it(box: Box) -> bool:
    """Tell whether *box* holds campaigns of listmonk."""
    for name in box.names(".json")[:20]:
        try:
            if _campaigns(load_json(box, name)):
                return True
        except Unreadable:
            continue
    return False


def read(box: Box, house: House) -> Iterator[Item | Refused]:
    """Yield the campaigns of *box*."""

    def campaign(where: str, row: Any) -> Item:
        return _campaign(house, where, row)

    return each(_all(box), campaign)


def _all(box: Box) -> Iterator[tuple[str, Any]]:
    for name in box.names(".json")[:_FILES]:
        for number, row in enumerate(_campaigns(load_json(box, name)), 1):
            yield f"{name}, campaign {number}", row


def _campaign(house: House, where: str, row: dict[str, Any]) -> Item:
    key = str(row.get("uuid") or row.get("id") or "")
    if not key:
        raise RefusedItem("The campaign has no uuid.")
    if row.get("type") == "optin":
        raise RefusedItem(
            f"“{clean_line(row.get('name'), 80)}” asks for an opt-in, it is no brief."
        )
    tags = row.get("tags")
    is_out = row.get("status") in ("finished", "running", "paused", "cancelled") and bool(
        row.get("started_at")
    )
    slug = str(row.get("archive_slug") or "")
    in_archive = bool(row.get("archive"))
    kind = str(row.get("content_type"))
    item = Item(
        source=f"listmonk:{key}",
        where=where,
        digest=digest_of(
            front_matter.canonical(
                {
                    k: row.get(k)
                    for k in ("subject", "body", "tags", "started_at", "archive", "archive_slug")
                }
            )
        ),
        headline=str(row.get("subject") or row.get("name") or ""),
        # What asks listmonk to count the clicks on a link.
        body=str(row.get("body") or row.get("altbody") or "").replace("@TrackLink", ""),
        is_html=kind in ("richtext", "html", "visual"),
        slug=slug,
        is_published=is_out,
        published_at=read_moment(row.get("started_at") or row.get("send_at"), house.zone),
        date=None,
        access="public" if in_archive else "subscribers",
        topics=[(str(one), "subject") for one in tags if isinstance(one, str)]
        if isinstance(tags, list)
        else [],
        old_paths=[f"/archive/{one}" for one in (slug, str(row.get("uuid") or "")) if one]
        if in_archive
        else [],
    )
    if is_out and not in_archive:
        item.notes.append("it stood in no public archive: for subscribers")
    return item
