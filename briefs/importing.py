"""Briefs that come as files."""

from django.db import transaction
from django.utils import timezone

from briefs import audit
from briefs.models import Brief, KeyPoint, Publication, User
from briefs.plaintext import ReadBrief


def make_draft(read: ReadBrief, publication: Publication, by: User | None = None) -> Brief:
    """Store what was read from a plain-text brief as a draft of *publication*."""
    with transaction.atomic():
        brief = Brief.objects.create(
            publication=publication,
            date=read.date or timezone.localdate(),
            series=read.series,
            headline=read.headline,
            body=read.body,
            contact_block=read.contact,
            created_by=by,
        )
        KeyPoint.objects.bulk_create(
            KeyPoint(brief=brief, position=position, text=text)
            for position, text in enumerate(read.key_points)
        )
        audit.record("created", brief=brief, by=by)
    return brief
