"""What the dashboard remembers; it can all be counted anew."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication


class ReaderDay(models.Model):
    """The readers of a publication at the end of a day, who came and who left; by its own zone."""

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="reader_days", db_index=False
    )
    day = models.DateField(_("day"))
    active = models.PositiveIntegerField(_("active"), default=0)
    joined = models.PositiveIntegerField(_("joined"), default=0)
    left = models.PositiveIntegerField(_("left"), default=0)

    class Meta:
        verbose_name = _("day of readers")
        verbose_name_plural = _("days of readers")
        constraints = [
            models.UniqueConstraint(fields=["publication", "day"], name="one_row_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.day} · {self.active}"
