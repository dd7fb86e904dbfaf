"""Let people be invited, note what is done with accounts, and let a publication ask a second factor."""


import briefs.models.append_only
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('briefs', '0013_lists_in_the_order_of_an_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='publication',
            name='requires_second_factor',
            field=models.BooleanField(db_default=False, default=False, help_text='Who works on it logs in with a passkey, or with a code beside the password; until somebody has set one up, the desk shows them nothing else.', verbose_name='second factor'),
        ),
        migrations.CreateModel(
            name='AccountEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user_name', models.CharField(blank=True, max_length=254, verbose_name='name')),
                ('verb', models.CharField(max_length=24, verbose_name='what')),
                ('by_name', models.CharField(blank=True, max_length=254, verbose_name='by')),
                ('words', models.CharField(blank=True, max_length=200, verbose_name='words')),
                ('typed', models.CharField(blank=True, max_length=16, verbose_name='what was typed, hashed')),
                ('ip', models.GenericIPAddressField(blank=True, null=True, verbose_name='IP address')),
                ('user_agent', models.CharField(blank=True, max_length=200, verbose_name='browser')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=briefs.models.append_only.unname, related_name='account_entries', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'account entry',
                'verbose_name_plural': 'log-ins and accounts',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['at'], name='account_entries_by_time')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('writer', 'writer'), ('editor', 'editor'), ('publisher', 'publisher'), ('owner', 'owner')], default='writer', max_length=10, verbose_name='role')),
                ('status', models.CharField(choices=[('open', 'open'), ('accepted', 'accepted'), ('withdrawn', 'withdrawn')], default='open', max_length=10, verbose_name='status')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='invited')),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='mailed')),
                ('mails', models.PositiveSmallIntegerField(default=1)),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='settled')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='invited by')),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='briefs.publication', verbose_name='publication')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('publication', 'address'), name='one_open_invitation_per_address'), models.CheckConstraint(condition=models.Q(('status__in', ['open', 'accepted', 'withdrawn'])), name='invitation_status_is_known'), models.CheckConstraint(condition=models.Q(('role__in', ['writer', 'editor', 'publisher', 'owner'])), name='invitation_role_is_known')],
            },
        ),
    ]
