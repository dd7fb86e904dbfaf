"""Find the few records that name a delivery by their time, for the report of an edition."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0013_groups_and_feeds")]

    operations = [
        migrations.AddIndex(
            model_name="consentrecord",
            index=models.Index(
                condition=models.Q(("delivery_id__isnull", False)),
                fields=["at"],
                name="evidence_naming_a_delivery",
            ),
        ),
    ]
