import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0004_sign_off_and_writing"),
        ("deliveries", "0009_corrections_and_tallies"),
    ]

    operations = [
        migrations.CreateModel(
            name="Readership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("active", models.PositiveIntegerField(default=0, verbose_name="active")),
                ("weekly", models.PositiveIntegerField(default=0, verbose_name="weekly")),
                ("unconfirmed", models.PositiveIntegerField(default=0, verbose_name="unconfirmed")),
                (
                    "counted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="counted"),
                ),
                ("seconds", models.FloatField(default=0)),
                (
                    "publication",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readership",
                        to="briefs.publication",
                    ),
                ),
            ],
            options={"verbose_name": "readership", "verbose_name_plural": "readerships"},
        ),
    ]
