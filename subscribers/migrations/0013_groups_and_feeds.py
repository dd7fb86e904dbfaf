"""Make room for members of client groups, invitations, links to read, and keys to feeds."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0007_archive_and_access"),
        ("subscribers", "0012_evidence_names_nobody_who_is_gone"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("used_on", models.DateField(blank=True, null=True, verbose_name="last used")),
            ],
            options={
                "verbose_name": "feed key",
                "verbose_name_plural": "feed keys",
            },
        ),
        migrations.CreateModel(
            name="GroupMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=254, verbose_name="address or domain")),
                ("key", models.CharField(editable=False, max_length=254)),
                (
                    "added_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="added"
                    ),
                ),
                ("invited_at", models.DateTimeField(blank=True, null=True, verbose_name="invited")),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted"),
                ),
            ],
            options={
                "verbose_name": "member of a client group",
                "verbose_name_plural": "members of client groups",
                "ordering": ["group", "key"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_has_one_to_go_to",
        ),
        migrations.AddField(
            model_name="notice",
            name="brief",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="briefs.brief",
                verbose_name="brief",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirmation", "confirmation"),
                    ("welcome", "welcome"),
                    ("undo", "undo"),
                    ("preferences", "link to the preferences"),
                    ("address", "change of address"),
                    ("editor", "word to an editor"),
                    ("reading", "link to read on the web"),
                    ("invitation", "invitation to a client group"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="feedtoken",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="feed_tokens",
                to="subscribers.subscription",
                verbose_name="subscription",
            ),
        ),
        migrations.AddField(
            model_name="groupmember",
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
            model_name="groupmember",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="briefs.clientgroup",
                verbose_name="client group",
            ),
        ),
        migrations.AddField(
            model_name="groupmember",
            name="subscriber",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="group_members",
                to="subscribers.subscriber",
                verbose_name="reader",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="subscribers.groupmember",
                verbose_name="member of a client group",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("member__isnull", False)),
                fields=["member"],
                name="notices_of_a_member",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("brief__isnull", False)),
                fields=["brief"],
                name="notices_of_a_brief",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "editor"),
                        ("member__isnull", True),
                        ("subscription__isnull", True),
                        ("user__isnull", False),
                    ),
                    models.Q(
                        ("kind", "invitation"),
                        ("member__isnull", False),
                        ("subscription__isnull", True),
                        ("user__isnull", True),
                    ),
                    models.Q(
                        models.Q(("kind__in", ["editor", "invitation"]), _negated=True),
                        ("member__isnull", True),
                        ("subscription__isnull", False),
                        ("user__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="notice_has_one_to_go_to",
            ),
        ),
        migrations.AddConstraint(
            model_name="feedtoken",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("subscription",),
                name="one_standing_feed_token",
            ),
        ),
        migrations.AddIndex(
            model_name="groupmember",
            index=models.Index(fields=["key"], name="members_by_key"),
        ),
        migrations.AddConstraint(
            model_name="groupmember",
            constraint=models.UniqueConstraint(
                fields=("group", "key"), name="one_member_per_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="groupmember",
            constraint=models.CheckConstraint(
                condition=models.Q(("key", ""), _negated=True), name="member_has_an_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="groupmember",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_at__isnull", True), ("subscriber__isnull", False), _connector="OR"
                ),
                name="accepted_member_is_a_reader",
            ),
        ),
        # On the way back: what was there before knows no notice without a subscription.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "DELETE FROM subscribers_notice WHERE kind IN ('invitation', 'reading')",
        ),
    ]
