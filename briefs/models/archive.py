"""Beside the briefs: whom they are for, where they stood once, what is made of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models.publications import Publication


class ClientGroup(models.Model):
    """Readers of one publication for whom some of its briefs are, and for nobody else.

    Its members are rows of the app above, which knows addresses. This one
    knows only which briefs a group may read.
    """

    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="groups", verbose_name=_("publication")
    )
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("client group")
        verbose_name_plural = _("client groups")
        ordering = ["publication", "name"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "name"], name="one_group_per_name"),
            models.CheckConstraint(condition=~Q(name=""), name="group_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Redirect(models.Model):
    """An address at which a brief stood once, here or on the site it was imported from.

    `path` is the whole path, with its slashes. It leads to the brief wherever
    that stands now, so a brief that moves twice leaves two rows and no chain.
    One that leads to a publication is the first part of all its pages' addresses.
    """

    path = models.CharField(_("old address"), max_length=400, unique=True)
    brief = models.ForeignKey(
        "Brief",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="redirects",
        verbose_name=_("brief"),
    )
    publication = models.ForeignKey(
        Publication,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="redirects",
        verbose_name=_("publication"),
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")
        constraints = [
            models.CheckConstraint(
                condition=Q(path__startswith="/"), name="redirect_begins_with_a_slash"
            ),
            models.CheckConstraint(
                condition=Q(brief__isnull=False, publication__isnull=True)
                | Q(brief__isnull=True, publication__isnull=False),
                name="redirect_leads_to_one_place",
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Rendition(models.Model):
    """A brief in a form that a worker makes once: a PDF, a picture for link previews.

    `digest` is the SHA-256 of all that it shows, so a corrected text asks for
    another one by itself. The file lies outside what the web server gives away
    (briefs.access decides first), under a name made of kind and digest.
    """

    class Kind(models.TextChoices):
        PDF = "pdf", _("PDF")
        CARD = "card", _("picture for link previews")

    class Status(models.TextChoices):
        WANTED = "wanted", _("wanted")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    brief = models.ForeignKey(
        "Brief", models.CASCADE, related_name="renditions", verbose_name=_("brief")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    digest = models.CharField(_("digest"), max_length=64)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.WANTED
    )
    # A worker claims one by moving this on: one that dies costs a delay.
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)
    octets = models.PositiveIntegerField(_("size"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    made_at = models.DateTimeField(_("made"), null=True, blank=True)

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = [
            models.UniqueConstraint(
                fields=["brief", "kind", "digest"], name="one_rendition_per_content"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["wanted", "ready", "failed"]),
                name="rendition_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="ready") | Q(made_at__isnull=False),
                name="ready_rendition_has_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(status="wanted"), name="renditions_that_wait"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"
