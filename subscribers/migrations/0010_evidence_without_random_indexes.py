from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0009_weekly_subscriptions'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='consentrecord',
            name='consent_record_by_hash',
        ),
        migrations.RemoveIndex(
            model_name='subscriber',
            name='subscriber_by_hash',
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='moved_from',
            field=models.CharField(editable=False, max_length=32, null=True),
        ),
        migrations.AddIndex(
            model_name='consentrecord',
            index=models.Index(condition=models.Q(('subscriber__isnull', True)), fields=['address_hash'], name='evidence_of_nobody'),
        ),
        migrations.AddIndex(
            model_name='consentrecord',
            index=models.Index(condition=models.Q(('moved_from__isnull', False)), fields=['address_hash'], name='moves_by_new_address'),
        ),
        migrations.AddIndex(
            model_name='consentrecord',
            index=models.Index(condition=models.Q(('moved_from__isnull', False)), fields=['moved_from'], name='moves_by_old_address'),
        ),
        migrations.AlterField(
            model_name='subscriber',
            name='address_key',
            field=models.CharField(editable=False, max_length=254, verbose_name='address as compared'),
        ),
        migrations.AddConstraint(
            model_name='subscriber',
            constraint=models.UniqueConstraint(fields=('address_key',), name='one_reader_per_address'),
        ),
    ]
