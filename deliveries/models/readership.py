"""How many readers a publication has, counted a moment ago."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication


class Readership(models.Model):
    """The readers of a publication by number: a send screen asks this row, not a million."""

    publication = models.OneToOneField(Publication, models.CASCADE, related_name="readership")
    active = models.PositiveIntegerField(_("active"), default=0)
    # Of the active, those who chose the digest: the others get each brief.
    weekly = models.PositiveIntegerField(_("weekly"), default=0)
    unconfirmed = models.PositiveIntegerField(_("unconfirmed"), default=0)
    counted_at = models.DateTimeField(_("counted"), default=timezone.now)
    seconds = models.FloatField(default=0)  # that the count took: it sets the pace of the next

    class Meta:
        verbose_name = _("readership")
        verbose_name_plural = _("readerships")

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.active}"
