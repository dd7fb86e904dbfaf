"""Old addresses: what stood somewhere is found from there, and an address is never reused in vain.

A row leads to a brief, wherever that stands now, or from a publication's
former first part to the one of today. A page that stands is never hidden: old
addresses are asked only where nothing is found.
"""

import datetime as dt
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.urls import reverse

from briefs import access, audit, revisions, search
from briefs.models import Brief, Publication, Redirect, User

# What stands beneath the page of a brief, and moves with it.
_BENEATH = ("card.png", "brief.pdf")


class Taken(Exception):
    """Another brief stands, or stood, where one is to be moved; the message says which."""


class MovedMeanwhile(Exception):
    """The brief stands elsewhere by now than who moves it has seen."""


def move(
    brief: Brief, *, date: dt.date, slug: str, by: User | None, seen: str | None = None
) -> bool:
    """Let *brief* stand at another date line or web address; False if it stands there already.

    Once it is published, its old address leads to the new one for good, and its
    page has the new date line. *seen* is the address that somebody looked at:
    raise MovedMeanwhile where it is another by now. Raise Taken where a brief
    stands there, or links to another lead from there.
    """
    with transaction.atomic():
        row = Brief.objects.select_for_update(no_key=True).get(pk=brief.pk)
        if (row.date, row.slug) == (date, slug):
            return False
        if seen is not None and seen != row.web_path():
            raise MovedMeanwhile(row.web_path())
        old = row.web_path() if row.published_at and row.slug else ""
        row.date, row.slug = date, slug
        _require_free(row)
        try:
            with transaction.atomic():
                row.save(update_fields=["date", "slug", "updated_at"])
        except IntegrityError as error:  # somebody has put one there since we looked
            raise Taken(f"Another brief stands at {row.web_path()} by now.") from error
        if old:
            leave(old, row)
            _follow(row, by)
        # What once led away from here is where the brief stands now.
        Redirect.objects.filter(path=row.web_path(), brief=row).delete()
        audit.record("moved", brief=row, by=by, words=f"{old} → {row.web_path()}")
    brief.refresh_from_db(fields=["date", "slug", "updated_at", "published_revision"])
    return True


def _require_free(row: Brief) -> None:
    """Raise Taken where what *row* wants is another's, or links to another lead from there."""
    place = row.web_path()
    there = Brief.with_digests.filter(publication=row.publication, date=row.date, slug=row.slug)
    other = there.exclude(pk=row.pk).first()
    if other is not None:
        raise Taken(f"“{other}” stands at {place}. Choose another date or another last part.")
    led = Redirect.objects.filter(path=place).exclude(brief=row).select_related("brief").first()
    if led is not None and led.brief is not None:
        raise Taken(
            f"“{led.brief}” stood at {place}, and links to it lead from there. Choose another date "
            "or another last part."
        )


def _follow(row: Brief, by: User | None) -> None:
    """Let the page of *row* have the date line of where it stands now; its words stay."""
    published = row.published_revision
    if published is None:
        return
    shown = revisions.at_its_address(row, published, by)
    if shown != published:
        Brief.objects.filter(pk=row.pk).update(published_revision=shown)
        search.keep(row, shown)


def leave(path: str, brief: Brief) -> None:
    """Let *path* lead to *brief* from now on."""
    Redirect.objects.update_or_create(path=path, defaults={"brief": brief, "publication": None})


def leave_slug(old: str, publication: Publication) -> None:
    """Let everything under the former first part *old* lead to *publication* of today."""
    Redirect.objects.filter(path=f"/{publication.slug}/").delete()
    defaults = {"brief": None, "publication": publication}
    Redirect.objects.update_or_create(path=f"/{old}/", defaults=defaults)


class Target(NamedTuple):
    """Where an old address leads, and whether it does so for everybody and for good."""

    path: str
    is_lasting: bool = True


NOWHERE = Target("")


def target(path: str, reader: access.Reader, at: dt.datetime) -> Target:
    """Return where what stood at *path* stands now; NOWHERE for what *reader* may not know of."""
    first, _slash, rest = path.lstrip("/").partition("/")
    page, beneath = _page_of(path)
    candidates = {path, f"{path}/", path.rstrip("/"), page, f"/{first}/"}
    rows = Redirect.objects.filter(path__in=candidates).select_related(
        "brief__publication", "publication"
    )
    by_path = {row.path: row for row in rows}
    for one in (path, f"{path}/", path.rstrip("/")):
        if one in by_path and (brief := by_path[one].brief) is not None:
            return _of_brief(brief, reader, at)
    if beneath and page in by_path and (brief := by_path[page].brief) is not None:
        found = _of_brief(brief, reader, at)
        return Target(f"{found.path}{beneath}") if found.path and found.is_lasting else found
    renamed = by_path.get(f"/{first}/")
    if renamed and renamed.publication and _knows(reader, renamed.publication):
        # A brief that moved after its publication did has a row of the new address.
        return Target(f"/{renamed.publication.slug}/{rest}")
    return NOWHERE


def _page_of(path: str) -> tuple[str, str]:
    """Return the page of a brief and what lies beneath it, where *path* is of such a thing."""
    page, slash, last = path.rpartition("/")
    return (f"{page}{slash}", last) if last in _BENEATH else (path, "")


def _of_brief(brief: Brief, reader: access.Reader, at: dt.datetime) -> Target:
    """Return where *reader* is sent who comes for *brief*.

    Its headline stands in its address. Who may not know that is sent to where
    subscribers ask for a link, and not for good: by then they may read it.
    """
    if access.may_read(brief, reader, at):
        return Target(brief.web_path())
    if not access.is_locked(brief, at):
        return NOWHERE
    if brief.publication.shows_locked_headlines:
        return Target(brief.web_path())
    asks = reverse("subscribers:ask_reading", args=[brief.publication.slug])
    return Target(f"{asks}?brief={brief.pk}", is_lasting=False)


def _knows(reader: access.Reader, publication: Publication) -> bool:
    """Tell whether *reader* may learn what *publication* is called by now."""
    return publication.is_public or publication.pk in reader.publication_ids
