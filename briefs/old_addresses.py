"""Old addresses: what stood somewhere is found from there, and an address is never reused in vain.

A row leads to a brief, wherever that stands now, or from a publication's
former first part to the one of today. A page that stands is never hidden: old
addresses are asked only where nothing is found.
"""

import datetime as dt
from typing import NamedTuple

from django.db import transaction
from django.urls import reverse

from briefs import access, audit
from briefs.models import Brief, Publication, Redirect, User


def move(brief: Brief, *, date: dt.date, slug: str, by: User | None) -> bool:
    """Let *brief* stand at another date line or web address; False if it stands there already.

    Once it is published, its old address leads to the new one for good.
    Raises IntegrityError where another brief stands there.
    """
    with transaction.atomic():
        row = Brief.objects.select_for_update(no_key=True).get(pk=brief.pk)
        if (row.date, row.slug) == (date, slug):
            return False
        old = row.web_path() if row.published_at and row.slug else ""
        row.date, row.slug = date, slug
        row.save(update_fields=["date", "slug", "updated_at"])
        if old:
            leave(old, row)
        # What once led away from here is where the brief stands now.
        Redirect.objects.filter(path=row.web_path(), brief=row).delete()
        audit.record("moved", brief=row, by=by, words=f"{old} → {row.web_path()}")
    brief.refresh_from_db(fields=["date", "slug", "updated_at"])
    return True


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
    candidates = {path, f"{path}/", path.rstrip("/"), f"/{first}/"}
    rows = Redirect.objects.filter(path__in=candidates).select_related(
        "brief__publication", "publication"
    )
    by_path = {row.path: row for row in rows}
    for one in (path, f"{path}/", path.rstrip("/")):
        if one in by_path and (brief := by_path[one].brief) is not None:
            return _of_brief(brief, reader, at)
    renamed = by_path.get(f"/{first}/")
    if renamed and renamed.publication and _knows(reader, renamed.publication):
        # A brief that moved after its publication did has a row of the new address.
        return Target(f"/{renamed.publication.slug}/{rest}")
    return NOWHERE


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
