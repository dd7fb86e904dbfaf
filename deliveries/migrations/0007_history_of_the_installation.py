import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0006_count_what_the_brakes_judge"),
    ]

    operations = [
        migrations.AddField(
            model_name="installation",
            name="history",
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
    ]
