"""The editorial life of a brief: draft, in review, approved, published."""

import datetime as dt

from briefs import revisions
from briefs.models import Brief, Publication, Revision


class WrongStatus(Exception):
    """A brief cannot go where somebody wants it to; the message says from where it can."""


class WrongPublication(Exception):
    """A revision was frozen for another publication than its brief belongs to now."""


def publish(
    brief: Brief, revision: Revision, at: dt.datetime, home: Publication | None = None
) -> bool:
    """Put *revision* on the web as of *at*; return False if that had been done already.

    A brief goes from draft (sign-off is off) or approved to published; a
    published one may point at a further revision. Raise WrongStatus while it
    is in review, and WrongPublication where the revision carries the name and
    sender of a publication that the brief has left. Who knows that publication
    says so by *home*: its web address may have been changed since.
    """
    frozen_for = revision.snapshot["publication"]["slug"]
    at_home = Brief.objects.filter(pk=brief.pk)
    at_home = (
        at_home.filter(publication=home) if home else at_home.filter(publication__slug=frozen_for)
    )
    ready = at_home.filter(status__in=[Brief.Status.DRAFT, Brief.Status.APPROVED])
    published = at_home.filter(status=Brief.Status.PUBLISHED)
    changed = ready.update(
        status=Brief.Status.PUBLISHED, published_at=at, published_revision=revision
    ) or published.exclude(published_revision=revision).update(published_revision=revision)
    if changed or published.exists():
        # Only now: until it is published, its form may empty the web address again.
        revisions.settle_slug(Brief.objects.get(pk=brief.pk))
        return bool(changed)
    if not at_home.exists():
        raise WrongPublication(
            f"“{brief.headline}” was frozen for /{frozen_for}/ and stands elsewhere now. "
            "Cancel its edition and send it anew."
        )
    raise WrongStatus(
        f"“{brief.headline}” waits for its review; it can be published once it is approved."
    )
