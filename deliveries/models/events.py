"""What comes back after the provider took a letter: reports as they came, and what they said."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from deliveries.models.ledger import Delivery
from subscribers.models import Subscriber


class InboundEvent(models.Model):
    """One event as a provider or a server told it, until a worker has applied it.

    A webhook is answered once this row is committed. A row that was applied is
    deleted; one that names no delivery of ours waits some days, since a
    webhook can be faster than the record of its letter.
    """

    # The ESP's name in Anymail, or “mail” for what came by mail.
    source = models.CharField(_("source"), max_length=20)
    # Names the event among all of this source: a repeat is dropped at the door.
    key = models.CharField(max_length=64, editable=False)
    # {"type", "at", "delivery", "message_id", "address", "code", "words", "is_permanent", …}
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    # When it is looked at again; null once nobody will.
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    error = models.TextField(_("why it could not be applied"), blank=True)

    class Meta:
        verbose_name = _("inbound event")
        verbose_name_plural = _("inbound events")
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="one_inbound_event_per_key"),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="inbound_events_that_wait",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.received_at:%Y-%m-%d %H:%M:%S}"


class DeliveryEvent(models.Model):
    """What was said of one delivery after it was sent; written once.

    That it was delivered has no row: the delivery's status says it, and a
    million of them a day would say nothing more.
    """

    class Type(models.TextChoices):
        DEFERRED = "deferred", _("deferred")
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("complained")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        REFUSED = "refused", _("refused by the provider")
        REPLIED = "replied", _("answered by a program")

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="events", db_constraint=False, db_index=False
    )
    type = models.CharField(_("what"), max_length=12, choices=Type.choices)
    key = models.CharField(max_length=64, editable=False)
    # When it happened, by the clock of whoever reported it.
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    source = models.CharField(_("source"), max_length=20)
    # Null where it does not apply.
    is_permanent = models.BooleanField(_("permanent"), null=True)
    # RFC 3463, like 5.1.1.
    code = models.CharField(_("status"), max_length=10, blank=True)
    # Of a bounce: a word of deliveries.bounces, like "no-mailbox" or "full".
    reason = models.CharField(_("reason"), max_length=30, blank=True)
    words = models.TextField(_("the server's words"), blank=True)

    class Meta:
        verbose_name = _("delivery event")
        verbose_name_plural = _("delivery events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "type", "key"], name="one_delivery_event_per_key"
            ),
            models.CheckConstraint(
                condition=Q(
                    type__in=[
                        "deferred",
                        "bounced",
                        "complained",
                        "unsubscribed",
                        "refused",
                        "replied",
                    ]
                ),
                name="delivery_event_type_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} · {self.type}"


class BounceCount(models.Model):
    """Transient bounces of a reader in a row; a delivery takes the row away."""

    subscriber = models.OneToOneField(Subscriber, models.CASCADE, related_name="bounce_count")
    bounces = models.PositiveSmallIntegerField(_("bounces"), default=0)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("count of bounces")
        verbose_name_plural = _("counts of bounces")

    def __str__(self) -> str:
        return f"{self.subscriber_id} · {self.bounces}"
