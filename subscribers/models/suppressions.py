"""Who is never mailed, and who may be again."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication
from briefs.models.append_only import AppendOnly, unname


class Suppression(models.Model):
    """An address that is never mailed, and why; survives erasure as a keyed hash."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", _("permanent bounce")
        COMPLAINT = "complaint", _("complaint")
        MANUAL = "manual", _("by hand")
        ERASURE = "erasure", _("erased at the reader's wish")

    # Of an address, or of “@” and a domain.
    address_hash = models.CharField(max_length=32, editable=False)
    address = models.CharField(_("address or @domain"), max_length=254, blank=True)
    # Empty unless a whole domain is suppressed; compared with Subscriber.domain.
    domain = models.CharField(max_length=253, blank=True, editable=False)
    publication = models.ForeignKey(
        Publication,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("publication"),
        help_text=_("Empty: for all publications."),
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash"],
                condition=Q(publication__isnull=True),
                name="one_suppression_per_address",
            ),
            models.UniqueConstraint(
                fields=["address_hash", "publication"],
                name="one_suppression_per_publication",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["bounce", "complaint", "manual", "erasure"]),
                name="suppression_reason_is_known",
            ),
        ]
        indexes = [models.Index(fields=["domain"], name="suppression_by_domain")]

    def __str__(self) -> str:
        return f"{self.address or self.address_hash[:8]} ({self.get_reason_display()})"


class SuppressionRelease(AppendOnly):
    """Append-only evidence: which suppression was lifted, why, when and by whom.

    It holds the address as a hash only, so nothing of it needs to be erased
    but the words.
    """

    address_hash = models.CharField(max_length=32, db_index=True, editable=False)
    domain = models.CharField(_("domain"), max_length=253, blank=True, editable=False)
    publication = models.ForeignKey(
        Publication,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("publication"),
    )
    # Of the suppression that was lifted.
    reason = models.CharField(_("was suppressed for"), max_length=10)
    suppressed_at = models.DateTimeField(_("was suppressed on"))
    why = models.TextField(_("why it was released"))
    # Nobody where the reader's own new confirmation did it.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, unname, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(why=""), name="release_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.domain or self.address_hash[:8]} · {self.at:%Y-%m-%d %H:%M}"
