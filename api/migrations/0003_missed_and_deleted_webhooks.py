from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0002_outgoing_webhooks'),
    ]

    operations = [
        migrations.AddField(
            model_name='hookendpoint',
            name='disabled_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='hookendpoint',
            name='missed',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='hookendpoint',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
