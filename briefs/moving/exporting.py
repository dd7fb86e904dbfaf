"""Writes an archive out as Markdown with front matter, which imports back to the same."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.core.files.storage import default_storage
from django.db.models import Prefetch
from django.utils.text import slugify

from briefs.models import Brief, Correction, Publication, Topic

from . import front_matter
from .houses.markdown import FORMAT, clean_exact
from .storing import own_source

# One moment for all files: the same briefs make the same archive, octet by octet.
_TIME = (1980, 1, 1, 0, 0, 0)
_OWN_PICTURE = re.compile(
    r"/p/(images/(?:[\w-]{1,40}/){0,4}[\w-]{1,60}-(\d{1,5})x(\d{1,5})\.(png|jpg))"
)
_AT_ONCE = 200
_TEXT = (
    "headline", "series", "date", "slug", "preheader", "key_points", "body", "authors", "topics",
    "contact_block",
)  # fmt: skip


class Exported(dict[str, int]):
    """How many of what were written."""


def export(
    publications: list[Publication], target: IO[bytes], say: Callable[[str], None]
) -> Exported:
    """Write all briefs of *publications* to *target*, a ZIP; return how many of what.

    *say* hears of what could not come along.
    """
    counts = Exported(published=0, drafts=0, images=0)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for publication in publications:
            writer = _Writer(publication, archive, counts, say)
            for brief in _briefs(publication):
                writer.write(brief)
    return counts


def _briefs(publication: Publication) -> Iterator[Brief]:
    """Yield the briefs of *publication* in an order that does not depend on their numbers."""
    rows = (
        Brief.objects.filter(publication=publication)
        .select_related("publication", "published_revision")
        .prefetch_related(
            "key_points",
            "authors",
            "topics",
            "groups",
            "redirects",
            Prefetch(
                "corrections",
                Correction.objects.select_related("wrong", "right").order_by("at", "pk"),
            ),
        )
    )
    return rows.order_by("date", "slug", "pk").iterator(chunk_size=_AT_ONCE)


class _Writer:
    def __init__(
        self,
        publication: Publication,
        archive: zipfile.ZipFile,
        counts: Exported,
        say: Callable[[str], None],
    ) -> None:
        self.publication, self.archive = publication, archive
        self.counts, self.say = counts, say
        self.pictures: dict[str, str] = {}
        rows = Topic.objects.filter(publication=publication)
        self.kinds = dict(rows.values_list("name", "kind"))

    def write(self, brief: Brief) -> None:
        """Write *brief*: as it stands on the web, or as it is written if it does not."""
        is_out = brief.status == Brief.Status.PUBLISHED and brief.published_revision is not None
        text = self.text_of(brief)
        source = own_source(brief)
        if is_out:
            name = f"briefs/{brief.date.isoformat()}-{brief.slug}.md"
        else:
            mark = hashlib.sha256(source.encode()).hexdigest()[:10]
            begins = slugify(brief.headline)[:60].strip("-") or "draft"
            name = f"drafts/{brief.date.isoformat()}-{begins}-{mark}.md"
        head = self.head_of(brief, text, source)
        if is_out:
            head |= self.published(brief, text)
        content = front_matter.write(head, self.placed(text["body"]))
        self.put(name, content.encode())
        self.counts["published" if is_out else "drafts"] += 1

    def text_of(self, brief: Brief) -> dict[str, Any]:
        """Return the words of *brief* that go out, as a snapshot has them."""
        written = {
            "headline": brief.headline,
            "series": brief.series,
            "preheader": brief.preheader,
            "key_points": [point.text for point in brief.key_points.all()],
            "body": brief.body,
            "authors": [author.name for author in brief.authors.all()],
            "topics": [topic.name for topic in brief.topics.all()],
            "contact_block": brief.contact_block,
        }
        if brief.status != Brief.Status.PUBLISHED or brief.published_revision is None:
            return _clean(written)
        printed = _clean({key: brief.published_revision.snapshot[key] for key in _TEXT})
        if any(_clean(written)[key] != printed[key] for key in ("headline", "body", "key_points")):
            self.say(
                f"“{brief}” has changes that are not on the web; what stands there was written."
            )
        return printed

    def head_of(self, brief: Brief, text: dict[str, Any], source: str) -> dict[str, Any]:
        """Return the front matter; what is empty is left out."""
        kinds = {name: self.kinds.get(name, Topic.Kind.SUBJECT) for name in text["topics"]}
        values: dict[str, Any] = {
            "format": FORMAT,
            "id": source,
            "title": text["headline"],
            "series": text["series"],
            "date": brief.date,
            "slug": brief.slug,
            "description": text["preheader"],
            "authors": text["authors"],
            "topics": [name for name, kind in kinds.items() if kind != Topic.Kind.REGION],
            "regions": [name for name, kind in kinds.items() if kind == Topic.Kind.REGION],
            "key_points": [self.placed(point) for point in text["key_points"]],
            "access": "" if brief.access == Brief.Access.PUBLIC else brief.access,
            "groups": sorted(group.name for group in brief.groups.all()),
            "language": self.publication.language,
        }
        for name in ("embargo_until", "readable_until"):
            if moment := getattr(brief, name):
                values[name] = moment.isoformat()
        values["aliases"] = sorted(row.path for row in brief.redirects.all())
        kept = {name: value for name, value in values.items() if value not in ("", [], None)}
        if text["contact_block"] != self.default_contact(brief):
            kept["contact_block"] = self.placed(text["contact_block"])
        if brief.status != Brief.Status.PUBLISHED:
            kept["draft"] = True
        return kept

    def default_contact(self, brief: Brief) -> str:
        """Return the contact block that a brief without one has."""
        is_out = brief.status == Brief.Status.PUBLISHED
        return clean_exact(self.publication.contact_block) if is_out else ""

    def published(self, brief: Brief, text: dict[str, Any]) -> dict[str, Any]:
        """Return when *brief* went on the web, and what was corrected since."""
        assert brief.published_at is not None
        found: dict[str, Any] = {"published_at": brief.published_at.isoformat()}
        address = {"date": brief.date.isoformat(), "slug": brief.slug}
        stands = text | address
        rows = []
        for row in brief.corrections.all():
            # Where the brief stands is its own matter, and no correction of its words.
            right = _clean({key: row.right.snapshot[key] for key in _TEXT}) | address
            wrong = _clean({key: row.wrong.snapshot[key] for key in _TEXT}) | address
            one = {"at": row.at.isoformat(), "notice": row.notice}
            one |= self.difference("before", wrong, right) | self.difference("after", right, stands)
            rows.append(one)
        return found | ({"corrections": rows} if rows else {})

    def difference(self, name: str, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Return what of *one* is not as in *other*, under *name*; nothing if nothing is."""
        found = {key: one[key] for key in _TEXT if one[key] != other[key]}
        for key in ("body", "contact_block"):
            if key in found:
                found[key] = self.placed(found[key])
        return {name: found} if found else {}

    def placed(self, text: str) -> str:
        """Return *text* with our pictures, which are put there, named by their place."""
        return _OWN_PICTURE.sub(lambda match: self.picture(match) or match[0], text)

    def picture(self, match: re.Match[str]) -> str:
        """Return the place of a picture; "" for one whose file is gone."""
        name = match[1]
        if name not in self.pictures:
            try:
                with default_storage.open(name) as file:
                    content = file.read()
            except OSError:
                self.say(f"The picture {name} is not there any more.")
                self.pictures[name] = ""
            else:
                digest = hashlib.sha256(content).hexdigest()[:32]
                place = f"images/{digest}-{match[2]}x{match[3]}.{match[4]}"
                if place not in self.pictures.values():
                    self.put(place, content)
                    self.counts["images"] += 1
                self.pictures[name] = place
        return self.pictures[name]

    def put(self, name: str, content: bytes) -> None:
        """Add a file to the archive, readable by its owner."""
        entry = zipfile.ZipInfo(f"{self.publication.slug}/{name}", _TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        entry.create_system = 3
        self.archive.writestr(entry, content, compresslevel=6)


def _clean(text: dict[str, Any]) -> dict[str, Any]:
    """Return *text* as it comes back: what no file can hold is taken out here already."""
    return {
        key: [clean_exact(one) for one in value] if isinstance(value, list) else clean_exact(value)
        for key, value in text.items()
    }
