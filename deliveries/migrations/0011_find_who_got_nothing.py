from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0010_readership"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("reason", ""), _negated=True),
                fields=["edition", "subscriber"],
                name="deliveries_that_say_why",
            ),
        ),
    ]
