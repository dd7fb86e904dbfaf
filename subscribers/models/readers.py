"""Who reads, and what they subscribe to."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication, Topic
from briefs.models.publications import validate_header_text, validate_time_zone


class Subscriber(models.Model):
    """A person who reads; the address is stored as briefs.addresses normalises it."""

    address = models.CharField(_("address"), max_length=254)
    address_key = models.CharField(_("address as compared"), max_length=254, editable=False)
    # The same hash stands in Suppression, where it outlives the address. Readers are not looked
    # up by it: an index of random values is most of what an import of a million costs.
    address_hash = models.CharField(max_length=32, editable=False)
    # What follows the @ of address_key: whole domains may be suppressed, or asked for.
    domain = models.CharField(max_length=253, blank=True, editable=False)
    name = models.CharField(
        _("name"), max_length=120, blank=True, validators=[validate_header_text]
    )
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, blank=True
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("reader")
        verbose_name_plural = _("readers")
        constraints = [
            # Here, not at the field, where PostgreSQL would get a second one for patterns.
            models.UniqueConstraint(fields=["address_key"], name="one_reader_per_address"),
            models.CheckConstraint(condition=~Q(address=""), name="subscriber_has_an_address"),
            models.CheckConstraint(condition=~Q(address_hash=""), name="subscriber_has_a_hash"),
        ]

    def __str__(self) -> str:
        return self.address

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the domain in step with the address."""
        self.domain = self.address_key.rpartition("@")[2]
        super().save(*args, **kwargs)


class Subscription(models.Model):
    """The link of a reader to one publication, with its own status."""

    class Status(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("unconfirmed")  # asked, has not pressed the button
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")

    class Rhythm(models.TextChoices):
        EACH = "each", _("each brief")
        WEEKLY = "weekly", _("a digest once a week")

    # Two indexes below begin with these columns; a million readers need not pay for four.
    subscriber = models.ForeignKey(
        Subscriber,
        models.CASCADE,
        related_name="subscriptions",
        verbose_name=_("reader"),
        db_index=False,
    )
    publication = models.ForeignKey(
        Publication,
        models.PROTECT,
        related_name="subscriptions",
        verbose_name=_("publication"),
        db_index=False,
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.UNCONFIRMED
    )
    rhythm = models.CharField(
        _("rhythm"), max_length=6, choices=Rhythm.choices, default=Rhythm.EACH
    )
    # None chosen means all of them, also those that are added later.
    topics = models.ManyToManyField(
        Topic, blank=True, related_name="subscriptions", verbose_name=_("topics")
    )
    source = models.CharField(_("source"), max_length=40, blank=True)
    requested_at = models.DateTimeField(_("asked"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    unsubscribed_at = models.DateTimeField(_("left"), null=True, blank=True)
    paused_until = models.DateField(_("paused until"), null=True, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "publication"], name="one_subscription_per_reader"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["unconfirmed", "active", "paused", "unsubscribed"]),
                name="subscription_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(rhythm__in=["each", "weekly"]), name="subscription_rhythm_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["active", "paused"]) | Q(confirmed_at__isnull=False),
                name="active_subscription_was_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(status="unsubscribed") | Q(unsubscribed_at__isnull=False),
                name="unsubscribed_subscription_has_a_time",
            ),
        ]
        indexes = [
            # The audience is frozen in chunks of ids within one publication.
            models.Index(fields=["publication", "id"], name="subscription_by_publication"),
            # For the desk, which looks for the few that are not active among a million.
            models.Index(
                fields=["status", "subscriber"],
                condition=~Q(status="active"),
                name="subscriptions_not_active",
            ),
            # What nobody confirmed is found after a week, whatever the size of the readership.
            models.Index(
                fields=["requested_at"],
                condition=Q(status="unconfirmed"),
                name="subscriptions_unconfirmed",
            ),
            models.Index(
                fields=["paused_until"],
                condition=Q(paused_until__isnull=False),
                name="pauses_that_end",
            ),
            # Asked at each tick of a digest's hour whether there is anybody; few are among many.
            models.Index(
                fields=["publication", "id"],
                condition=Q(rhythm="weekly"),
                name="subscriptions_weekly",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} → {self.publication}"
