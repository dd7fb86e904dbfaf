"""The ledger: what becomes of each copy, and the batches it is planned in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.models.editions import Edition
from subscribers.models import Subscriber


class Batch(models.Model):
    """The unit of planning: at most 500 deliveries, a lane, a not-before.

    `owner` is the process life that holds the lease, `epoch` counts the
    leases: every write of a worker names both, so one that was replaced
    changes nothing.
    """

    SIZE = 500

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField(_("number"))
    lane = models.CharField(_("lane"), max_length=40, default="main")
    not_before = models.DateTimeField(_("not before"))
    owner = models.UUIDField(null=True, blank=True)
    epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(default=0)
    # Counted as slices are settled: what the brakes and the live page read.
    sent = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    # When it was meant to go by its readers' clocks, whatever trouble has put it off since.
    planned_at = models.DateTimeField(_("planned"), null=True, blank=True)
    # When letters of it were last judged: its lane was at work then.
    worked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Its time went by while nothing could send it; a person decides.
    missed_at = models.DateTimeField(_("missed"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["edition", "number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="one_batch_per_number"),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, lease_until__isnull=True)
                | Q(owner__isnull=False, lease_until__isnull=False),
                name="batch_owner_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "not_before"],
                condition=Q(done_at__isnull=True),
                name="batches_that_wait",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id}/{self.number}"


class Delivery(models.Model):
    """One edition to one subscriber: what became of it.

    The statuses are a partition of the audience. No index holds `status`:
    on PostgreSQL it would end heap-only updates.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")  # not handed to the provider yet
        SENDING = "sending", _("sending")  # in the slice that a worker holds
        SENT = "sent", _("sent")  # the provider took it
        DELIVERED = "delivered", _("delivered")  # the reader's server took it
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("complained")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("skipped")  # left, suppressed or erased before their turn
        IN_DOUBT = "in-doubt", _("in doubt")  # handed over, and no reply was seen

    # The unique constraint and every query begin with the edition: no index of its own.
    # No foreign keys on edition and batch in the database: rows come from one statement
    # that joins both under a lock (freezing), neither is ever deleted beneath them, and
    # looking both up for each row took three quarters of a freeze on PostgreSQL.
    edition = models.ForeignKey(
        Edition, models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    subscriber = models.ForeignKey(
        Subscriber, models.SET_NULL, null=True, related_name="deliveries"
    )
    batch = models.ForeignKey(
        Batch, models.SET_NULL, null=True, related_name="deliveries", db_constraint=False
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING
    )
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    reply = models.TextField(_("the server's words"), blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    due_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    deferred_since = models.DateTimeField(_("deferred since"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "subscriber"], name="one_delivery_per_reader"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "sending",
                        "sent",
                        "delivered",
                        "bounced",
                        "complained",
                        "failed",
                        "skipped",
                        "in-doubt",
                    ]
                ),
                name="delivery_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["failed", "skipped", "in-doubt"]) | ~Q(reason=""),
                name="delivery_that_failed_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["edition", "due_at"],
                condition=Q(due_at__isnull=False),
                name="deliveries_that_wait",
            ),
            # The few among a million who failed, were skipped or are in doubt. What is sent has
            # no reason before or after, so that its updates stay heap-only.
            models.Index(
                fields=["edition", "subscriber"],
                condition=~Q(reason=""),
                name="deliveries_that_say_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} → {self.subscriber_id}"
