"""Who did what to a brief: approvals, the audit trail, comments, corrections."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models.append_only import AppendOnly, unname
from briefs.models.briefs import Brief, Revision
from briefs.models.publications import Publication


class Approval(models.Model):
    """Somebody's word that a revision may go out; a changed comma is another revision.

    With a reason it is a publisher's override: no second person was asked.
    """

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="approvals")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("approved"), default=timezone.now)
    reason = models.TextField(_("reason of an override"), blank=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_approval_per_revision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.revision} · {self.by}"


class AuditEntry(AppendOnly):
    """One step in the life of a brief, or of what its publication's editors did to it.

    `verb` is one of briefs.audit.VERBS; the edition is a plain number, since
    the app that sends stands above this one.
    """

    # A draft may be deleted; what was done to it stays, and the last entry says its headline.
    brief = models.ForeignKey(
        Brief, unname, null=True, blank=True, related_name="audit", verbose_name=_("brief")
    )
    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="audit", verbose_name=_("publication")
    )
    verb = models.CharField(_("what"), max_length=24)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        unname,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    # The name as it was then: a colleague who leaves stays named.
    by_name = models.CharField(_("name"), max_length=254, blank=True)
    revision = models.ForeignKey(
        Revision,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revision"),
    )
    edition = models.BigIntegerField(_("edition"), null=True, blank=True)
    words = models.TextField(_("words"), blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["brief", "at"], name="audit_of_a_brief"),
            models.Index(fields=["publication", "at"], name="audit_of_a_publication"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} · {self.by_name or '–'}"


class Comment(models.Model):
    """What a colleague says about a brief, until it is settled."""

    brief = models.ForeignKey(Brief, models.CASCADE, related_name="comments")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    text = models.TextField(_("comment"))
    # The words that it is about, as they stood.
    quote = models.TextField(_("about"), blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class Correction(AppendOnly):
    """A dated notice that a published brief was wrong, and which revision put it right."""

    brief = models.ForeignKey(Brief, models.PROTECT, related_name="corrections")
    wrong = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    right = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    notice = models.TextField(
        _("notice"), help_text=_("What was wrong and what is right, in a sentence for readers.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, unname, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("corrected"), default=timezone.now)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["brief", "right"], name="one_correction_per_revision"),
        ]

    def __str__(self) -> str:
        return self.notice[:60]
