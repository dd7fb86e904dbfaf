"""Make room for the archive: client groups, an end of reading, old addresses, renditions."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0006_a_deleted_draft_leaves_its_trail"),
    ]

    operations = [
        migrations.CreateModel(
            name="Redirect",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=400, unique=True, verbose_name="old address")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="since"
                    ),
                ),
            ],
            options={
                "verbose_name": "redirect",
                "verbose_name_plural": "redirects",
            },
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("pdf", "PDF"), ("card", "picture for link previews")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "status",
                    models.CharField(
                        choices=[("wanted", "wanted"), ("ready", "ready"), ("failed", "failed")],
                        default="wanted",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="due"),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("error", models.TextField(blank=True, verbose_name="last error")),
                ("octets", models.PositiveIntegerField(default=0, verbose_name="size")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                ("made_at", models.DateTimeField(blank=True, null=True, verbose_name="made")),
            ],
            options={
                "verbose_name": "rendition",
                "verbose_name_plural": "renditions",
            },
        ),
        migrations.AddField(
            model_name="brief",
            name="readable_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Nobody reads it from then on, and it is not mailed any more.",
                null=True,
                verbose_name="readable until",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="feed_full_text",
            field=models.BooleanField(
                default=True,
                help_text="Else the summary with a link; either way only what a reader may read.",
                verbose_name="whole briefs in feeds",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="shows_locked_headlines",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "The page of a brief for subscribers tells everybody its headline, and no more."
                ),
                verbose_name="headlines of briefs for subscribers",
            ),
        ),
        migrations.AlterField(
            model_name="brief",
            name="access",
            field=models.CharField(
                choices=[
                    ("public", "everyone"),
                    ("subscribers", "subscribers"),
                    ("groups", "client groups"),
                ],
                default="public",
                max_length=12,
                verbose_name="who may read it on the web",
            ),
        ),
        migrations.CreateModel(
            name="ClientGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="groups",
                        to="briefs.publication",
                        verbose_name="publication",
                    ),
                ),
            ],
            options={
                "verbose_name": "client group",
                "verbose_name_plural": "client groups",
                "ordering": ["publication", "name"],
            },
        ),
        migrations.AddField(
            model_name="brief",
            name="groups",
            field=models.ManyToManyField(
                blank=True,
                related_name="briefs",
                to="briefs.clientgroup",
                verbose_name="client groups",
            ),
        ),
        migrations.AddIndex(
            model_name="brief",
            index=models.Index(
                fields=["publication", "status", "-date", "-published_at", "-id"],
                name="briefs_in_an_archive",
            ),
        ),
        migrations.AddIndex(
            model_name="brief",
            index=models.Index(
                fields=["status", "-date", "-published_at", "-id"], name="briefs_on_the_site"
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(("access__in", ["public", "subscribers", "groups"])),
                name="brief_access_is_known",
            ),
        ),
        migrations.AddField(
            model_name="redirect",
            name="brief",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="redirects",
                to="briefs.brief",
                verbose_name="brief",
            ),
        ),
        migrations.AddField(
            model_name="rendition",
            name="brief",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="renditions",
                to="briefs.brief",
                verbose_name="brief",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientgroup",
            constraint=models.UniqueConstraint(
                fields=("publication", "name"), name="one_group_per_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="group_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="redirect",
            constraint=models.CheckConstraint(
                condition=models.Q(("path__startswith", "/")), name="redirect_begins_with_a_slash"
            ),
        ),
        migrations.AddIndex(
            model_name="rendition",
            index=models.Index(
                condition=models.Q(("status", "wanted")),
                fields=["due_at"],
                name="renditions_that_wait",
            ),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.UniqueConstraint(
                fields=("brief", "kind", "digest"), name="one_rendition_per_content"
            ),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["wanted", "ready", "failed"])),
                name="rendition_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "ready"), _negated=True),
                    ("made_at__isnull", False),
                    _connector="OR",
                ),
                name="ready_rendition_has_a_time",
            ),
        ),
    ]
