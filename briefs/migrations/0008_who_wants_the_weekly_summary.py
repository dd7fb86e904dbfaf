"""Let a member do without the weekly summary."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("briefs", "0007_archive_and_access")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="weekly_summary",
            field=models.BooleanField(
                default=True,
                help_text="Mailed on Mondays to editors, publishers and owners.",
                verbose_name="weekly summary",
            ),
        ),
    ]
