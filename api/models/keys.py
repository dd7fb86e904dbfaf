"""Keys of the API, and the answers that a repeated request gets again."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication
from briefs.models.publications import validate_header_text


class Scope(models.TextChoices):
    """What a key may be used for, besides what its user may."""

    READ_PUBLICATIONS = "publications:read", _("read the publication, its topics and authors")
    READ_BRIEFS = "briefs:read", _("read briefs and what the preflight says of them")
    WRITE_BRIEFS = "briefs:write", _("write briefs, hand them in, approve them")
    READ_EDITIONS = "editions:read", _("follow editions on their way to readers")
    WRITE_EDITIONS = "editions:write", _("publish and send, pause, resume, withdraw, cancel")
    READ_SUBSCRIBERS = "subscribers:read", _("read who subscribes")
    WRITE_SUBSCRIBERS = "subscribers:write", _("add, change and unsubscribe readers")
    READ_SUPPRESSIONS = "suppressions:read", _("read which addresses are never mailed")
    WRITE_SUPPRESSIONS = "suppressions:write", _("add such addresses, and release them")
    READ_REPORTS = "reports:read", _("read the reports")


def validate_scopes(value: Iterable[str]) -> None:
    """Refuse what is no list of scopes."""
    given = list(value) if isinstance(value, list) else [value]
    unknown = [one for one in given if one not in Scope.values]
    if unknown:
        message = _("“%(scope)s” is no scope. There are: %(scopes)s.")
        raise ValidationError(
            message, params={"scope": unknown[0], "scopes": ", ".join(Scope.values)}
        )


class ApiKey(models.Model):
    """Lets a program act as a user, for one publication and within its scopes.

    The key itself is shown once, when it is made: here is its digest. It may
    never do more than its user may at that moment.
    """

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="api_keys", verbose_name=_("publication")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="api_keys",
        verbose_name=_("acts as"),
    )
    name = models.CharField(
        _("name"),
        max_length=80,
        validators=[validate_header_text],
        help_text=_("What uses it, as in “website” or “nightly import”."),
    )
    prefix = models.CharField(_("key"), max_length=8, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list, validators=[validate_scopes])
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    # Written every few minutes at most, and only where nobody has to wait for it.
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, help_text=_("Empty: when it is revoked.")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="api_key_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (ib_{self.prefix}_…)"

    def is_good(self, now: datetime) -> bool:
        """Tell whether it opens anything at *now*."""
        return not self.revoked_at and (self.expires_at is None or now < self.expires_at)

    def has(self, scope: str) -> bool:
        """Tell whether it was made for *scope*."""
        return scope in self.scopes


class StoredAnswer(models.Model):
    """What was answered to a request that bore an Idempotency-Key; 24 hours long.

    The row is written before the work, and the answer in the transaction of
    the work: where the one stands, the other was done.
    """

    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="stored_answers")
    key = models.CharField(max_length=64)  # the SHA-256 of it
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    # Who is at it: an answer is stored by nobody else.
    claim = models.UUIDField(default=uuid.uuid4)
    started_at = models.DateTimeField(db_index=True)
    # Of HTTP; null while under way.
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    # Encrypted: it may name a reader (api.idempotency).
    body = models.TextField(blank=True)

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="one_answer_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'under way'}"
