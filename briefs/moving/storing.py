"""Stores what was read: a brief, its revision, its place on the web, and where it stood before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from briefs import audit, corrections, old_addresses, revisions, workflow
from briefs.models import (
    Author,
    Brief,
    ClientGroup,
    Correction,
    KeyPoint,
    Publication,
    Redirect,
    Topic,
    User,
)
from briefs.models.publications import RESERVED_SLUGS

from .items import Item, RefusedItem

KNOWN, CHANGED, DRAFT, PUBLISHED = "known", "changed", "draft", "published"


def own_source(brief: Brief) -> str:
    """Return what names *brief* in an archive that we write."""
    host = settings.SITE_URL.partition("://")[2] or "here"
    return brief.imported_from or f"intelbrief:{host}/{brief.pk}"


def known(item: Item, publication: Publication) -> str:
    """Return KNOWN for what is here already, CHANGED if it reads otherwise there now; else ""."""
    ours = Brief.objects.filter(publication=publication)
    row = ours.filter(imported_from=item.source).values_list("imported_digest").first()
    if row:
        return KNOWN if row[0] in ("", item.digest) else CHANGED
    if not item.is_exact:
        return ""
    # Written here, exported, and brought back to where it never left.
    if item.slug and item.date and ours.filter(date=item.date, slug=item.slug).exists():
        return KNOWN
    _host, _slash, key = item.source.rpartition("/")
    if key.isdigit() and len(key) < 18:
        brief = ours.filter(pk=int(key), imported_from="", headline=item.headline).first()
        return KNOWN if brief and own_source(brief) == item.source else ""
    return ""


def store(
    item: Item, publication: Publication, by: User | None, words: str
) -> tuple[str, Brief | None]:
    """Store *item* as one brief; return what became of it, and the brief.

    All of it or nothing, so an import that was cut off is simply run again. Of
    two that run at once, one stores it.
    """
    if found := known(item, publication):
        return found, None
    try:
        with transaction.atomic():
            brief = _make(item, publication, by)
            if item.is_published:
                _publish(item, brief, by, words)
            else:
                audit.record("imported", brief=brief, by=by, words=words)
            _leave_paths(item, brief)
    except IntegrityError as error:
        if found := known(item, publication):
            return found, None
        raise RefusedItem(f"The database does not take it: {error}.") from error
    return (PUBLISHED if item.is_published else DRAFT), brief


def _make(item: Item, publication: Publication, by: User | None) -> Brief:
    brief = Brief.objects.create(
        publication=publication,
        series=item.series or "",
        headline=item.headline,
        slug=_free_slug(item, publication),
        date=item.date or timezone.localdate(),
        preheader=item.preheader,
        body=item.body,
        contact_block=item.contact_block or "",
        access=item.access,
        embargo_until=item.embargo_until,
        readable_until=item.readable_until,
        imported_from=item.source,
        imported_digest=item.digest,
        created_by=by,
    )
    KeyPoint.objects.bulk_create(
        KeyPoint(brief=brief, position=position, text=text)
        for position, text in enumerate(item.key_points)
    )
    brief.topics.set([_topic(publication, name, kind) for name, kind in item.topics])
    brief.authors.set([_author(name) for name in item.authors])
    # One that is missing is made, and has no members: nobody reads more than they did.
    brief.groups.set(
        [
            ClientGroup.objects.get_or_create(publication=publication, name=name)[0]
            for name in item.groups
        ]
    )
    return brief


def _free_slug(item: Item, publication: Publication) -> str:
    """Return the web address of *item*, with a number behind it where another brief has it."""
    if not item.slug:
        return ""
    same_day = Brief.with_digests.filter(
        publication=publication, date=item.date or timezone.localdate()
    )
    taken = set(same_day.values_list("slug", flat=True))
    slug, number = item.slug[:100], 1
    while slug in taken:
        number += 1
        slug = f"{item.slug[:90]}-{number}"
    return slug


def _topic(publication: Publication, name: str, kind: str) -> Topic:
    ours = Topic.objects.filter(publication=publication)
    slug = slugify(name)[:80].strip("-") or f"topic-{_sum(name)}"
    found = ours.filter(name=name).first() or ours.filter(name__iexact=name).first()
    found = found or ours.filter(slug=slug).first()
    return found or Topic.objects.create(publication=publication, name=name, slug=slug, kind=kind)


def _author(name: str) -> Author:
    found = Author.objects.filter(name=name).order_by("pk").first()
    if found:
        return found
    begins = slugify(name)[:100].strip("-") or f"author-{_sum(name)}"
    slug, number = begins, 1
    while Author.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{begins}-{number}"
    return Author.objects.create(name=name, slug=slug)


def _sum(name: str) -> str:
    """Return a few letters for a name in another script, the same for the same."""
    return revisions.fingerprint({"name": name})[:8]


# --- on the web ---


def _publish(item: Item, brief: Brief, by: User | None, words: str) -> None:
    """Put *brief* on the web as it stood there, with its corrections."""
    brief.refresh_from_db()
    revisions.settle_slug(brief)
    content = revisions.snapshot(brief)
    if item.is_exact:
        content |= _exact_text(item, content)
    rows = []
    for one in item.corrections:
        after = content | one.after
        wrong = revisions.freeze(brief, after | one.before, by)
        rows.append((one, wrong, revisions.freeze(brief, after, by)))
    revision = revisions.freeze(brief, content, by)
    at = item.published_at or _noon(item.date or brief.date)
    workflow.take_over(brief, revision, at, words, by)
    for one, wrong, right in rows:
        notice = _checked(one.notice)
        Correction.objects.create(
            brief=brief, wrong=wrong, right=right, notice=notice, by=by, at=one.at
        )


def _exact_text(item: Item, content: dict[str, Any]) -> dict[str, Any]:
    """Return what was printed: names that the desk spells otherwise today among it."""
    exact: dict[str, Any] = {
        "headline": item.headline,
        "series": item.series or "",
        "key_points": item.key_points,
        "authors": item.authors,
        "topics": [name for name, _kind in item.topics],
    }
    if item.contact_block is not None:
        exact["contact_block"] = item.contact_block
    return {**exact, "slug": content["slug"]}


def _checked(notice: str) -> str:
    try:
        return corrections.checked(notice)
    except corrections.NotANotice as error:
        raise RefusedItem(f"A correction: {error}") from error


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)


# --- where it stood ---


def _leave_paths(item: Item, brief: Brief) -> None:
    """Let the old addresses of *item* lead to *brief*, where they are free."""
    for given in item.old_paths[:50]:
        path = old_path(given)
        if not path or not _is_free(path, brief):
            item.notes.append(f"an old address that cannot lead here: {given[:100]}")
        elif path != brief.web_path() and brief.slug:
            old_addresses.leave(path, brief)


def old_path(given: str) -> str:
    """Return *given* as the path that is asked for once it was there; "" for none."""
    path = given.strip()
    if path.startswith(("https://", "http://")):
        path = "/" + path.partition("://")[2].partition("/")[2]
    path = "/" + path.partition("?")[0].partition("#")[0].lstrip("/")
    is_odd = any(character.isspace() or ord(character) < 32 for character in path) or "\\" in path
    return "" if path == "/" or len(path) > 400 or is_odd else path


def _is_free(path: str, brief: Brief) -> bool:
    """Tell whether nothing of the site, and no other old address, has *path*."""
    first, _slash, rest = path.lstrip("/").partition("/")
    if first in RESERVED_SLUGS - {"p"} or (
        first == "p" and (not rest or rest.startswith("images/"))
    ):
        return False
    if not rest.strip("/") and Publication.objects.filter(slug=first).exists():
        return False
    alike = {path, path.rstrip("/"), path.rstrip("/") + "/"}
    return not Redirect.objects.filter(path__in=alike).exclude(brief=brief).exists()
