"""Models of the door: what came in and is not noted yet, and how hard the door is guarded."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication


class SignUp(models.Model):
    """What one visitor sent, taken in and not yet noted by subscribers.intake.

    A row lives for about a second: the transaction that notes it deletes it.
    """

    # [{"publication": id, "wording": text, "topics": [id, …]}, …]: what was asked for together;
    # or [{"publication": id, "link": True}]: a link to what this address gets already.
    wishes = models.JSONField()
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=40)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    # What cannot be noted is left lying after a few tries, so that it holds up no other.
    failures = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} · {self.source}"


class Defence(models.Model):
    """How the sign-up form of one publication is guarded."""

    class Mode(models.TextChoices):
        AUTOMATIC = "automatic", _("automatic: on when robots sign up")
        ON = "on", _("on")
        OFF = "off", _("off")

    publication = models.OneToOneField(
        Publication, models.CASCADE, related_name="defence", verbose_name=_("publication")
    )
    mode = models.CharField(
        _("attack mode"),
        max_length=10,
        choices=Mode.choices,
        default=Mode.AUTOMATIC,
        help_text=_(
            "In attack mode the browser of each visitor solves a small puzzle before the form is "
            "taken in. Readers wait a second or two and have nothing to do."
        ),
    )
    # Since when the automatic mode is on; empty while it is off.
    on_since = models.DateTimeField(_("attacked since"), null=True, blank=True, editable=False)
    # When the figures last looked like an attack; calm is counted from here.
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("sign-up form")
        verbose_name_plural = _("sign-up forms")
        constraints = [
            models.CheckConstraint(
                condition=Q(mode__in=["automatic", "on", "off"]), name="defence_mode_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.publication)

    @property
    def is_up(self) -> bool:
        """True while visitors must bring a proof of work."""
        if self.mode == self.Mode.AUTOMATIC:
            return self.on_since is not None
        return self.mode == self.Mode.ON
