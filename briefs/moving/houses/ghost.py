"""Ghost: one JSON file with posts, tags, users, and the rows that tie them."""

from __future__ import annotations

from collections import defaultdict
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

from . import ghost_editors
from .reading import House, each, load_json, rows_of

Data = dict[str, Any]


def _data(box: Box) -> tuple[str, Data]:
    """Return the file that holds the export, and its tables."""
    for name in box.names(".json")[:20]:
        try:
            found = load_json(box, name)
        except Unreadable:
            continue
        if isinstance(found, dict):
            tops = rows_of(found.get("db")) or [found]
            data = tops[0].get("data")
            if isinstance(data, dict) and isinstance(data.get("posts"), list):
                return name, data
    return "", {}


def is_it(box: Box) -> bool:
    """Tell whether *box* is an export of Ghost."""
    return bool(_data(box)[0])


def read(box: Box, house: House) -> Iterator[Item | Refused]:
    """Yield the posts of *box*."""
    name, data = _data(box)
    if not name:
        raise Unreadable(f"“{box.name}” holds no JSON export of Ghost.")
    authors = _tied(data, "posts_authors", "author_id", "users")
    tags = _tied(data, "posts_tags", "tag_id", "tags")
    meta = {str(row.get("post_id")): row for row in rows_of(data.get("posts_meta"))}
    posts = ((f"{name}, post {n}", post) for n, post in enumerate(rows_of(data["posts"]), 1))

    def read_post(where: str, post: Data) -> Item:
        key = str(post.get("id"))
        return _post(house, where, post, authors[key], tags[key], meta.get(key, {}))

    return each(posts, read_post)


def _tied(data: Data, links: str, column: str, table: str) -> defaultdict[str, list[Data]]:
    """Return the rows of *table* that each post is tied to, in their order."""
    rows = {str(row.get("id")): row for row in rows_of(data.get(table))}
    found: defaultdict[str, list[Data]] = defaultdict(list)
    for link in sorted(rows_of(data.get(links)), key=_order):
        if row := rows.get(str(link.get(column))):
            found[str(link.get("post_id"))].append(row)
    return found


def _order(link: Data) -> int:
    order = link.get("sort_order")
    return order if isinstance(order, int) else 0


def _post(
    house: House, where: str, post: Data, authors: list[Data], tags: list[Data], meta: Data
) -> Item:
    key = str(post.get("uuid") or post.get("id") or "")
    if not key:
        raise RefusedItem("The post has no id.")
    if post.get("type", "post") == "page" or post.get("page") in (True, 1):
        raise RefusedItem(f"“{clean_line(post.get('title'), 80)}” is a page of the site, no post.")
    left_out: list[str] = []
    body = post.get("html")
    if not isinstance(body, str) or not body.strip():
        body = ghost_editors.to_html(post, left_out.append)
    status = str(post.get("status"))
    slug = str(post.get("slug") or "")
    item = Item(
        source=f"ghost:{key}",
        where=where,
        digest=digest_of(front_matter.canonical([post, meta, authors, tags])),
        headline=str(post.get("title") or ""),
        preheader=str(post.get("custom_excerpt") or meta.get("custom_excerpt") or ""),
        body=_feature(post, meta) + body,
        is_html=True,
        slug=slug,
        is_published=status in ("published", "sent"),
        published_at=read_moment(post.get("published_at"), house.zone),
        access="public" if post.get("visibility", "public") == "public" else "subscribers",
        authors=[str(one.get("name") or "") for one in authors],
        # Those that begin with # are for the theme.
        topics=[
            (str(one.get("name") or ""), "subject")
            for one in tags
            if not str(one.get("name") or "#").startswith("#")
            and one.get("visibility") != "internal"
        ],
        old_paths=[f"/{slug}/"] if slug and status in ("published", "sent") else [],
    )
    item.notes += [f"left out: {what}" for what in sorted(set(left_out))]
    if status == "sent":
        item.access = "subscribers"
        item.notes.append("it was mailed and stood on no page: for subscribers")
    return item


def _feature(post: Data, meta: Data) -> str:
    """Return the picture above a post as HTML; the cleaner reads it like the rest."""
    source = post.get("feature_image") or post.get("image")
    if not isinstance(source, str) or not source:
        return ""
    alt = str(meta.get("feature_image_alt") or post.get("feature_image_alt") or "")
    quoted = [text.replace("&", "&amp;").replace('"', "&quot;") for text in (source, alt)]
    return f'<p><img src="{quoted[0]}" alt="{quoted[1]}"></p>\n'
