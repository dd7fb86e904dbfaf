"""What this installation has used up, and how it knows itself."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Quota(models.Model):
    """What a lane has used of its letters in one hour or day (UTC)."""

    class Kind(models.TextChoices):
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    lane = models.CharField(_("lane"), max_length=40)
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    begins_at = models.DateTimeField(_("begins"))
    used = models.PositiveIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "kind", "begins_at"], name="one_quota_per_window"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lane} · {self.kind} · {self.begins_at:%Y-%m-%d %H:%M}"


class Installation(models.Model):
    """The one row by which a database knows where it lives: a copy of it must not send too.

    `fingerprint` names the database server or file, `seen_at` is written by
    each tick. Where they do not fit, `held_since` is set, and nothing goes out
    until an operator has confirmed. A backup that was confirmed begins a
    `history` of its own: what journals tell of another one proves nothing.
    """

    fingerprint = models.CharField(max_length=200)
    seen_at = models.DateTimeField(default=timezone.now)
    held_since = models.DateTimeField(_("held since"), null=True, blank=True)
    word = models.TextField(_("why"), blank=True)
    history = models.UUIDField(default=uuid.uuid4, editable=False)
    # Made with the key that signs: tells `manage.py doctor` that TOKEN_KEYS have been exchanged.
    token_sample = models.CharField(
        max_length=80, blank=True, default="", db_default="", editable=False
    )
    backed_up_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_installation"),
        ]

    def __str__(self) -> str:
        return self.fingerprint
