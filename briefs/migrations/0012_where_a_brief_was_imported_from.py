"""Remember where a brief was read from, so that a second import finds it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("briefs", "0011_search")]

    operations = [
        migrations.AddField(
            model_name="brief",
            name="imported_from",
            field=models.CharField(blank=True, default="", editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name="brief",
            name="imported_digest",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.UniqueConstraint(
                condition=models.Q(("imported_from", ""), _negated=True),
                fields=("publication", "imported_from"),
                name="one_brief_per_import",
            ),
        ),
    ]
