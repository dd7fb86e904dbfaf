"""Outgoing webhooks: where they go, what there is to tell, and how each try went."""

import secrets
import uuid
from urllib.parse import urlsplit

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication

NONCE_OCTETS = 16


def make_nonce() -> str:
    """Return what a signing secret is derived from, beside a key of the server."""
    return secrets.token_hex(NONCE_OCTETS)


class HookEndpoint(models.Model):
    """An address of another program that is told what happens to one publication.

    The secret that its messages are signed with is stored nowhere: it is
    derived from a nonce here and a key of the server (api.hooks.signing).
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        DISABLED = "disabled", _("disabled")

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="hook_endpoints", verbose_name=_("publication")
    )
    url = models.TextField(_("address"), validators=[MaxLengthValidator(2000)])
    description = models.CharField(
        _("description"), max_length=120, blank=True, help_text=_("What listens there.")
    )
    types = models.JSONField(_("told of"), default=list)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE
    )
    # Why it was disabled, for people.
    word = models.CharField(_("what happened"), max_length=300, blank=True)
    nonce = models.CharField(max_length=32, default=make_nonce, editable=False)
    # The one before, while both sign.
    old_nonce = models.CharField(max_length=32, blank=True, editable=False)
    old_until = models.DateTimeField(null=True, editable=False)
    # Since the first failure after the last success; null while all is well.
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    # Tries in a row that failed for the whole endpoint, and until when it rests for that.
    failures = models.PositiveIntegerField(default=0, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    # What it was not told of, as rows of each source: {"consent": [after, up to]}. While it is
    # disabled the end is null; once it is enabled, this is what it is told of beside the news.
    missed = models.JSONField(null=True, editable=False)
    # Seen by nobody since then: housekeeping deletes what it was told, and then the row.
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["active", "disabled"]), name="hook_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(old_nonce="") | Q(old_until__isnull=False),
                name="old_hook_secret_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.host

    @property
    def host(self) -> str:
        """Return where it leads, without what may be as good as a password."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


class HookMessage(models.Model):
    """One event for one endpoint, until it was taken or given up.

    It says where the event stands and nothing of what it says: the body is
    written when it is sent, so that a reader who was erased is in none.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    endpoint = models.ForeignKey(
        HookEndpoint,
        models.CASCADE,
        related_name="messages",
        verbose_name=_("webhook"),
        db_index=False,
    )
    # The receiver's idempotency key; the same at each try and replay.
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(_("type"), max_length=32)
    # The table where the event stands (api.hooks.sources), and the number of its row.
    source = models.CharField(max_length=8)
    source_id = models.BigIntegerField()
    # A plain number, which names nobody once the reader is erased.
    subscriber_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(_("happened"))
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.PENDING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    # When it is tried again; whoever tries it moves this on first, so a crash costs a delay.
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    created_at = models.DateTimeField(_("noted"), default=timezone.now)

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "source", "source_id"], name="one_hook_message_per_event"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "delivered", "failed"]),
                name="hook_message_status_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=Q(status="pending"),
                name="hook_messages_that_wait",
            ),
            models.Index(
                fields=["endpoint", "at"], condition=Q(status="failed"), name="hook_messages_failed"
            ),
            models.Index(fields=["endpoint", "-id"], name="hook_messages_of_an_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.webhook_id}"

    @property
    def webhook_id(self) -> str:
        """Return the name that the receiver knows it by."""
        return f"msg_{self.uid.hex}"


class HookAttempt(models.Model):
    """One try to hand over a message."""

    message = models.ForeignKey(HookMessage, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("when"), default=timezone.now)
    # Of HTTP; null where no answer came.
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    ms = models.PositiveIntegerField(_("milliseconds"), default=0)
    # The first of the answer, without the reader whom the message was about.
    answer = models.TextField(blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.status or self.error[:60]}"


class HookCursor(models.Model):
    """How far one source has been read."""

    source = models.CharField(max_length=8, primary_key=True)
    position = models.BigIntegerField(default=0)  # every row up to it was read
    # PostgreSQL: up to where may be read once none of these transactions is at work any more.
    fence = models.BigIntegerField(null=True)
    holders = models.JSONField(default=list)

    class Meta:
        verbose_name = _("webhook cursor")
        verbose_name_plural = _("webhook cursors")

    def __str__(self) -> str:
        return f"{self.source} · {self.position}"
