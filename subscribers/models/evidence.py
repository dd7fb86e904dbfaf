"""The evidence of consent, which is only ever added to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication
from briefs.models.append_only import AppendOnly, unname
from subscribers.models.readers import Subscriber


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
        unname,
        null=True,
        related_name="consent_records",
        verbose_name=_("reader"),
    )
    address_hash = models.CharField(max_length=32, editable=False)
    # The hash of the address that the reader had until this change. Null for all else: so rows
    # need not name it, and a table of millions gets the column at once.
    moved_from = models.CharField(max_length=32, null=True, editable=False)  # noqa: DJ001  (see above)
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
        unname,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        db_index=False,
    )
    basis = models.TextField(_("stated basis"), blank=True)
    # {"topics": [before, after]} of a change, {"why": …} of who left, {"import": 3, "row": 17},
    # {"through": "API key “website” (ib_k3v9x0ab_…)"} where a program acted for a user, …
    details = models.JSONField(_("details"), default=dict, blank=True)
    # A plain number: the delivery lives in an app above this one.
    delivery_id = models.BigIntegerField(_("delivery"), null=True)

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        ordering = ["id"]
        # A reader's evidence is found by the reader. By a hash are found only those who are gone
        # and those who moved: few among millions of random values, which are dear to keep in order.
        indexes = [
            models.Index(
                fields=["address_hash"],
                condition=Q(subscriber__isnull=True),
                name="evidence_of_nobody",
            ),
            models.Index(
                fields=["address_hash"],
                condition=Q(moved_from__isnull=False),
                name="moves_by_new_address",
            ),
            models.Index(
                fields=["moved_from"],
                condition=Q(moved_from__isnull=False),
                name="moves_by_old_address",
            ),
            # Who left by the link of a mail: the report of an edition looks at those since it went.
            models.Index(
                fields=["at"],
                condition=Q(delivery_id__isnull=False),
                name="evidence_naming_a_delivery",
            ),
        ]
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
