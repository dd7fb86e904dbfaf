"""Let SQLite read a publication's briefs in the order of their index, without statistics."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("briefs", "0012_where_a_brief_was_imported_from")]

    operations = [
        migrations.RemoveConstraint("brief", "one_digest_per_week"),
        migrations.AddConstraint(
            "brief",
            models.UniqueConstraint(
                condition=models.Q(digest_of__isnull=False),
                fields=("publication", "digest_of"),
                name="one_digest_per_week",
            ),
        ),
    ]
