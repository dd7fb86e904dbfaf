"""A run of an import: the file, what its columns mean, how far it got."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from briefs.models import Publication


class ImportRun(models.Model):
    """A file of readers on its way into one publication.

    `rows_done` moves in the transaction that stores the rows, so whoever goes
    on after a crash begins behind the last row that is stored.
    """

    class Status(models.TextChoices):
        NEW = "new", _("uploaded")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    publication = models.ForeignKey(
        Publication, models.PROTECT, related_name="import_runs", verbose_name=_("publication")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.NEW
    )
    file_name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(max_length=64, db_index=True, editable=False)
    size = models.BigIntegerField(_("bytes"), default=0)
    source = models.CharField(_("source"), max_length=20, blank=True)
    # {"headers": […], "kind", "encoding", "delimiter", "has_headers", "skip_lines"}
    shape = models.JSONField(default=dict)
    mapping = models.JSONField(_("mapping"), default=dict)
    basis = models.TextField(_("stated basis"), blank=True)
    # {"created": 3, …} and {code of a reason: 2, …}; of the dry run, then of the run
    counts = models.JSONField(_("counts"), default=dict)
    reasons = models.JSONField(_("reasons"), default=dict)
    # [[row, address, outcome, code, detail], …] of the first rows that a person should look at
    samples = models.JSONField(default=list)
    bytes_total = models.BigIntegerField(default=0)
    rows_total = models.PositiveIntegerField(_("rows"), null=True)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    # How much of the file of refused rows belongs to the rows that are done.
    refused_bytes = models.BigIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_to = models.BigIntegerField(default=0)  # the last subscription that was looked at
    undone_rows = models.PositiveIntegerField(_("readers taken back"), default=0)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "new",
                        "checking",
                        "checked",
                        "running",
                        "finished",
                        "failed",
                        "undoing",
                        "undone",
                    ]
                ),
                name="import_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["new", "checking", "checked", "failed"]) | ~Q(basis=""),
                name="import_states_a_basis",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} → {self.publication}"

    @property
    def mark(self) -> str:
        """What Subscription.source says of the readers that this import created."""
        return f"import {self.pk}"
