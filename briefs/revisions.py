"""Revisions: what is mailed, frozen at one moment, and read back."""

import datetime as dt
import hashlib
import json
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from briefs.models import Brief, Publication, Revision, User
from briefs.rendering import Look, Text, fill_line


def snapshot(brief: Brief) -> dict[str, Any]:
    """Return everything of *brief* that is mailed, as plain JSON values."""
    publication = brief.publication
    return {
        "headline": brief.headline,
        "series": brief.series or publication.series,
        "date": brief.date.isoformat(),
        "slug": brief.slug,
        "preheader": brief.preheader,
        "key_points": [point.text for point in brief.key_points.all()],
        "body": brief.body,
        "authors": [author.name for author in brief.authors.all()] if brief.pk else [],
        "topics": [topic.name for topic in brief.topics.all()] if brief.pk else [],
        "contact_block": brief.contact_block or publication.contact_block,
        "publication": snapshot_publication(publication),
    }


def snapshot_publication(publication: Publication) -> dict[str, Any]:
    """Return what every mail of *publication* takes from it, as plain JSON values.

    Frame, header and footer are keys only where they are not the default, so
    that what was frozen before there were any still has the same digest.
    """
    frame = publication.frame
    look = {
        "frame": "" if frame == Publication.Frame.SHEET else frame,
        "header": publication.header,
        "footer": publication.footer.strip(),
    }
    return {
        **{name: value for name, value in look.items() if value},
        "name": publication.name,
        "slug": publication.slug,
        "is_public": publication.is_public,
        "sender_name": publication.sender_name or publication.name,
        "sender_address": publication.sender_address,
        "reply_to": publication.reply_to,
        "postal_address": publication.postal_address,
        "unsubscribe_wording": publication.unsubscribe_wording,
        "colour": publication.colour,
        "logo": publication.logo.name if publication.logo else "",
        "language": publication.language,
        "tracking": publication.tracking,
        "privacy_url": publication.privacy_url,
        "imprint_url": publication.imprint_url,
    }


def take(brief: Brief, by: User | None = None) -> Revision:
    """Return a Revision of *brief* as it stands in the database.

    The same content gives the same row, however often this is called.
    """
    settle_slug(brief)
    with transaction.atomic():
        # The desk saves a brief and its key points under this lock, or in one transaction.
        brief = (
            Brief.with_digests.select_related("publication")
            .select_for_update(of=("self",), no_key=True)
            .get(pk=brief.pk)
        )
        content = snapshot(brief)
    return freeze(brief, content, by)


def freeze(brief: Brief, content: dict[str, Any], by: User | None = None) -> Revision:
    """Return the Revision of *brief* that holds *content*, a snapshot; once made, always the same.

    For texts that the brief has no more, as those of an archive that moves in.
    """
    digest = fingerprint(content)
    while True:
        existing: Revision | None = brief.revisions.filter(digest=digest).first()
        if existing:
            return existing
        last = brief.revisions.order_by("-number").first()
        number = last.number + 1 if last else 1
        try:
            with transaction.atomic():
                Revision.objects.create(
                    brief=brief, number=number, snapshot=content, digest=digest, by=by
                )
        except IntegrityError:
            continue  # another click took the number: look again


def fingerprint(content: dict[str, Any]) -> str:
    """Return the digest of a snapshot, stored or not: the same for the same content."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def at_its_address(brief: Brief, revision: Revision, by: User | None = None) -> Revision:
    """Return *revision*, or where *brief* has moved since, the same words at its address of today.

    A text that was frozen before a move would bring the old date line back to the page.
    """
    frozen = revision.snapshot
    today = {"date": brief.date.isoformat(), "slug": brief.slug}
    if today == {name: frozen[name] for name in today}:
        return revision
    day = frozen["date"].replace("-", "/")
    if not brief.redirects.filter(path__endswith=f"/{day}/{frozen['slug']}/").exists():
        return revision  # it stood there as a draft alone: its page has never been elsewhere
    return freeze(brief, {**frozen, **today}, by)


def settle_slug(brief: Brief) -> str:
    """Give *brief* its web address if it has none yet; return the slug.

    Made from the headline when the text is first frozen, so it follows the
    headline while that is written and stays once it has been mailed.
    """
    wanted = slugify(fill_line(brief.headline))[:90] or "brief"
    number = 1
    while not brief.slug:
        slug = wanted if number == 1 else f"{wanted}-{number}"
        number += 1
        try:
            with transaction.atomic():
                Brief.with_digests.filter(pk=brief.pk, slug="").update(slug=slug)
        except IntegrityError:
            continue  # another brief of that day has it
        brief.refresh_from_db(fields=["slug"])
    return brief.slug


def text_of(revision: Revision) -> Text:
    """Return the words of *revision*, as briefs.rendering takes them."""
    return text_from(revision.snapshot)


def text_from(content: dict[str, Any]) -> Text:
    """Return the words of a snapshot, stored or not."""
    return Text(
        headline=content["headline"],
        date=dt.date.fromisoformat(content["date"]),
        series=content["series"],
        preheader=content["preheader"],
        key_points=tuple(content["key_points"]),
        body=content["body"],
        authors=tuple(content["authors"]),
        contact_block=content["contact_block"],
        topics=tuple(content["topics"]),
    )


def look_of(revision: Revision) -> Look:
    """Return the publication's look at the moment of *revision*."""
    return look_from(revision.snapshot)


def look_from(content: dict[str, Any]) -> Look:
    """Return the look in a snapshot, stored or not."""
    publication = content["publication"]
    logo = publication["logo"]
    return Look(
        name=publication["name"],
        colour=publication["colour"],
        logo_url=settings.SITE_URL + default_storage.url(logo) if logo else "",
        home_url=f"{settings.SITE_URL}/{publication['slug']}/" if publication["is_public"] else "",
        language=publication["language"],
        postal_address=publication["postal_address"],
        unsubscribe_wording=publication["unsubscribe_wording"],
        frame=publication.get("frame", "sheet"),
        header=publication.get("header", ""),
        footer=publication.get("footer", ""),
        site_url=settings.SITE_URL,
    )
