"""Opens and clicks, counted; who or where from is never stored."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.models.editions import Edition
from deliveries.models.ledger import Delivery

# Where the position of a link would stand; a null would make no two rows alike.
PIXEL = -1


class HitCount(models.Model):
    """Opens of an edition, or clicks on one link of it, within an hour.

    `position` is the link's, PIXEL for the open pixel.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="hit_counts", db_index=False)
    position = models.SmallIntegerField(_("link"))
    # The begin of the hour, in UTC.
    hour = models.DateTimeField(_("hour"))
    human = models.PositiveIntegerField(_("by people"), default=0)
    machine = models.PositiveIntegerField(_("by machines"), default=0)

    class Meta:
        verbose_name = _("count of hits")
        verbose_name_plural = _("counts of hits")
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "position", "hour"],
                name="one_hit_count_per_hour",
            ),
            models.CheckConstraint(condition=Q(position__gte=-1), name="hit_has_a_position"),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} · {self.position} · {self.hour:%Y-%m-%d %H}"


class ReaderHit(models.Model):
    """That one reader opened an edition or followed one of its links: *per reader* only."""

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="hits", db_constraint=False, db_index=False
    )
    position = models.SmallIntegerField(_("link"))
    is_machine = models.BooleanField(_("by a machine"))
    first_at = models.DateTimeField(_("first"))
    hits = models.PositiveIntegerField(_("how often"), default=1)

    class Meta:
        verbose_name = _("reader's hit")
        verbose_name_plural = _("readers' hits")
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "position", "is_machine"], name="one_reader_hit_per_link"
            ),
            models.CheckConstraint(condition=Q(position__gte=-1), name="reader_hit_has_a_position"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} · {self.position}"


class HitCursor(models.Model):
    """Up to where the stream of hits has been counted: written with the counts, in one commit."""

    stream = models.CharField(max_length=80, unique=True)
    last_id = models.CharField(max_length=40, default="0-0")

    class Meta:
        verbose_name = _("cursor of hits")
        verbose_name_plural = _("cursors of hits")

    def __str__(self) -> str:
        return f"{self.stream} · {self.last_id}"
