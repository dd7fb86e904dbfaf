"""The text and its editorial life."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models.append_only import AppendOnly, unname
from briefs.models.archive import ClientGroup
from briefs.models.publications import Author, Publication, Topic, validate_header_text


def today() -> datetime.date:
    """Return today's date in the site's time zone."""
    return timezone.localdate()


class WrittenBriefs(models.Manager["Brief"]):
    """All briefs that somebody wrote: no page lists a digest, and none forgets to leave it out."""

    def get_queryset(self) -> models.QuerySet["Brief"]:
        return super().get_queryset().filter(digest_of__isnull=True)


class Brief(models.Model):
    """One daily brief: date line, series, headline, key points, body."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in-review", _("in review")
        APPROVED = "approved", _("approved")
        PUBLISHED = "published", _("published")

    class Access(models.TextChoices):
        PUBLIC = "public", _("everyone")
        SUBSCRIBERS = "subscribers", _("subscribers")
        GROUPS = "groups", _("client groups")

    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="briefs", verbose_name=_("publication")
    )
    series = models.CharField(
        _("series"), max_length=80, blank=True, validators=[validate_header_text]
    )
    headline = models.CharField(_("headline"), max_length=200, validators=[validate_header_text])
    slug = models.SlugField(
        _("web address"),
        max_length=100,
        blank=True,
        help_text=_("Empty: made from the headline when it is sent."),
    )
    date = models.DateField(_("date line"), default=today)
    preheader = models.CharField(
        _("preheader"),
        max_length=200,
        blank=True,
        validators=[validate_header_text],
        help_text=_("What an inbox shows after the subject. Empty: the first key point."),
    )
    body = models.TextField(_("body"), blank=True, help_text=_("Markdown."))
    contact_block = models.TextField(
        _("contact block"),
        blank=True,
        help_text=_("Empty: the publication's. Markdown."),
    )
    topics = models.ManyToManyField(Topic, blank=True, verbose_name=_("topics"))
    authors = models.ManyToManyField(Author, blank=True, verbose_name=_("authors"))
    access = models.CharField(
        _("who may read it on the web"),
        max_length=12,
        choices=Access.choices,
        default=Access.PUBLIC,
    )
    # Asked only where `access` says groups: what is chosen survives a change to and fro.
    groups = models.ManyToManyField(
        ClientGroup, blank=True, related_name="briefs", verbose_name=_("client groups")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, db_index=True
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_revision = models.ForeignKey(
        "Revision",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published revision"),
    )
    # What the next one to save must have seen: of two who write at once, one is told.
    text_version = models.PositiveIntegerField(default=1, editable=False)
    due_at = models.DateTimeField(
        _("due"),
        null=True,
        blank=True,
        help_text=_("When it shall go out; nothing is sent by this alone."),
    )
    # When its editors were told that it is due and not approved.
    alarmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    embargo_until = models.DateTimeField(
        _("embargo until"),
        null=True,
        blank=True,
        help_text=_("Nobody reads it before, on the web or by mail."),
    )
    readable_until = models.DateTimeField(
        _("readable until"),
        null=True,
        blank=True,
        help_text=_("Nobody reads it from then on, and it is not mailed any more."),
    )
    # What was handed in for review, and what of it may go out.
    submitted_revision = models.ForeignKey(
        "Revision", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    approved_revision = models.ForeignKey(
        "Revision", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    # The end of the week that it sums up: one that was generated, and stands nowhere on the web.
    digest_of = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Where it was read from, as “substack:1234”, and the digest of what was read there.
    imported_from = models.CharField(max_length=300, blank=True, default="", editable=False)
    imported_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = WrittenBriefs()
    with_digests = models.Manager["Brief"]()

    class Meta:
        verbose_name = _("brief")
        verbose_name_plural = _("briefs")
        ordering = ["-date", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "date", "slug"],
                condition=~Q(slug=""),
                name="one_brief_per_web_address",
            ),
            # Partial, or SQLite would find the briefs of a publication by it and sort them all.
            models.UniqueConstraint(
                fields=["publication", "digest_of"],
                condition=Q(digest_of__isnull=False),
                name="one_digest_per_week",
            ),
            models.UniqueConstraint(
                fields=["publication", "imported_from"],
                condition=~Q(imported_from=""),
                name="one_brief_per_import",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "in-review", "approved", "published"]),
                name="brief_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(access__in=["public", "subscribers", "groups"]),
                name="brief_access_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="published")
                | Q(published_at__isnull=False, published_revision__isnull=False),
                name="published_brief_has_revision_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(approved_revision__isnull=False),
                name="approved_brief_has_a_revision",
            ),
            models.CheckConstraint(
                condition=~Q(status="in-review") | Q(submitted_revision__isnull=False),
                name="brief_in_review_has_a_revision",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False, published_at__isnull=True),
                name="briefs_that_are_due",
            ),
            models.Index(
                fields=["embargo_until"],
                condition=Q(embargo_until__isnull=False),
                name="briefs_under_embargo",
            ),
            models.Index(
                fields=["readable_until"],
                condition=Q(readable_until__isnull=False),
                name="briefs_that_end",
            ),
            models.Index(fields=["publication", "-date", "-id"], name="briefs_of_a_publication"),
            # In the order of access.readable(); not partial, since SQLite cannot tell that a
            # parameter says "published".
            models.Index(
                fields=["publication", "status", "-date", "-published_at", "-id"],
                name="briefs_in_an_archive",
            ),
            models.Index(
                fields=["status", "-date", "-published_at", "-id"], name="briefs_on_the_site"
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    def web_path(self) -> str:
        """Return where the brief stands on the site: /daily/2016/04/06/hormuz/."""
        # Not strftime, whose %Y has fewer than four digits for the first thousand years.
        day = self.date.isoformat().replace("-", "/")
        return f"/{self.publication.slug}/{day}/{self.slug}/"


class KeyPoint(models.Model):
    """One of the brief's key points, in order."""

    brief = models.ForeignKey(Brief, models.CASCADE, related_name="key_points")
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("key point")
        verbose_name_plural = _("key points")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class Revision(AppendOnly):
    """An immutable snapshot of everything that is mailed, with its hash.

    `snapshot` holds the brief's text and the publication's look at that
    moment (briefs.revisions says which keys); `digest` is the SHA-256 of its
    canonical JSON. Approval, edition and web page each point at one.
    """

    brief = models.ForeignKey(Brief, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField(_("number"))
    snapshot = models.JSONField(_("snapshot"))
    digest = models.CharField(_("digest"), max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, unname, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["brief", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["brief", "number"], name="one_revision_per_number"),
            models.UniqueConstraint(fields=["brief", "digest"], name="one_revision_per_content"),
        ]

    def __str__(self) -> str:
        return f"{self.brief} ({self.number})"
