"""Have a mark that changes with whatever public pages show, and find the next such moment."""

from django.db import migrations, models
from django.db.models import Q


def take_triggers_away(apps, schema_editor):
    """Leave none behind that would write to a table that is gone."""
    database = schema_editor.connection
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("DROP FUNCTION IF EXISTS site_changed() CASCADE")
            return
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%briefs_sitestate%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("briefs", "0014_invitations_and_accounts")]

    operations = [
        migrations.CreateModel(
            name="SiteState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.CharField(max_length=36)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(pk=1), name="one_state_of_the_site")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="brief",
            index=models.Index(
                condition=Q(embargo_until__isnull=False),
                fields=["embargo_until"],
                name="briefs_under_embargo",
            ),
        ),
        migrations.AddIndex(
            model_name="brief",
            index=models.Index(
                condition=Q(readable_until__isnull=False),
                fields=["readable_until"],
                name="briefs_that_end",
            ),
        ),
        # Set up after each migrate (intelbrief.page_cache.watching); here only the way back.
        migrations.RunPython(migrations.RunPython.noop, take_triggers_away),
    ]
