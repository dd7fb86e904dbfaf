"""Keep which weeks were summed up, and have the days of the last year counted anew.

The days have new columns; a worker fills in what is missing, and older days stay.
"""

import datetime as dt

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.utils import timezone


def forget_recent_days(apps, schema_editor):
    first = timezone.localdate() - dt.timedelta(days=370)
    apps.get_model("analytics", "ReaderDay").objects.filter(day__gte=first).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0003_watch_over_domains"),
        ("briefs", "0008_who_wants_the_weekly_summary"),
    ]

    operations = [
        migrations.CreateModel(
            name="WeeklySummary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.DateField(verbose_name="week")),
                (
                    "written_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="written"
                    ),
                ),
                ("editors", models.PositiveIntegerField(default=0, verbose_name="editors")),
                (
                    "publication",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="weekly_summaries",
                        to="briefs.publication",
                    ),
                ),
            ],
            options={
                "verbose_name": "weekly summary",
                "verbose_name_plural": "weekly summaries",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("publication", "week"), name="one_summary_per_week"
                    )
                ],
            },
        ),
        migrations.RunPython(forget_recent_days, migrations.RunPython.noop),
    ]
