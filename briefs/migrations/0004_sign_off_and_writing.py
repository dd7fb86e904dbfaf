import briefs.models.publications
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0003_weekly_digest"),
    ]

    operations = [
        # Nothing could put a brief there before, but a hand in the database.
        migrations.RunSQL(
            "UPDATE briefs_brief SET status = 'draft' WHERE status IN ('in-review', 'approved')",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="approved"
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason of an override")),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="taken back"),
                ),
            ],
            options={
                "verbose_name": "approval",
                "verbose_name_plural": "approvals",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(max_length=24, verbose_name="what")),
                ("by_name", models.CharField(blank=True, max_length=254, verbose_name="name")),
                ("edition", models.BigIntegerField(blank=True, null=True, verbose_name="edition")),
                ("words", models.TextField(blank=True, verbose_name="words")),
                (
                    "at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
                ),
                ("text", models.TextField(verbose_name="comment")),
                ("quote", models.TextField(blank=True, verbose_name="about")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
            ],
            options={
                "verbose_name": "comment",
                "verbose_name_plural": "comments",
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "notice",
                    models.TextField(
                        help_text="What was wrong and what is right, in a sentence for readers.",
                        verbose_name="notice",
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="corrected"
                    ),
                ),
            ],
            options={
                "verbose_name": "correction",
                "verbose_name_plural": "corrections",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=36)),
                ("fields", models.JSONField(default=dict)),
                ("base", models.PositiveIntegerField(default=0)),
                ("turn", models.PositiveIntegerField(default=0)),
                (
                    "saved_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="kept"),
                ),
            ],
            options={
                "verbose_name": "unsaved draft",
                "verbose_name_plural": "unsaved drafts",
                "ordering": ["-saved_at"],
            },
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "file",
                    models.ImageField(
                        height_field="height",
                        upload_to="images/%Y/%m/",
                        validators=[
                            django.core.validators.FileExtensionValidator(
                                ["png", "jpg", "jpeg", "gif", "webp"]
                            )
                        ],
                        verbose_name="file",
                        width_field="width",
                    ),
                ),
                ("alt", models.CharField(max_length=300, verbose_name="alternative text")),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="uploaded"
                    ),
                ),
            ],
            options={
                "verbose_name": "image",
                "verbose_name_plural": "images",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Snippet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contact", "contact block"),
                            ("disclaimer", "disclaimer"),
                            ("sponsor", "sponsor’s line"),
                            ("other", "other"),
                        ],
                        default="other",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(help_text="Markdown.", verbose_name="text")),
            ],
            options={
                "verbose_name": "snippet",
                "verbose_name_plural": "snippets",
                "ordering": ["publication", "name"],
            },
        ),
        migrations.AddField(
            model_name="brief",
            name="alarmed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="brief",
            name="approved_revision",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="briefs.revision",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="due_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it shall go out; nothing is sent by this alone.",
                null=True,
                verbose_name="due",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="embargo_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Nobody reads it before, on the web or by mail.",
                null=True,
                verbose_name="embargo until",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="submitted_revision",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="briefs.revision",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="text_version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="publication",
            name="audience_share",
            field=models.PositiveSmallIntegerField(
                default=30,
                help_text="The desk warns when an audience differs from the last one by more than this.",
                validators=[django.core.validators.MaxValueValidator(1000)],
                verbose_name="unusual audience, in percent",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="default_topics",
            field=models.ManyToManyField(
                blank=True,
                related_name="+",
                to="briefs.topic",
                verbose_name="topics of a new brief",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="footer",
            field=models.TextField(
                blank=True,
                help_text="Markdown; under the contact block.",
                verbose_name="foot of every mail",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="frame",
            field=models.CharField(
                choices=[
                    ("sheet", "sheet: white on a shaded page"),
                    ("plain", "plain: text on the page itself"),
                    ("letter", "letter: serifs, and no colour but in links"),
                ],
                default="sheet",
                max_length=10,
                verbose_name="frame",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="header",
            field=models.CharField(
                blank=True,
                help_text="Stands in every mail under the name, as in “Monday to Friday”.",
                max_length=200,
                validators=[briefs.models.publications.validate_header_text],
                verbose_name="line above the brief",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="needs_approval",
            field=models.BooleanField(
                default=False,
                help_text="A brief goes out only once somebody who did not write it has approved it.",
                verbose_name="two-person rule",
            ),
        ),
        migrations.AddIndex(
            model_name="brief",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("published_at__isnull", True)),
                fields=["due_at"],
                name="briefs_that_are_due",
            ),
        ),
        migrations.AddIndex(
            model_name="brief",
            index=models.Index(
                fields=["publication", "-date", "-id"], name="briefs_of_a_publication"
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "approved"), _negated=True),
                    ("approved_revision__isnull", False),
                    _connector="OR",
                ),
                name="approved_brief_has_a_revision",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "in-review"), _negated=True),
                    ("submitted_revision__isnull", False),
                    _connector="OR",
                ),
                name="brief_in_review_has_a_revision",
            ),
        ),
        migrations.AddConstraint(
            model_name="publication",
            constraint=models.CheckConstraint(
                condition=models.Q(("frame__in", ["sheet", "plain", "letter"])),
                name="publication_frame_is_known",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="revision",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approvals",
                to="briefs.revision",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="brief",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit",
                to="briefs.brief",
                verbose_name="brief",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="publication",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit",
                to="briefs.publication",
                verbose_name="publication",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="revision",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="briefs.revision",
                verbose_name="revision",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="brief",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="briefs.brief",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="brief",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="briefs.brief",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="right",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="briefs.revision"
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="wrong",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="briefs.revision"
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="brief",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to="briefs.brief",
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="publication",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="images",
                to="briefs.publication",
            ),
        ),
        migrations.AddField(
            model_name="snippet",
            name="publication",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="snippets",
                to="briefs.publication",
                verbose_name="publication",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("revision",),
                name="one_standing_approval_per_revision",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["brief", "at"], name="audit_of_a_brief"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["publication", "at"], name="audit_of_a_publication"),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                fields=("brief", "right"), name="one_correction_per_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("brief__isnull", False)),
                fields=("user", "brief"),
                name="one_draft_per_writer_and_brief",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("brief__isnull", True)),
                fields=("user", "key"),
                name="one_draft_per_writer_and_page",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("brief__isnull", False), models.Q(("key", ""), _negated=True), _connector="OR"
                ),
                name="draft_is_of_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.UniqueConstraint(
                fields=("publication", "digest"), name="one_file_per_image"
            ),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.CheckConstraint(
                condition=models.Q(("alt", ""), _negated=True), name="image_has_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="snippet",
            constraint=models.UniqueConstraint(
                fields=("publication", "name"), name="one_snippet_per_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="snippet",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["contact", "disclaimer", "sponsor", "other"])),
                name="snippet_kind_is_known",
            ),
        ),
    ]
