"""What is true of the site as a whole."""

from django.db import models
from django.db.models import Q


class SiteState(models.Model):
    """One row: its mark is another after each change of what the public pages are made of.

    Triggers write it (intelbrief.page_cache.watching), in the transaction of the
    change, so that no way of changing a row can forget to.
    """

    mark = models.CharField(max_length=36)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_state_of_the_site")]

    def __str__(self) -> str:
        return self.mark
