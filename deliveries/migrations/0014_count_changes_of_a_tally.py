"""Count what changes while an edition is counted: the count is kept, and is not the last."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0013_editions_can_be_pruned"),
    ]

    operations = [
        migrations.AddField(
            model_name="tally",
            name="changes",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
