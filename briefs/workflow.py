"""The editorial life of a brief: draft, in review, approved, published."""

import datetime as dt

from briefs.models import Brief, Revision


class WrongStatus(Exception):
    """A brief cannot go where somebody wants it to; the message says from where it can."""


def publish(brief: Brief, revision: Revision, at: dt.datetime) -> bool:
    """Put *revision* on the web as of *at*; return False if that had been done already.

    A brief goes from draft (sign-off is off) or approved to published; a
    published one may point at a further revision. Raise WrongStatus while it
    is in review.
    """
    ready = Brief.objects.filter(
        pk=brief.pk, status__in=[Brief.Status.DRAFT, Brief.Status.APPROVED]
    )
    changed = ready.update(
        status=Brief.Status.PUBLISHED, published_at=at, published_revision=revision
    )
    if changed:
        return True
    published = Brief.objects.filter(pk=brief.pk, status=Brief.Status.PUBLISHED)
    if published.exclude(published_revision=revision).update(published_revision=revision):
        return True
    if published.exists():
        return False
    raise WrongStatus(
        f"“{brief.headline}” waits for its review; it can be published once it is approved."
    )
