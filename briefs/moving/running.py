"""An import from its first text to its last, and what is said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from briefs.models import Publication, User

from .conforming import conform
from .houses import READERS, House, recognise
from .items import Item, Refused, RefusedItem
from .opening import Box
from .pictures import Pictures
from .storing import CHANGED, DRAFT, KNOWN, PUBLISHED, known, store

AS_IT_IS, ALL_PUBLISHED, ALL_DRAFTS = "as-it-is", "publish", "as-drafts"


@dataclass
class Report:
    """What became of each text of an archive: a partition, and what there is to say."""

    format: str
    file: str
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    briefs: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "format": self.format,
            "file": self.file,
            **{name: self.counts[name] for name in (PUBLISHED, DRAFT, KNOWN, CHANGED)},
            "refused": [{"where": one.where, "reason": one.reason} for one in self.refused],
            "changed_at_the_source": self.changed,
            "notes": [{"where": where, "note": note} for where, note in self.notes],
            "briefs": self.briefs,
        }


@dataclass(frozen=True)
class Wish:
    """How an archive shall come in."""

    publication: Publication
    format: str = "auto"
    mode: str = AS_IT_IS
    base: str = ""
    by: User | None = None
    is_dry: bool = False


def import_archive(
    source: Path, wish: Wish, say: Callable[[int], None] = lambda _count: None
) -> Report:
    """Read *source* and store what is new of it; a further run goes on where one was cut off.

    Raise items.Unreadable where nothing of it, or nothing further, can be read;
    what was stored by then stays.
    """
    box = Box(source)
    name = wish.format if wish.format != "auto" else recognise(box)
    report = Report(name, box.name)
    report.refused += [Refused(odd, "The name leads out of the archive.") for odd in box.odd]
    pictures = Pictures(box, wish.publication, wish.by, is_dry=wish.is_dry)
    house = House(wish.publication.slug, ZoneInfo(wish.publication.time_zone))
    seen: set[str] = set()
    for number, found in enumerate(READERS[name][1](box, house), 1):
        if isinstance(found, Refused):
            report.refused.append(found)
        else:
            _take(found, wish, pictures, report, seen)
        say(number)
    return report


def _take(item: Item, wish: Wish, pictures: Pictures, report: Report, seen: set[str]) -> None:
    try:
        _require_first(item, seen)
        became = known(item, wish.publication)
        if not became:
            conform(item, wish.publication, pictures, wish.base)
            _settle_status(item, wish)
            became = _store(item, wish, report)
    except RefusedItem as error:
        report.refused.append(Refused(item.where, str(error)))
        return
    report.counts[became] += 1
    if became == CHANGED:
        report.changed.append(f"{item.where}: {item.headline[:100]}")
    report.notes += [(item.where, note) for note in item.notes]


def _require_first(item: Item, seen: set[str]) -> None:
    if item.source in seen:
        raise RefusedItem(f"It is there a second time ({item.source[:100]}).")
    seen.add(item.source)


def _store(item: Item, wish: Wish, report: Report) -> str:
    if wish.is_dry:
        return PUBLISHED if item.is_published else DRAFT
    words = f"{report.format} · {report.file} · {item.where}"
    became, brief = store(item, wish.publication, wish.by, words)
    if brief is not None:
        report.briefs.append(brief.pk)
    return became


def _settle_status(item: Item, wish: Wish) -> None:
    """Decide whether *item* goes on the web: as it was there, or as somebody wishes."""
    if wish.mode == ALL_DRAFTS:
        item.is_published = False
    elif wish.mode == ALL_PUBLISHED:
        item.is_published = True
    if item.is_published and item.published_at is None and item.date is None:
        item.is_published = False
        item.notes.append("it says no date: a draft")
    if item.is_published and item.published_at and item.published_at > timezone.now():
        item.is_published = False
        item.notes.append("its time is still to come: a draft")
    if item.language and item.language[:2].lower() != wish.publication.language[:2].lower():
        item.notes.append(f"it is in “{item.language[:20]}”, the publication is not")
    if not item.is_published:
        item.corrections = []
