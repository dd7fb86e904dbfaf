"""Remember a token of the keys that sign, and when the last backup was made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0014_count_changes_of_a_tally"),
    ]

    operations = [
        migrations.AddField(
            model_name="installation",
            name="token_sample",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=80
            ),
        ),
        migrations.AddField(
            model_name="installation",
            name="backed_up_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
