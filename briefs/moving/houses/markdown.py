"""Markdown with front matter: what Hugo and Jekyll read, and what export_archive writes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from briefs.moving import front_matter
from briefs.moving.items import (
    Correction,
    Item,
    Refused,
    RefusedItem,
    Unreadable,
    clean_line,
    clean_text,
    digest_of,
    read_moment,
)
from briefs.moving.opening import Box

from .reading import House, each, folder_of

FORMAT = "intelbrief/1"
_ENDINGS = (".md", ".markdown", ".mdown", ".mkd")
# Jekyll has date and address in the file's name.
_JEKYLL = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)")
_NO_POSTS = {"readme", "license", "changelog", "contributing", "_index", "about", "404"}
_SOURCE = re.compile(r"(?:substack|beehiiv|buttondown|ghost|listmonk|markdown|intelbrief):\S.*")


def is_it(box: Box) -> bool:
    """Tell whether *box* holds any Markdown."""
    return bool(box.names(*_ENDINGS))


def read(box: Box, house: House) -> Iterator[Item | Refused]:
    """Yield the texts of *box*; of an export of several publications, those of one."""
    names = [name for name in box.names(*_ENDINGS) if _is_text(name)]
    ours = [name for name in names if "/" in name and name.split("/")[1] in ("briefs", "drafts")]
    tops = {name.split("/")[0] for name in ours}
    if house.slug in tops and len(ours) == len(names):
        names = [name for name in ours if name.startswith(f"{house.slug}/")]
    elif len(tops) > 1 and len(ours) == len(names):
        raise Unreadable(
            f"“{box.name}” holds the publications {', '.join(sorted(tops))}, and no “{house.slug}”."
        )

    def text(where: str, name: str) -> Item:
        return _text(box, house, name)

    return each(((name, name) for name in names), text)


def _is_text(name: str) -> bool:
    return PurePosixPath(name).stem.lower() not in _NO_POSTS


def _text(box: Box, house: House, name: str) -> Item:
    source, is_other = box.text(name)
    if source.startswith(("---\n", "+++\n")) and f"\nformat: {FORMAT}\n" in source[:400]:
        return _exact(*front_matter.split(source), name, source)
    head, body = front_matter.split(source.replace("\r\n", "\n").replace("\r", "\n"))
    item = _foreign(head, body, name, house)
    item.digest = digest_of(source)
    if is_other:
        item.notes.append("it was no UTF-8 and was read as Windows-1252")
    return item


def _foreign(head: dict[str, Any], body: str, name: str, house: House) -> Item:
    """Return a text of a generator, or of anybody who writes Markdown."""
    head = {key.lower(): value for key, value in head.items()}
    path = PurePosixPath(name)
    stem = path.parent.name if path.stem.lower() == "index" else path.stem
    dated = _JEKYLL.fullmatch(stem)
    moment = read_moment(
        head.get("date") or head.get("published_at") or (dated and dated[1]), house.zone
    )
    params = head.get("params") if isinstance(head.get("params"), dict) else {}
    given = str(head.get("id") or head.get("guid") or "")
    is_draft = head.get("draft") is True or head.get("published") is False
    is_draft = is_draft or any(part in ("_drafts", "drafts") for part in path.parts)
    access = clean_line(head.get("access") or head.get("visibility") or "public", 20).lower()
    headline, rest = _headline(head, body)
    return Item(
        source=given if _SOURCE.fullmatch(given) else f"markdown:{given or name}"[:300],
        where=name,
        digest="",
        headline=headline
        or (dated[2] if dated else stem).replace("-", " ").replace("_", " ").strip(),
        series=_words(head, "series"),
        body=rest,
        slug=str(head.get("slug") or (dated[2] if dated else stem)),
        preheader=_words(head, "description", "subtitle", "excerpt", "summary", "preheader") or "",
        key_points=front_matter.names(head.get("key_points")),
        authors=front_matter.names(
            head.get("authors") or head.get("author") or (params or {}).get("author")
        ),
        topics=[
            *((one, "subject") for one in _lists(head, "topics", "tags", "categories")),
            *((one, "region") for one in _lists(head, "regions", "region")),
        ],
        access=access if access in ("public", "subscribers", "groups") else "subscribers",
        groups=_lists(head, "groups"),
        is_published=moment is not None and not is_draft,
        published_at=moment,
        language=_words(head, "language", "lang") or "",
        old_paths=_old_paths(head),
        folder=folder_of(name),
    )


def _headline(head: dict[str, Any], body: str) -> tuple[str, str]:
    """Return the headline, which may be the first heading, and the text without it."""
    given = clean_line(head.get("title") or head.get("headline") or "", 1_000)
    first = re.match(r"\s*#[ \t]+([^\n]+?)[ \t]*#*[ \t]*(?:\n|\Z)", body)
    if first and (not given or clean_line(first[1], 1_000) == given):
        return given or clean_line(first[1], 1_000), body[first.end() :]
    return given, body


def _words(head: dict[str, Any], *keys: str) -> str | None:
    for key in keys:
        value = head.get(key)
        if isinstance(value, list) and value:  # Hugo's taxonomies
            value = value[0]
        if isinstance(value, str | int | float) and str(value).strip():
            return str(value)
    return None


def _lists(head: dict[str, Any], *keys: str) -> list[str]:
    return list(dict.fromkeys(one for key in keys for one in front_matter.names(head.get(key))))


def _old_paths(head: dict[str, Any]) -> list[str]:
    """Return where the text stood: what it says itself, since a generator's rules are not here."""
    given = [
        *front_matter.names(head.get("aliases")),
        *front_matter.names(head.get("redirect_from")),
    ]
    for key in ("permalink", "url", "link"):
        value = head.get(key)
        if isinstance(value, str) and ":" not in value.removeprefix("https://"):
            given.append(value)
    return given


