"""Make all tables of analytics at once, as the migrations that it replaces leave them.

Those stay for a database that has applied some of them.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from briefs.at_once import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('analytics', '0001_days_of_readers'),
        ('analytics', '0002_figures_and_domains'),
        ('analytics', '0003_watch_over_domains'),
        ('analytics', '0004_weekly_summaries'),
    ]

    initial = True

    dependencies = [
        ('briefs', '0001_squashed_0010_since_when_readers_are_told_apart'),
        ('deliveries', '0001_squashed_0013_editions_can_be_pruned'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='ReaderDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField(verbose_name='day')),
                    ('active', models.PositiveIntegerField(default=0, verbose_name='active')),
                    ('joined', models.PositiveIntegerField(default=0, verbose_name='joined')),
                    ('left', models.PositiveIntegerField(default=0, verbose_name='left')),
                    ('publication', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reader_days', to='briefs.publication')),
                    ('asked', models.PositiveIntegerField(default=0, verbose_name='asked')),
                    ('bounced', models.PositiveIntegerField(default=0, verbose_name='bounced')),
                    ('complained', models.PositiveIntegerField(default=0, verbose_name='complained')),
                    ('sources', models.JSONField(default=dict, verbose_name='sources')),
                ],
                options={
                    'verbose_name': 'day of readers',
                    'verbose_name_plural': 'days of readers',
                    'constraints': [models.UniqueConstraint(fields=('publication', 'day'), name='one_row_per_day')],
                },
            ),
            migrations.CreateModel(
                name='EditionFigures',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('figures', models.JSONField(default=dict, verbose_name='figures')),
                    ('counted_at', models.DateTimeField(verbose_name='counted')),
                    ('is_final', models.BooleanField(default=False, verbose_name='final')),
                    ('edition', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='figures', to='deliveries.edition')),
                ],
                options={
                    'verbose_name': 'figures of an edition',
                    'verbose_name_plural': 'figures of editions',
                },
            ),
            migrations.CreateModel(
                name='DomainDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField(verbose_name='day')),
                    ('domain', models.CharField(max_length=253, verbose_name='domain')),
                    ('sent', models.PositiveIntegerField(default=0, verbose_name='sent')),
                    ('delivered', models.PositiveIntegerField(default=0, verbose_name='delivered')),
                    ('bounced', models.PositiveIntegerField(default=0, verbose_name='bounced')),
                    ('complained', models.PositiveIntegerField(default=0, verbose_name='complained')),
                    ('failed', models.PositiveIntegerField(default=0, verbose_name='failed')),
                    ('publication', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='domain_days', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'day of a domain',
                    'verbose_name_plural': 'days of domains',
                    'constraints': [models.UniqueConstraint(fields=('publication', 'day', 'domain'), name='one_row_per_domain_and_day')],
                },
            ),
            migrations.CreateModel(
                name='DomainCheck',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('domain', models.CharField(max_length=253, unique=True, verbose_name='domain')),
                    ('found', models.JSONField(default=dict)),
                    ('before', models.JSONField(default=dict)),
                    ('has_had', models.JSONField(default=list)),
                    ('checked_at', models.DateTimeField(verbose_name='checked')),
                    ('changed_at', models.DateTimeField(null=True, verbose_name='changed')),
                ],
                options={
                    'verbose_name': 'check of a domain',
                    'verbose_name_plural': 'checks of domains',
                },
            ),
            migrations.CreateModel(
                name='Trouble',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=20, verbose_name='what')),
                    ('about', models.CharField(max_length=253, verbose_name='about')),
                    ('words', models.TextField(blank=True, verbose_name='in words')),
                    ('since', models.DateTimeField(verbose_name='since')),
                    ('seen', models.PositiveIntegerField(default=1)),
                    ('seen_at', models.DateTimeField(verbose_name='last seen')),
                    ('told_at', models.DateTimeField(null=True, verbose_name='told')),
                    ('mended_at', models.DateTimeField(null=True, verbose_name='mended')),
                    ('publication', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='troubles', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'trouble',
                    'verbose_name_plural': 'troubles',
                    'constraints': [models.UniqueConstraint(condition=models.Q(('mended_at__isnull', True)), fields=('publication', 'kind', 'about'), name='one_open_trouble_of_a_kind')],
                },
            ),
            migrations.CreateModel(
                name='WeeklySummary',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('week', models.DateField(verbose_name='week')),
                    ('written_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='written')),
                    ('editors', models.PositiveIntegerField(default=0, verbose_name='editors')),
                    ('publication', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='weekly_summaries', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'weekly summary',
                    'verbose_name_plural': 'weekly summaries',
                    'constraints': [models.UniqueConstraint(fields=('publication', 'week'), name='one_summary_per_week')],
                },
            ),
        ]),
    ]
