"""Who belongs to a client group, and the key of a reader's own feed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import ClientGroup
from subscribers.models.readers import Subscriber, Subscription


class GroupMember(models.Model):
    """One address, or a whole domain, that an editor has put into a client group.

    An address belongs to it once its owner has accepted the mailed invitation,
    and for as long as it is theirs: the client named this address, so who moves
    to another takes nothing along. A domain needs no acceptance of its own:
    whoever subscribes with an address of it has proved that address.
    """

    group = models.ForeignKey(
        ClientGroup, models.CASCADE, related_name="members", verbose_name=_("client group")
    )
    # The address as it is mailed, or "@" and a domain.
    address = models.CharField(_("address or domain"), max_length=254)
    # The same as it is compared.
    key = models.CharField(max_length=254, editable=False)
    subscriber = models.ForeignKey(
        Subscriber,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="group_members",
        verbose_name=_("reader"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)

    class Meta:
        verbose_name = _("member of a client group")
        verbose_name_plural = _("members of client groups")
        ordering = ["group", "key"]
        constraints = [
            models.UniqueConstraint(fields=["group", "key"], name="one_member_per_address"),
            models.CheckConstraint(condition=~Q(key=""), name="member_has_an_address"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(subscriber__isnull=False),
                name="accepted_member_is_a_reader",
            ),
        ]
        # A domain is looked up for each reader of whom a page or a freeze asks.
        indexes = [models.Index(fields=["key"], name="members_by_key")]

    def __str__(self) -> str:
        return self.address

    @property
    def is_domain(self) -> bool:
        """True where everybody at a domain is meant."""
        return self.key.startswith("@")


class FeedToken(models.Model):
    """A reader's key to a feed with what is for subscribers; the feed's address carries its number.

    The address is signed (tokens), so no secret is stored. A feed reader
    keeps an address for years and others see it: whoever may read it is looked
    up at each request, and the reader or an editor can revoke it.
    """

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="feed_tokens", verbose_name=_("subscription")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    # By the day: when a feed was last fetched tells a reader which one is in use.
    used_on = models.DateField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("feed key")
        verbose_name_plural = _("feed keys")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(revoked_at__isnull=True),
                name="one_standing_feed_token",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} · {self.created_at:%Y-%m-%d}"
