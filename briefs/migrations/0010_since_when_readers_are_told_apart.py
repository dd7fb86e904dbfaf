from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("briefs", "0009_old_addresses_of_publications"),
    ]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="tracks_readers_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="publication",
            name="tracking",
            field=models.CharField(
                choices=[
                    ("off", "off: links go straight to their target"),
                    ("totals", "totals only: no reader can be told from another"),
                    ("per-reader", "per reader: named in the sign-up wording"),
                ],
                default="totals",
                help_text="Per reader needs readers’ consent: the usual sign-up wording then names it, and one of your own has to. Who signed up before is still counted in totals only. A stricter choice holds at once, for mails on their way too.",
                max_length=10,
                verbose_name="opens and clicks",
            ),
        ),
    ]
