import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("briefs", "0004_sign_off_and_writing"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReaderDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("active", models.PositiveIntegerField(default=0, verbose_name="active")),
                ("joined", models.PositiveIntegerField(default=0, verbose_name="joined")),
                ("left", models.PositiveIntegerField(default=0, verbose_name="left")),
                (
                    "publication",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reader_days",
                        to="briefs.publication",
                    ),
                ),
            ],
            options={"verbose_name": "day of readers", "verbose_name_plural": "days of readers"},
        ),
        migrations.AddConstraint(
            model_name="readerday",
            constraint=models.UniqueConstraint(
                fields=("publication", "day"), name="one_row_per_day"
            ),
        ),
    ]
