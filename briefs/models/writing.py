"""What a writer works with: unsaved drafts, images, and words that are used again."""

from django.conf import settings
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from briefs.models.briefs import Brief
from briefs.models.publications import Publication


class Draft(models.Model):
    """What one writer has typed and not saved yet; gone once they save or throw it away.

    A brief that was never saved has a `key` that its page made up. `base` is
    the brief's text_version that the typing began from, `turn` counts the
    writes: a second tab that does not know of the latest one is told.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    brief = models.ForeignKey(Brief, models.CASCADE, null=True, blank=True, related_name="drafts")
    key = models.CharField(max_length=36, blank=True)
    fields = models.JSONField(default=dict)
    base = models.PositiveIntegerField(default=0)
    turn = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(_("kept"), default=timezone.now)

    class Meta:
        verbose_name = _("unsaved draft")
        verbose_name_plural = _("unsaved drafts")
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "brief"],
                condition=Q(brief__isnull=False),
                name="one_draft_per_writer_and_brief",
            ),
            models.UniqueConstraint(
                fields=["user", "key"],
                condition=Q(brief__isnull=True),
                name="one_draft_per_writer_and_page",
            ),
            models.CheckConstraint(
                condition=Q(brief__isnull=False) | ~Q(key=""), name="draft_is_of_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.brief or self.key}"


class Image(models.Model):
    """A picture in the text of briefs, made small enough to be mailed about."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="images")
    file = models.ImageField(
        _("file"),
        upload_to="images/%Y/%m/",
        width_field="width",
        height_field="height",
        validators=[FileExtensionValidator(["png", "jpg", "jpeg", "gif", "webp"])],
    )
    alt = models.CharField(_("alternative text"), max_length=300)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    # SHA-256 of what was uploaded: the same picture twice is one file.
    digest = models.CharField(_("digest"), max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("uploaded"), default=timezone.now)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "digest"], name="one_file_per_image"),
            models.CheckConstraint(condition=~Q(alt=""), name="image_has_words"),
        ]

    def __str__(self) -> str:
        return self.alt


class Snippet(models.Model):
    """Words that are used again: a contact block, a disclaimer, a sponsor's line."""

    class Kind(models.TextChoices):
        CONTACT = "contact", _("contact block")
        DISCLAIMER = "disclaimer", _("disclaimer")
        SPONSOR = "sponsor", _("sponsor’s line")
        OTHER = "other", _("other")

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="snippets", verbose_name=_("publication")
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.OTHER)
    text = models.TextField(_("text"), help_text=_("Markdown."))

    class Meta:
        verbose_name = _("snippet")
        verbose_name_plural = _("snippets")
        ordering = ["publication", "name"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "name"], name="one_snippet_per_name"),
            models.CheckConstraint(
                condition=Q(kind__in=["contact", "disclaimer", "sponsor", "other"]),
                name="snippet_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
