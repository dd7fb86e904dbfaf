"""The audit trail: one row for each step of a brief, written in the transaction of the step."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefs.models import AuditEntry, Brief, Publication, Revision, User

# What can have been done, and how the desk says it after a name.
VERBS: dict[str, str | Promise] = {
    "created": _("began the brief"),
    "deleted": _("deleted the draft"),
    "edited": _("changed the text"),
    "restored": _("restored an earlier revision"),
    "submitted": _("handed it in for review"),
    "returned": _("gave it back to its writer"),
    "approved": _("approved it"),
    "overridden": _("let it go out without a second person"),
    "approval-lost": _("changed what had been approved"),
    "approval-withdrawn": _("took the approval back"),
    "commented": _("commented on it"),
    "settled": _("settled a comment"),
    "alarmed": _("told the editors that it is due and not approved"),
    "tested": _("sent a test"),
    "scheduled": _("scheduled it"),
    "started": _("set it going"),
    "finished": _("finished it"),
    "withdrawn": _("withdrew it before the first mail"),
    "paused": _("paused it"),
    "resumed": _("resumed it"),
    "cancelled": _("cancelled it"),
    "retried": _("sent it again to readers whom it had failed"),
    "told-late": _("sent the correction to readers who were found since"),
    "left": _("left those in doubt as they are"),
    "sent-late": _("sent it to readers who had missed their time"),
    "skipped-late": _("skipped readers who had missed their time"),
    "missed": _("did not start it"),
    "published": _("put it on the web"),
    "imported": _("took it over from another system"),
    "corrected": _("corrected it"),
    "link-corrected": _("pointed a mailed link elsewhere"),
    "embargoed": _("changed its embargo"),
    "member-set": _("gave somebody a role"),
    "member-gone": _("took somebody’s role"),
    "invited": _("invited somebody"),
    "invitation-withdrawn": _("took an invitation back"),
    "joined": _("accepted an invitation"),
    "moved": _("gave it another web address"),
    "readers-changed": _("changed who may read it"),
    "group-member-added": _("put somebody into a client group"),
    "group-member-gone": _("took somebody out of a client group"),
    "rules-changed": _("changed how the publication works"),
    "webhook-added": _("set up a webhook"),
    "webhook-changed": _("changed a webhook"),
    "webhook-rotated": _("gave a webhook a new secret"),
    "webhook-stopped": _("disabled a webhook"),
    "webhook-started": _("enabled a webhook"),
    "webhook-replayed": _("sent to a webhook again"),
    "webhook-deleted": _("deleted a webhook"),
    "key-made": _("made an API key"),
    "key-revoked": _("revoked an API key"),
}

_through: ContextVar[str] = ContextVar("through", default="")


@contextmanager
def through(what: str) -> Iterator[None]:
    """Name *what*, a program that acts as somebody, in all that is written down meanwhile."""
    token = _through.set(what)
    try:
        yield
    finally:
        _through.reset(token)


def acting_through() -> str:
    """Return the program through which somebody acts at this moment, in words; empty for none."""
    return _through.get()


def record(
    verb: str,
    *,
    brief: Brief | None = None,
    publication: Publication | None = None,
    by: User | None = None,
    revision: Revision | None = None,
    edition: int | None = None,
    words: str = "",
) -> AuditEntry:
    """Write down that *by*, the program itself without one, did *verb* to a brief or publication.

    Raise ValueError for a verb that is not among VERBS, and where neither a
    brief nor a publication is named.
    """
    if verb not in VERBS:
        raise ValueError(f"“{verb}” is no step of a brief. There are: {', '.join(VERBS)}.")
    home = publication or (brief.publication if brief else None)
    if home is None:
        raise ValueError("Name the brief or the publication that the step belongs to.")
    words = " · ".join(part for part in (words, acting_through()) if part)
    entry: AuditEntry = AuditEntry.objects.create(
        brief=brief,
        publication=home,
        verb=verb,
        by=by,
        by_name=str(by) if by else "",
        revision=revision,
        edition=edition,
        words=words,
    )
    return entry


def of(brief: Brief) -> QuerySet[AuditEntry]:
    """Return the steps of *brief*, the latest first."""
    rows: QuerySet[AuditEntry] = brief.audit.select_related("by", "revision")
    return rows.defer("revision__snapshot")  # a whole text, of which a list shows the number
