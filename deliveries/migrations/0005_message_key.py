from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0004_readers_clocks_and_segments'),
    ]

    operations = [
        migrations.AddField(
            model_name='compiledmail',
            name='message_key',
            field=models.CharField(blank=True, default='', editable=False, max_length=64),
            preserve_default=False,
        ),
    ]
