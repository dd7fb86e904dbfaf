"""A revision on its way to readers, and what it is made into."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Brief, Publication, Revision


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
    # Editions that a correction puts right: only who got one of them gets it.
    corrects = models.JSONField(default=list, editable=False)
    # From when on its deliveries are taken away: its tally and figures are all that is said.
    pruning_at = models.DateTimeField(null=True, blank=True, editable=False)
    pruned_at = models.DateTimeField(_("pruned"), null=True, blank=True, editable=False)

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
            # Nothing of it can be opened again, whoever asks for it.
            models.CheckConstraint(
                condition=Q(pruning_at__isnull=True)
                | Q(status__in=["finished", "withdrawn", "missed", "cancelled"]),
                name="pruned_edition_has_ended",
            ),
            models.CheckConstraint(
                condition=Q(pruned_at__isnull=True) | Q(pruning_at__isnull=False),
                name="pruned_edition_began_to_be",
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_at"],
                condition=Q(status__in=["scheduled", "sending", "paused", "finishing"]),
                name="editions_that_are_open",
            ),
            models.Index(
                fields=["finished_at"],
                condition=Q(pruned_at__isnull=True),
                name="editions_not_pruned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brief} · {self.get_status_display()}"

    @property
    def is_open(self) -> bool:
        """True while mail of this edition may still go out."""
        return self.status in self.OPEN

    @property
    def is_pruned(self) -> bool:
        """True once its deliveries are gone or going: nothing of it can be counted any more."""
        return self.pruning_at is not None


class Tally(models.Model):
    """What became of an edition's audience, counted a moment ago: pages read this row alone.

    The ledger is the truth; a worker counts it anew while the edition moves
    and once more when it has ended, so that no page counts a million rows.
    """

    edition = models.OneToOneField(Edition, models.CASCADE, related_name="tally")
    report = models.JSONField(default=dict)  # as deliveries.reports.summary() gives it
    counted_at = models.DateTimeField(_("counted"), default=timezone.now)
    # Nothing has changed in the ledger since, as far as is known.
    is_final = models.BooleanField(default=False)
    # How often something has: a count is final only if nothing did while it went on.
    changes = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return f"{self.edition_id} · {self.counted_at:%H:%M:%S}"


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
    # Where it leads since somebody saw that the mailed one was wrong.
    corrected_url = models.TextField(_("corrected target"), blank=True)

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
            models.CheckConstraint(
                condition=Q(corrected_url="")
                | Q(corrected_url__startswith="https://")
                | Q(corrected_url__startswith="http://"),
                name="corrected_link_goes_to_the_web",
            ),
        ]

    def __str__(self) -> str:
        return self.url
