"""Make all tables of analytics at once, as the migrations that it replaces leave them.

Those stay for a database that has applied some of them.
"""

import django.db.models.deletion
from django.db import migrations, models

from briefs.at_once import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('analytics', '0001_days_of_readers'),
        ('analytics', '0002_figures_and_domains'),
    ]

    initial = True

    dependencies = [
        ('briefs', '0001_squashed_0006_a_deleted_draft_leaves_its_trail'),
        ('deliveries', '0001_squashed_0012_what_comes_back'),
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
        ]),
    ]
