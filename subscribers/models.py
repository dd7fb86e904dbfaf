"""Who agreed to what, and the evidence of it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication, Topic
from briefs.models.append_only import AppendOnly
from briefs.models.publications import validate_header_text, validate_time_zone
from subscribers.import_runs import ImportRun as ImportRun
from subscribers.releases import SuppressionRelease as SuppressionRelease
from subscribers.sign_ups import Defence as Defence
from subscribers.sign_ups import SignUp as SignUp


class Subscriber(models.Model):
    """A person who reads; the address is stored as briefs.addresses normalises it."""

    address = models.CharField(_("address"), max_length=254)
    address_key = models.CharField(
        _("address as compared"), max_length=254, unique=True, editable=False
    )
    # The same hash stands in Suppression, where it outlives the address.
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
            models.CheckConstraint(condition=~Q(address=""), name="subscriber_has_an_address"),
            models.CheckConstraint(condition=~Q(address_hash=""), name="subscriber_has_a_hash"),
        ]
        # Here, not at the field, where PostgreSQL would get a second one for patterns.
        indexes = [models.Index(fields=["address_hash"], name="subscriber_by_hash")]

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


class ConsentWording(AppendOnly):
    """One version of the words that readers agree to."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="consent_wordings")
    text = models.TextField(_("text"))
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("in use since"), auto_now_add=True)

    class Meta:
        verbose_name = _("sign-up wording")
        verbose_name_plural = _("sign-up wordings")
        constraints = [
            models.UniqueConstraint(fields=["publication", "digest"], name="one_wording_per_text"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class ConsentRecord(AppendOnly):
    """Append-only evidence: who agreed to what or withdrew it, when, from where.

    Only consent.truncate_origins() and privacy.erase() may touch a row.
    """

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("asked to subscribe")
        CONFIRMED = "confirmed", _("confirmed")
        ADDED = "added", _("added by hand")
        IMPORTED = "imported", _("imported")
        CHANGED = "changed", _("changed")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        COMPLAINED = "complained", _("complained")
        ERASED = "erased", _("erased")

    subscriber = models.ForeignKey(
        Subscriber,
        models.SET_NULL,
        null=True,
        related_name="consent_records",
        verbose_name=_("reader"),
    )
    address_hash = models.CharField(max_length=32, editable=False)
    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="+", verbose_name=_("publication")
    )
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    # Nobody looks evidence up by its wording or its editor, and neither is often deleted.
    wording = models.ForeignKey(
        ConsentWording,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("wording"),
        db_index=False,
    )
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    source = models.CharField(_("from where"), max_length=40)
    ip = models.GenericIPAddressField(_("IP address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        db_index=False,
    )
    basis = models.TextField(_("stated basis"), blank=True)
    # {"topics": [before, after]} of a change, {"why": …} of who left, {"import": 3, "row": 17}, …
    details = models.JSONField(_("details"), default=dict, blank=True)
    # A plain number: the delivery lives in an app above this one.
    delivery_id = models.BigIntegerField(_("delivery"), null=True)

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        ordering = ["id"]
        indexes = [models.Index(fields=["address_hash"], name="consent_record_by_hash")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="added") | ~Q(basis=""), name="added_by_hand_states_a_basis"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "requested",
                        "confirmed",
                        "added",
                        "imported",
                        "changed",
                        "unsubscribed",
                        "complained",
                        "erased",
                    ]
                ),
                name="consent_record_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.at:%Y-%m-%d %H:%M}"


class Suppression(models.Model):
    """An address that is never mailed, and why; survives erasure as a keyed hash."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", _("permanent bounce")
        COMPLAINT = "complaint", _("complaint")
        MANUAL = "manual", _("by hand")
        ERASURE = "erasure", _("erased at the reader's wish")

    # Of an address, or of “@” and a domain.
    address_hash = models.CharField(max_length=32, editable=False)
    address = models.CharField(_("address or @domain"), max_length=254, blank=True)
    # Empty unless a whole domain is suppressed; compared with Subscriber.domain.
    domain = models.CharField(max_length=253, blank=True, editable=False)
    publication = models.ForeignKey(
        Publication,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("publication"),
        help_text=_("Empty: for all publications."),
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash"],
                condition=Q(publication__isnull=True),
                name="one_suppression_per_address",
            ),
            models.UniqueConstraint(
                fields=["address_hash", "publication"],
                name="one_suppression_per_publication",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["bounce", "complaint", "manual", "erasure"]),
                name="suppression_reason_is_known",
            ),
        ]
        indexes = [models.Index(fields=["domain"], name="suppression_by_domain")]

    def __str__(self) -> str:
        return f"{self.address or self.address_hash[:8]} ({self.get_reason_display()})"


class Notice(models.Model):
    """One single mail that is no brief; the sweep re-rings what is unsent.

    A sender claims a row by moving `due_at` into the future, so a crash costs
    a delay, never the mail.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", _("confirmation")
        WELCOME = "welcome", _("welcome")
        UNDO = "undo", _("undo")  # to who was unsubscribed, perhaps by another
        PREFERENCES = "preferences", _("link to the preferences")
        ADDRESS = "address", _("change of address")
        EDITOR = "editor", _("word to an editor")

    class Status(models.TextChoices):
        UNSENT = "unsent", _("unsent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    subscription = models.ForeignKey(
        Subscription,
        models.CASCADE,
        null=True,
        related_name="notices",
        verbose_name=_("subscription"),
    )
    # Of a word to an editor: who, about which publication, and what; all others are
    # written from their subscription.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("editor"),
    )
    publication = models.ForeignKey(
        Publication,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("publication"),
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    # What it tells of, and offers to undo.
    record = models.ForeignKey(
        ConsentRecord,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("consent record"),
    )
    # Where it goes instead of to the reader's address: a new one that is to be confirmed,
    # or the old one that is told.
    address = models.CharField(_("other address"), max_length=254, blank=True)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.UNSENT
    )
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["unsent", "sent", "failed"]),
                name="notice_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="sent_notice_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(kind="editor", user__isnull=False, subscription__isnull=True)
                | (~Q(kind="editor") & Q(user__isnull=True, subscription__isnull=False)),
                name="notice_has_one_to_go_to",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="unsent"), name="notices_that_wait"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.subscription or self.user}"

    @property
    def link(self) -> Subscription:
        """Return the subscription that it is written from; a word to an editor has none."""
        if self.subscription is None:
            raise TypeError(f"Notice {self.pk} is a word to an editor, not to a reader.")
        return self.subscription
