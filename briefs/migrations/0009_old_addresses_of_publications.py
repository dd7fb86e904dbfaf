"""Let an old address lead to a publication that was renamed, not only to a brief."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0008_who_wants_the_weekly_summary"),
    ]

    operations = [
        migrations.AddField(
            model_name="redirect",
            name="publication",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="redirects",
                to="briefs.publication",
                verbose_name="publication",
            ),
        ),
        migrations.AlterField(
            model_name="redirect",
            name="brief",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="redirects",
                to="briefs.brief",
                verbose_name="brief",
            ),
        ),
        migrations.AddConstraint(
            model_name="redirect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("brief__isnull", False), ("publication__isnull", True)),
                    models.Q(("brief__isnull", True), ("publication__isnull", False)),
                    _connector="OR",
                ),
                name="redirect_leads_to_one_place",
            ),
        ),
        # On the way back: what was there before leads to briefs only.
        migrations.RunSQL(
            migrations.RunSQL.noop, "DELETE FROM briefs_redirect WHERE brief_id IS NULL"
        ),
    ]
