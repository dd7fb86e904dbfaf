"""Restoring: the text of an earlier revision back into the brief, as far as its parts still are."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from briefs import audit, text_versions, workflow
from briefs.models import Author, Brief, KeyPoint, Revision, Topic, User

# A published brief keeps its date line and its address on the web, whatever an old revision says.
_TEXTS = ("headline", "series", "preheader", "body")


@dataclass(frozen=True)
class Restored:
    """What could not be brought back: names of topics and authors that are gone, for people."""

    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    date_stays: bool = False

    def in_words(self) -> str:
        """Return what is missing as sentences; "" where all is as it was."""
        said = []
        if self.topics:
            names = ", ".join(self.topics)
            said.append(_("Topics that are gone: %(names)s.") % {"names": names})
        if self.authors:
            names = ", ".join(self.authors)
            said.append(
                _("Authors that are gone, or two of one name: %(names)s.") % {"names": names}
            )
        if self.date_stays:
            said.append(_("The date line stays: the brief is published."))
        return " ".join(said)


def restore(brief: Brief, revision: Revision, by: User | None, *, seen: int) -> Restored:
    """Write the text of *revision* into *brief*; return what of it could not be brought back.

    *seen* is the text_version that the editor looked at: raise
    text_versions.SavedMeanwhile if somebody has saved since. The
    publication's own look is no part of it: that is changed there.
    """
    if revision.brief_id != brief.pk:
        raise ValueError("A revision goes back into its own brief.")
    content = revision.snapshot
    with transaction.atomic():
        row = (
            Brief.objects.select_for_update(of=("self",), no_key=True)
            .select_related("publication")
            .get(pk=brief.pk)
        )
        row.text_version = seen
        text_versions.advance(row)
        for name in _TEXTS:
            setattr(row, name, content[name])
        # What the publication says anyway is left to it, to change with it later.
        own = content["contact_block"]
        row.contact_block = "" if own == row.publication.contact_block else own
        row.series = "" if row.series == row.publication.series else row.series
        date_stays = row.published_at is not None and row.date.isoformat() != content["date"]
        if row.published_at is None:
            row.date = content["date"]
        row.save()
        row.key_points.all().delete()
        KeyPoint.objects.bulk_create(
            KeyPoint(brief=row, position=position, text=text)
            for position, text in enumerate(content["key_points"], start=1)
        )
        restored = Restored(
            topics=_topics(row, content["topics"]),
            authors=_authors(row, content["authors"]),
            date_stays=date_stays,
        )
        words = _("revision %(number)s") % {"number": revision.number}
        missing = restored.in_words()
        audit.record(
            "restored", brief=row, by=by, revision=revision, words=f"{words} {missing}".strip()
        )
        workflow.text_changed(Brief.objects.get(pk=row.pk), by, words)
    brief.refresh_from_db()
    return restored


def _topics(brief: Brief, names: list[str]) -> tuple[str, ...]:
    """Give *brief* the topics of *names*; return the names that its publication has no more."""
    found = {topic.name: topic for topic in Topic.objects.filter(publication=brief.publication)}
    brief.topics.set([found[name] for name in names if name in found])
    return tuple(name for name in names if name not in found)


def _authors(brief: Brief, names: list[str]) -> tuple[str, ...]:
    """Give *brief* the authors of *names*; return those who are not there, or there twice.

    Of two who share a name, the one who stands under the brief already is meant.
    """
    known: dict[str, list[Author]] = {}
    for author in Author.objects.filter(name__in=names):
        known.setdefault(author.name, []).append(author)
    present = set(brief.authors.values_list("pk", flat=True))
    chosen = [
        author
        for name in names
        for author in known.get(name, [])
        if len(known[name]) == 1 or author.pk in present
    ]
    brief.authors.set(chosen)
    got = {author.name for author in chosen}
    return tuple(name for name in names if name not in got)
