"""Say how evidence loses a reference to what is deleted; no column changes."""

from django.conf import settings
from django.db import migrations, models

import briefs.models.append_only


class Migration(migrations.Migration):
    dependencies = [
        ("subscribers", "0011_find_moves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="consentrecord",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AlterField(
            model_name="consentrecord",
            name="subscriber",
            field=models.ForeignKey(
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="consent_records",
                to="subscribers.subscriber",
                verbose_name="reader",
            ),
        ),
        migrations.AlterField(
            model_name="suppressionrelease",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=briefs.models.append_only.unname,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
    ]
