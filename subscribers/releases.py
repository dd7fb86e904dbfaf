"""The model of what happens when an address may be mailed again."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication
from briefs.models.append_only import AppendOnly


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
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
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
