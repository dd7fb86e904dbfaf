import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0008_digest_editions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("report", models.JSONField(default=dict)),
                (
                    "counted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="counted"),
                ),
                ("is_final", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name": "tally",
                "verbose_name_plural": "tallies",
            },
        ),
        migrations.AddField(
            model_name="edition",
            name="corrects",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name="link",
            name="corrected_url",
            field=models.TextField(blank=True, verbose_name="corrected target"),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("corrected_url", ""),
                    ("corrected_url__startswith", "https://"),
                    ("corrected_url__startswith", "http://"),
                    _connector="OR",
                ),
                name="corrected_link_goes_to_the_web",
            ),
        ),
        migrations.AddField(
            model_name="tally",
            name="edition",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tally",
                to="deliveries.edition",
            ),
        ),
    ]