# --- what export_archive wrote ---


def _exact(head: dict[str, Any], body: str, name: str, source: str) -> Item:
    """Return a text of ours, which is taken to the letter."""
    if not (body.startswith("\n") and body.endswith("\n")) or len(body) < 2:
        raise RefusedItem("The file was cut off: its text does not end as it was written.")
    status = head.get("draft") is not True
    return Item(
        source=_source(head),
        where=name,
        digest=digest_of(source),
        headline=_string(head, "title"),
        is_exact=True,
        series=_string(head, "series"),
        body=clean_exact(body[1:-1]),
        slug=_string(head, "slug"),
        date=_date(head),
        preheader=_string(head, "description"),
        contact_block=_string(head, "contact_block") if "contact_block" in head else None,
        key_points=_strings(head, "key_points"),
        authors=_strings(head, "authors"),
        topics=[
            # In the order in which a revision has them.
            *((one, "region") for one in _strings(head, "regions")),
            *((one, "subject") for one in _strings(head, "topics")),
        ],
        access=_access(head),
        groups=_strings(head, "groups"),
        is_published=status,
        published_at=read_moment(head.get("published_at"), dt.UTC),
        embargo_until=read_moment(head.get("embargo_until"), dt.UTC),
        readable_until=read_moment(head.get("readable_until"), dt.UTC),
        language=_string(head, "language"),
        old_paths=_strings(head, "aliases"),
        corrections=[_correction(one) for one in _list(head, "corrections")],
        folder=folder_of(folder_of(name)),
    )


def clean_exact(text: str) -> str:
    """Return a text that is taken to the letter, but for what no database stores."""
    return "\r\n".join(clean_text(line) for line in text.split("\r\n"))


def _source(head: dict[str, Any]) -> str:
    given = _string(head, "id")
    if not _SOURCE.fullmatch(given) or len(given) > 300:
        raise RefusedItem("Its id is none that export_archive writes.")
    return given


def _date(head: dict[str, Any]) -> dt.date:
    found = head.get("date")
    if isinstance(found, dt.datetime) or not isinstance(found, dt.date):
        raise RefusedItem("Its date is none that export_archive writes.")
    return found


def _access(head: dict[str, Any]) -> str:
    access = _string(head, "access") or "public"
    if access not in ("public", "subscribers", "groups"):
        raise RefusedItem(f"Its access is “{clean_line(access, 40)}”, which is unknown here.")
    return access


def _string(head: dict[str, Any], key: str) -> str:
    value = head.get(key, "")
    if not isinstance(value, str):
        raise RefusedItem(f"“{key}” is no text.")
    return clean_exact(value)


def _list(head: dict[str, Any], key: str) -> list[Any]:
    value = head.get(key, [])
    if not isinstance(value, list):
        raise RefusedItem(f"“{key}” is no list.")
    return value


def _strings(head: dict[str, Any], key: str) -> list[str]:
    found = _list(head, key)
    if not all(isinstance(one, str) for one in found):
        raise RefusedItem(f"“{key}” is no list of texts.")
    return [clean_exact(one) for one in found]


_TEXTS = ("headline", "series", "date", "slug", "preheader", "body", "contact_block")
_LISTS = ("key_points", "authors", "topics")


def _correction(given: object) -> Correction:
    if not isinstance(given, dict):
        raise RefusedItem("A correction is no list of names and values.")
    at = read_moment(given.get("at"), dt.UTC)
    if at is None:
        raise RefusedItem("A correction has no time.")
    states = []
    for key in ("before", "after"):
        state = given.get(key, {})
        if not isinstance(state, dict) or not set(state) <= {*_TEXTS, *_LISTS}:
            raise RefusedItem(f"“{key}” of a correction is none that export_archive writes.")
        checked: dict[str, Any] = {name: _string(state, name) for name in _TEXTS if name in state}
        checked |= {name: _strings(state, name) for name in _LISTS if name in state}
        if "date" in checked and not _is_date(checked["date"]):
            raise RefusedItem("A correction has a date that is none.")
        states.append(checked)
    return Correction(at, _string(given, "notice"), *states)


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
