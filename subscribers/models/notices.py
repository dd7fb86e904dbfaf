"""Single mails that are no brief."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Brief, Invitation, Publication
from subscribers.models.evidence import ConsentRecord
from subscribers.models.groups import GroupMember
from subscribers.models.readers import Subscription


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
        READING = "reading", _("link to read on the web")
        INVITATION = "invitation", _("invitation to a client group")
        PASSWORD = "password", _("link to a new password")
        COLLEAGUE = "colleague", _("invitation to work here")

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
    # Of an invitation, whose address need not be a reader's yet.
    member = models.ForeignKey(
        GroupMember,
        models.CASCADE,
        null=True,
        related_name="notices",
        verbose_name=_("member of a client group"),
        db_index=False,
    )
    # Of an invitation to work on a publication, whose address need not be a user's yet.
    colleague = models.ForeignKey(
        Invitation,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("invitation"),
        db_index=False,
    )
    # Which brief a link to read was asked for: there it leads.
    brief = models.ForeignKey(
        Brief,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("brief"),
        db_index=False,
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
                condition=Q(
                    kind__in=["editor", "password"],
                    user__isnull=False,
                    subscription__isnull=True,
                    member__isnull=True,
                    colleague__isnull=True,
                )
                | Q(
                    kind="invitation",
                    user__isnull=True,
                    subscription__isnull=True,
                    member__isnull=False,
                    colleague__isnull=True,
                )
                | Q(
                    kind="colleague",
                    user__isnull=True,
                    subscription__isnull=True,
                    member__isnull=True,
                    colleague__isnull=False,
                )
                | (
                    ~Q(kind__in=["editor", "password", "invitation", "colleague"])
                    & Q(
                        user__isnull=True,
                        subscription__isnull=False,
                        member__isnull=True,
                        colleague__isnull=True,
                    )
                ),
                name="notice_has_one_to_go_to",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="unsent"), name="notices_that_wait"),
            # Few notices name either; a sign-up's need not pay for an index of nothing.
            models.Index(
                fields=["member"], condition=Q(member__isnull=False), name="notices_of_a_member"
            ),
            models.Index(
                fields=["colleague"],
                condition=Q(colleague__isnull=False),
                name="notices_of_a_colleague",
            ),
            models.Index(
                fields=["brief"], condition=Q(brief__isnull=False), name="notices_of_a_brief"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.subscription or self.user or self.address}"

    @property
    def link(self) -> Subscription:
        """Return the subscription that it is written from; a word to an editor has none."""
        if self.subscription is None:
            raise TypeError(f"Notice {self.pk} is a word to an editor, not to a reader.")
        return self.subscription
