"""Say how evidence loses a reference to what is deleted; no column changes."""

from django.conf import settings
from django.db import migrations, models

import briefs.models.append_only


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0004_sign_off_and_writing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AlterField(
            model_name="correction",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AlterField(
            model_name="revision",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
