import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('briefs', '0002_welcome_shows_latest'),
        ('subscribers', '0004_sign_ups_and_defences'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='record',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='subscribers.consentrecord', verbose_name='consent record'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(fields=['domain'], name='suppression_by_domain'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('paused_until__isnull', False)), fields=['paused_until'], name='pauses_that_end'),
        ),
        migrations.CreateModel(
            name='SuppressionRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_hash', models.CharField(db_index=True, editable=False, max_length=32)),
                ('domain', models.CharField(blank=True, editable=False, max_length=253, verbose_name='domain')),
                ('reason', models.CharField(max_length=10, verbose_name='was suppressed for')),
                ('suppressed_at', models.DateTimeField(verbose_name='was suppressed on')),
                ('why', models.TextField(verbose_name='why it was released')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='when')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('publication', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='briefs.publication', verbose_name='publication')),
            ],
            options={
                'verbose_name': 'release',
                'verbose_name_plural': 'releases',
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='release_says_why')],
            },
        ),
    ]
