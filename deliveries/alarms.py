"""Alarms: what is due within half an hour and may not go out is told to its editors, once."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from briefs import approvals, audit
from briefs.models import Approval, Brief, User
from deliveries.models import Edition
from deliveries.signing_off import APPROVERS
from subscribers import notices

AHEAD = dt.timedelta(minutes=30)
# What was due longer ago is no news to anybody: a worker that was away for a week tells nothing.
STALE = dt.timedelta(hours=12)


# By the row alone, so that the UPDATE which decides can ask it once more.
NEVER = Q(alarmed_at__isnull=True)
UNTOLD = NEVER | Q(alarmed_at__lt=F("due_at") - AHEAD)  # it was put off since
UNTOLD_OF_EDITION = NEVER | Q(alarmed_at__lt=Now() - STALE)


def sound() -> int:
    """Tell the editors of what is due and not approved; return of how many briefs."""
    told = sum(_tell(brief, UNTOLD) for brief in _due())
    return told + sum(_tell(brief, UNTOLD_OF_EDITION) for brief in _scheduled())


def _due() -> QuerySet[Brief]:
    """Return the briefs whose time is near and whose text nobody has approved.

    Where the publication demands no approval, those that wait for one anyway.
    """
    unapproved = Q(publication__needs_approval=True) | Q(status=Brief.Status.IN_REVIEW)
    return (
        Brief.objects.filter(
            UNTOLD,
            unapproved,
            due_at__lte=Now() + AHEAD,
            due_at__gte=Now() - STALE,
            published_at__isnull=True,
        )
        .exclude(status=Brief.Status.APPROVED)
        .exclude(Exists(_approved_and_scheduled()))
        .select_related("publication")
    )


def _approved_and_scheduled() -> QuerySet[Edition]:
    """Return the open editions of a brief that will go out, whatever is written meanwhile."""
    standing = Approval.objects.filter(revision=OuterRef("revision"), withdrawn_at__isnull=True)
    return Edition.objects.filter(Exists(standing), brief=OuterRef("pk"), status__in=Edition.OPEN)


def _scheduled() -> QuerySet[Brief]:
    """Return the briefs with a scheduled edition that will not start: its approval is gone."""
    standing = Approval.objects.filter(revision=OuterRef("revision"), withdrawn_at__isnull=True)
    soon = Edition.objects.filter(
        ~Exists(standing),
        status=Edition.Status.SCHEDULED,
        send_at__lte=Now() + AHEAD,
        brief__digest_of__isnull=True,
        publication__needs_approval=True,
    )
    return Brief.objects.filter(UNTOLD_OF_EDITION, pk__in=soon.values("brief")).select_related(
        "publication"
    )


def _tell(brief: Brief, untold: Q) -> int:
    """Tell the editors and the writers of *brief*; 0 if another tick has done so."""
    with transaction.atomic():
        rows = Brief.objects.filter(untold, pk=brief.pk, status=brief.status)
        if not rows.update(alarmed_at=Now()):
            return 0
        audit.record("alarmed", brief=brief)
        when = f" at {brief.due_at:%H:%M} UTC" if brief.due_at else ""
        members = Q(
            memberships__publication=brief.publication_id, memberships__role__in=APPROVERS
        ) | Q(memberships__publication=brief.publication_id, pk__in=approvals.author_ids(brief))
        told = User.objects.filter(members, is_active=True, is_staff=True).distinct()
        site = User.objects.filter(is_active=True, is_superuser=True)
        address = settings.SITE_URL + reverse("admin:briefs_brief_change", args=[brief.pk])
        notices.tell(
            told or site,
            brief.publication,
            f"Due soon and not approved: {brief}",
            f"“{brief}” ({brief.publication}) is due{when}, and its text is "
            f"{brief.get_status_display()}. It does not go out before somebody who did not "
            f"write it has approved it.\n\n{address}",
        )
    return 1
