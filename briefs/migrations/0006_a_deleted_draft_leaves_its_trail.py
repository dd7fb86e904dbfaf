"""Let a draft be deleted that has a trail; no column changes."""

from django.db import migrations, models

import briefs.models.append_only


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0005_evidence_names_nobody_who_is_gone"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="brief",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="audit",
                to="briefs.brief",
                verbose_name="brief",
            ),
        ),
    ]
