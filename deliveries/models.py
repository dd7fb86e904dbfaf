"""The send: what goes out to whom, and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Brief, Publication, Revision
from subscribers.models import Subscriber


class Edition(models.Model):
    """A revision on its way to readers."""

    class Kind(models.TextChoices):
        BRIEF = "brief", _("brief")
        CORRECTION = "correction", _("correction")
        DIGEST = "digest", _("weekly digest")

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("sending")
        PAUSED = "paused", _("paused")
        FINISHING = "finishing", _("finishing")  # only deferred readers are left
        FINISHED = "finished", _("finished")
        WITHDRAWN = "withdrawn", _("withdrawn")  # taken back before the first mail
        MISSED = "missed", _("missed")  # its time went by; a person decides
        CANCELLED = "cancelled", _("cancelled")  # stopped on its way

    class Clock(models.TextChoices):
        PUBLICATION = "publication", _("at one moment for all")
        READER = "reader", _("at that time in each reader's zone")

    OPEN = (Status.SCHEDULED, Status.SENDING, Status.PAUSED, Status.FINISHING)
    MOVING = (Status.SENDING, Status.FINISHING)
    ENDED_EARLY = (Status.WITHDRAWN, Status.MISSED, Status.CANCELLED)

    brief = models.ForeignKey(
        Brief, models.PROTECT, related_name="editions", verbose_name=_("brief")
    )
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="editions", verbose_name=_("revision")
    )
    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="editions", verbose_name=_("publication")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.BRIEF)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.SCHEDULED
    )
    send_at = models.DateTimeField(_("goes out"))
    clock = models.CharField(
        _("clock"), max_length=11, choices=Clock.choices, default=Clock.PUBLICATION
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    # Why it waits or ended, for people: "mx.example refused the log-in", …
    word = models.TextField(_("what happened"), blank=True)
    created_at = models.DateTimeField(_("scheduled"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("audience frozen"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    audience = models.PositiveIntegerField(_("audience"), null=True, blank=True)
    # The chunks of the freeze are made by one worker at a time, under this lease.
    freeze_lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    freeze_epoch = models.PositiveIntegerField(default=0, editable=False)
    freeze_last_id = models.BigIntegerField(default=0, editable=False)
    freeze_max_id = models.BigIntegerField(null=True, blank=True, editable=False)
    # What had been counted when a brake paused it: the brakes judge what came after.
    counted_before = models.JSONField(default=dict, editable=False)
    message_domain = models.CharField(max_length=253, blank=True, editable=False)
    # By the reader's clock: "2026-11-24T06:00", a time on every wall and at no moment.
    local_time = models.CharField(max_length=16, blank=True, editable=False)
    # Whom it is for, as it was when it was scheduled: ids of topics, and rules of a segment.
    topics = models.JSONField(default=list, editable=False)
    segment = models.ForeignKey(
        "Segment",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("segment"),
    )
    rules = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["-send_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["brief"],
                condition=Q(status__in=["scheduled", "sending", "paused", "finishing"]),
                name="one_open_edition_per_brief",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "scheduled",
                        "sending",
                        "paused",
                        "finishing",
                        "finished",
                        "withdrawn",
                        "missed",
                        "cancelled",
                    ]
                ),
                name="edition_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="finished") | Q(finished_at__isnull=False),
                name="finished_edition_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(clock="reader") | ~Q(local_time=""),
                name="reader_clock_has_a_local_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_at"],
                condition=Q(status__in=["scheduled", "sending", "paused", "finishing"]),
                name="editions_that_are_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brief} · {self.get_status_display()}"

    @property
    def is_open(self) -> bool:
        """True while mail of this edition may still go out."""
        return self.status in self.OPEN


class Segment(models.Model):
    """A part of a publication's readers, by rules that an editor has clicked together.

    A reader belongs to it who meets all of them (deliveries.segments says what
    a rule may be); which readers those are is found out when an edition is frozen.
    """

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="segments", verbose_name=_("publication")
    )
    name = models.CharField(_("name"), max_length=120)
    # [{"fact": "language", "is": "equal", "value": "de"}, …]
    rules = models.JSONField(_("rules"), default=list)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["publication", "name"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "name"], name="one_segment_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CompiledMail(models.Model):
    """An edition rendered once, with slots where a reader's own links and tokens go."""

    edition = models.OneToOneField(Edition, models.CASCADE, related_name="compiled")
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()
    # Slots are this prefix and three digits; random, so no author can write one.
    slot_prefix = models.CharField(max_length=20)
    # The merge fields that stand in it: [{"slot": 7, "field": "name", "default": "there"}, …]
    fields = models.JSONField(default=list)
    # Makes the Message-IDs of this edition, whatever becomes of TOKEN_KEYS in the middle of it.
    message_key = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("compiled mail")
        verbose_name_plural = _("compiled mails")

    def __str__(self) -> str:
        return self.subject


class Link(models.Model):
    """A link of an edition; the redirect knows nothing but these rows."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="links")
    position = models.PositiveSmallIntegerField(_("position"))
    url = models.TextField(_("target"))

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["edition", "position"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "position"], name="one_link_per_position"),
            models.CheckConstraint(
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
                name="link_goes_to_the_web",
            ),
        ]

    def __str__(self) -> str:
        return self.url


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
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} → {self.subscriber_id}"


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

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_installation"),
        ]

    def __str__(self) -> str:
        return self.fingerprint
