"""How people come to the desk: who was invited, and what was done with each account."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models.append_only import AppendOnly, unname
from briefs.models.people import Membership
from briefs.models.publications import Publication


class AccountEntry(AppendOnly):
    """One step of an account: a log-in, a new password, a second factor; `verb` of accounts.VERBS.

    Steps of a publication are AuditEntries; these belong to none. Only
    `accounts.forget()` may touch a row.
    """

    # Nobody where what was typed is no account's address.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        unname,
        null=True,
        blank=True,
        related_name="account_entries",
        verbose_name=_("account"),
    )
    # As it was then: who is gone stays named, to whoever looks after the site.
    user_name = models.CharField(_("name"), max_length=254, blank=True)
    verb = models.CharField(_("what"), max_length=24)
    # Somebody else, where it was not done by the owner of the account.
    by_name = models.CharField(_("by"), max_length=254, blank=True)
    words = models.CharField(_("words"), max_length=200, blank=True)
    # A keyed hash of what stood in the field of the address; see accounts.fingerprint().
    typed = models.CharField(_("what was typed, hashed"), max_length=16, blank=True)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("account entry")
        verbose_name_plural = _("log-ins and accounts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="account_entries_by_time")]

    def __str__(self) -> str:
        return f"{self.verb} · {self.user_name or '–'}"


class Invitation(models.Model):
    """An address that was asked to work on a publication; good once, for a week after its mail."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        WITHDRAWN = "withdrawn", _("withdrawn")

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="invitations", verbose_name=_("publication")
    )
    address = models.EmailField(_("e-mail address"), max_length=254)
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Membership.Role.choices,
        default=Membership.Role.WRITER,
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        verbose_name=_("invited by"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    created_at = models.DateTimeField(_("invited"), default=timezone.now)
    sent_at = models.DateTimeField(_("mailed"), default=timezone.now)
    # Counts the mails: the link of an earlier one is no longer good.
    mails = models.PositiveSmallIntegerField(default=1)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "address"],
                condition=Q(status="open"),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "accepted", "withdrawn"]),
                name="invitation_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["writer", "editor", "publisher", "owner"]),
                name="invitation_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} · {self.publication} · {self.get_role_display()}"
