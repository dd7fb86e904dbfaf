"""What the desk remembers of past days; until rows are pruned it can all be counted anew."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication
from deliveries.models import Edition


class ReaderDay(models.Model):
    """The readers of a publication at the end of a day, who came and who left; by its own zone."""

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="reader_days", db_index=False
    )
    day = models.DateField(_("day"))
    active = models.PositiveIntegerField(_("active"), default=0)
    joined = models.PositiveIntegerField(_("joined"), default=0)
    left = models.PositiveIntegerField(_("left"), default=0)
    # Who asked that day, and how many were lost to bounces and complaints.
    asked = models.PositiveIntegerField(_("asked"), default=0)
    bounced = models.PositiveIntegerField(_("bounced"), default=0)
    complained = models.PositiveIntegerField(_("complained"), default=0)
    # {"form": [asked, confirmed], "import": …}: where sign-ups of that day came from.
    sources = models.JSONField(_("sources"), default=dict)

    class Meta:
        verbose_name = _("day of readers")
        verbose_name_plural = _("days of readers")
        constraints = [
            models.UniqueConstraint(fields=["publication", "day"], name="one_row_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.day} · {self.active}"


class EditionFigures(models.Model):
    """The numbers of an edition, as its report shows them; they outlive the rows they count."""

    edition = models.OneToOneField(Edition, models.CASCADE, related_name="figures")
    # As analytics.figures.count() gives it.
    figures = models.JSONField(_("figures"), default=dict)
    counted_at = models.DateTimeField(_("counted"))
    # Its rows are gone or going: what is written here is all there is.
    is_final = models.BooleanField(_("final"), default=False)

    class Meta:
        verbose_name = _("figures of an edition")
        verbose_name_plural = _("figures of editions")

    def __str__(self) -> str:
        return f"{self.edition_id} · {self.counted_at:%Y-%m-%d %H:%M}"


class DomainDay(models.Model):
    """What became of a day's letters at one receiving domain; the many small ones are “*”."""

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="domain_days", db_index=False
    )
    day = models.DateField(_("day"))
    domain = models.CharField(_("domain"), max_length=253)
    sent = models.PositiveIntegerField(_("sent"), default=0)
    delivered = models.PositiveIntegerField(_("delivered"), default=0)
    bounced = models.PositiveIntegerField(_("bounced"), default=0)
    complained = models.PositiveIntegerField(_("complained"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)

    class Meta:
        verbose_name = _("day of a domain")
        verbose_name_plural = _("days of domains")
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "day", "domain"], name="one_row_per_domain_and_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.day} · {self.domain}"


class DomainCheck(models.Model):
    """What the DNS said of a sender's domain, and what it had said before that."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    # As analytics.dns.found() gives it; a record that could not be looked up stays as it was.
    found = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    # The records that were all right at some time: only what was there can disappear.
    has_had = models.JSONField(default=list)
    checked_at = models.DateTimeField(_("checked"))
    changed_at = models.DateTimeField(_("changed"), null=True)

    class Meta:
        verbose_name = _("check of a domain")
        verbose_name_plural = _("checks of domains")

    def __str__(self) -> str:
        return f"{self.domain} · {self.checked_at:%Y-%m-%d %H:%M}"


class Trouble(models.Model):
    """Something that keeps mail from arriving, from when it was seen until it was mended.

    Its editors are told in the transaction that sets `told_at`: once.
    """

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="troubles", db_index=False
    )
    # A word of analytics.watch: "spf", "bounces", "complaints", …
    kind = models.CharField(_("what"), max_length=20)
    # The sender's domain, or the receiving one.
    about = models.CharField(_("about"), max_length=253)
    words = models.TextField(_("in words"), blank=True)
    since = models.DateTimeField(_("since"))
    # How many looks have found it.
    seen = models.PositiveIntegerField(default=1)
    seen_at = models.DateTimeField(_("last seen"))
    told_at = models.DateTimeField(_("told"), null=True)
    mended_at = models.DateTimeField(_("mended"), null=True)

    class Meta:
        verbose_name = _("trouble")
        verbose_name_plural = _("troubles")
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "kind", "about"],
                condition=models.Q(mended_at__isnull=True),
                name="one_open_trouble_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.about}"


class WeeklySummary(models.Model):
    """That the summary of one week was written to a publication's editors: once."""

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="weekly_summaries", db_index=False
    )
    # The Monday with which the week begins that it tells of.
    week = models.DateField(_("week"))
    written_at = models.DateTimeField(_("written"), default=timezone.now)
    # How many it went to; 0 where there was nothing to tell.
    editors = models.PositiveIntegerField(_("editors"), default=0)

    class Meta:
        verbose_name = _("weekly summary")
        verbose_name_plural = _("weekly summaries")
        constraints = [
            models.UniqueConstraint(fields=["publication", "week"], name="one_summary_per_week"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.week}"
