"""Make all tables of deliveries at once, as the migrations that it replaces leave them.

Those stay for a database that has applied some of them.
"""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from briefs.at_once import CreateModels


def set_fillfactor(apps, schema_editor):
    """Leave room in each page of the ledger for the new version of a row.

    PostgreSQL then updates heap-only: a send changes each row twice and touches
    no index. SQLite has no such setting.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE deliveries_delivery SET (fillfactor = 70)")


class Migration(migrations.Migration):

    replaces = [
        ('deliveries', '0001_first'),
        ('deliveries', '0002_room_for_hot_updates'),
        ('deliveries', '0003_merge_clocks_and_brakes'),
        ('deliveries', '0004_readers_clocks_and_segments'),
        ('deliveries', '0005_message_key'),
        ('deliveries', '0006_count_what_the_brakes_judge'),
        ('deliveries', '0007_history_of_the_installation'),
        ('deliveries', '0008_digest_editions'),
        ('deliveries', '0009_corrections_and_tallies'),
        ('deliveries', '0010_readership'),
        ('deliveries', '0011_find_who_got_nothing'),
        ('deliveries', '0012_what_comes_back'),
        ('deliveries', '0013_editions_can_be_pruned'),
    ]

    initial = True

    dependencies = [
        ('briefs', '0001_squashed_0010_since_when_readers_are_told_apart'),
        ('subscribers', '0001_squashed_0014_find_who_left_by_a_mail'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='Quota',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('lane', models.CharField(max_length=40, verbose_name='lane')),
                    ('kind', models.CharField(choices=[('hour', 'hour'), ('day', 'day')], max_length=4, verbose_name='kind')),
                    ('begins_at', models.DateTimeField(verbose_name='begins')),
                    ('used', models.PositiveIntegerField(default=0, verbose_name='used')),
                ],
                options={
                    'verbose_name': 'quota',
                    'verbose_name_plural': 'quotas',
                    'constraints': [models.UniqueConstraint(fields=('lane', 'kind', 'begins_at'), name='one_quota_per_window')],
                },
            ),
            migrations.CreateModel(
                name='Installation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('fingerprint', models.CharField(max_length=200)),
                    ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('held_since', models.DateTimeField(blank=True, null=True, verbose_name='held since')),
                    ('word', models.TextField(blank=True, verbose_name='why')),
                    ('history', models.UUIDField(default=uuid.uuid4, editable=False)),
                ],
                options={
                    'verbose_name': 'installation',
                    'verbose_name_plural': 'installations',
                    'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_installation')],
                },
            ),
            migrations.CreateModel(
                name='Segment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120, verbose_name='name')),
                    ('rules', models.JSONField(default=list, verbose_name='rules')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='segments', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'segment',
                    'verbose_name_plural': 'segments',
                    'ordering': ['publication', 'name'],
                    'constraints': [models.UniqueConstraint(fields=('publication', 'name'), name='one_segment_per_name')],
                },
            ),
            migrations.CreateModel(
                name='Readership',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('active', models.PositiveIntegerField(default=0, verbose_name='active')),
                    ('weekly', models.PositiveIntegerField(default=0, verbose_name='weekly')),
                    ('unconfirmed', models.PositiveIntegerField(default=0, verbose_name='unconfirmed')),
                    ('counted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='counted')),
                    ('seconds', models.FloatField(default=0)),
                    ('publication', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='readership', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'readership',
                    'verbose_name_plural': 'readerships',
                },
            ),
            migrations.CreateModel(
                name='HitCursor',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stream', models.CharField(max_length=80, unique=True)),
                    ('last_id', models.CharField(default='0-0', max_length=40)),
                ],
                options={
                    'verbose_name': 'cursor of hits',
                    'verbose_name_plural': 'cursors of hits',
                },
            ),
            migrations.CreateModel(
                name='BounceCount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('bounces', models.PositiveSmallIntegerField(default=0, verbose_name='bounces')),
                    ('first_at', models.DateTimeField(verbose_name='first')),
                    ('last_at', models.DateTimeField(verbose_name='last')),
                    ('subscriber', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='bounce_count', to='subscribers.subscriber')),
                ],
                options={
                    'verbose_name': 'count of bounces',
                    'verbose_name_plural': 'counts of bounces',
                },
            ),
            migrations.CreateModel(
                name='InboundEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(max_length=20, verbose_name='source')),
                    ('key', models.CharField(editable=False, max_length=64)),
                    ('payload', models.JSONField(default=dict)),
                    ('received_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='received')),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                    ('error', models.TextField(blank=True, verbose_name='why it could not be applied')),
                ],
                options={
                    'verbose_name': 'inbound event',
                    'verbose_name_plural': 'inbound events',
                    'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at', 'id'], name='inbound_events_that_wait')],
                    'constraints': [models.UniqueConstraint(fields=('source', 'key'), name='one_inbound_event_per_key')],
                },
            ),
            migrations.CreateModel(
                name='Edition',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('brief', 'brief'), ('correction', 'correction'), ('digest', 'weekly digest')], default='brief', max_length=10, verbose_name='kind')),
                    ('status', models.CharField(choices=[('scheduled', 'scheduled'), ('sending', 'sending'), ('paused', 'paused'), ('finishing', 'finishing'), ('finished', 'finished'), ('withdrawn', 'withdrawn'), ('missed', 'missed'), ('cancelled', 'cancelled')], default='scheduled', max_length=10, verbose_name='status')),
                    ('send_at', models.DateTimeField(verbose_name='goes out')),
                    ('clock', models.CharField(choices=[('publication', 'at one moment for all'), ('reader', "at that time in each reader's zone")], default='publication', max_length=11, verbose_name='clock')),
                    ('word', models.TextField(blank=True, verbose_name='what happened')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='scheduled')),
                    ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                    ('frozen_at', models.DateTimeField(blank=True, null=True, verbose_name='audience frozen')),
                    ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                    ('audience', models.PositiveIntegerField(blank=True, null=True, verbose_name='audience')),
                    ('freeze_lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('freeze_epoch', models.PositiveIntegerField(default=0, editable=False)),
                    ('freeze_last_id', models.BigIntegerField(default=0, editable=False)),
                    ('freeze_max_id', models.BigIntegerField(blank=True, editable=False, null=True)),
                    ('message_domain', models.CharField(blank=True, editable=False, max_length=253)),
                    ('brief', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='briefs.brief', verbose_name='brief')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='briefs.publication', verbose_name='publication')),
                    ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='briefs.revision', verbose_name='revision')),
                    ('local_time', models.CharField(blank=True, editable=False, max_length=16)),
                    ('rules', models.JSONField(default=list, editable=False)),
                    ('topics', models.JSONField(default=list, editable=False)),
                    ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='deliveries.segment', verbose_name='segment')),
                    ('counted_before', models.JSONField(default=dict, editable=False)),
                    ('corrects', models.JSONField(default=list, editable=False)),
                    ('pruned_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='pruned')),
                    ('pruning_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ],
                options={
                    'verbose_name': 'edition',
                    'verbose_name_plural': 'editions',
                    'ordering': ['-send_at', '-id'],
                    'indexes': [models.Index(condition=models.Q(('status__in', ['scheduled', 'sending', 'paused', 'finishing'])), fields=['send_at'], name='editions_that_are_open'), models.Index(condition=models.Q(('pruned_at__isnull', True)), fields=['finished_at'], name='editions_not_pruned')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ['scheduled', 'sending', 'paused', 'finishing'])), fields=('brief',), name='one_open_edition_per_brief'), models.CheckConstraint(condition=models.Q(('status__in', ['scheduled', 'sending', 'paused', 'finishing', 'finished', 'withdrawn', 'missed', 'cancelled'])), name='edition_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'finished'), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='finished_edition_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('clock', 'reader'), _negated=True), models.Q(('local_time', ''), _negated=True), _connector='OR'), name='reader_clock_has_a_local_time'), models.CheckConstraint(condition=models.Q(('pruning_at__isnull', True), ('status__in', ['finished', 'withdrawn', 'missed', 'cancelled']), _connector='OR'), name='pruned_edition_has_ended'), models.CheckConstraint(condition=models.Q(('pruned_at__isnull', True), ('pruning_at__isnull', False), _connector='OR'), name='pruned_edition_began_to_be')],
                },
            ),
            migrations.CreateModel(
                name='CompiledMail',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('subject', models.TextField()),
                    ('html', models.TextField()),
                    ('text', models.TextField()),
                    ('slot_prefix', models.CharField(max_length=20)),
                    ('edition', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='compiled', to='deliveries.edition')),
                    ('fields', models.JSONField(default=list)),
                    ('message_key', models.CharField(blank=True, editable=False, max_length=64)),
                ],
                options={
                    'verbose_name': 'compiled mail',
                    'verbose_name_plural': 'compiled mails',
                },
            ),
            migrations.CreateModel(
                name='Link',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                    ('url', models.TextField(verbose_name='target')),
                    ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='deliveries.edition')),
                    ('corrected_url', models.TextField(blank=True, verbose_name='corrected target')),
                ],
                options={
                    'verbose_name': 'link',
                    'verbose_name_plural': 'links',
                    'ordering': ['edition', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('edition', 'position'), name='one_link_per_position'), models.CheckConstraint(condition=models.Q(('url__startswith', 'https://'), ('url__startswith', 'http://'), _connector='OR'), name='link_goes_to_the_web'), models.CheckConstraint(condition=models.Q(('corrected_url', ''), ('corrected_url__startswith', 'https://'), ('corrected_url__startswith', 'http://'), _connector='OR'), name='corrected_link_goes_to_the_web')],
                },
            ),
            migrations.CreateModel(
                name='Tally',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('report', models.JSONField(default=dict)),
                    ('counted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='counted')),
                    ('is_final', models.BooleanField(default=False)),
                    ('edition', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='tally', to='deliveries.edition')),
                ],
                options={
                    'verbose_name': 'tally',
                    'verbose_name_plural': 'tallies',
                },
            ),
            migrations.CreateModel(
                name='HitCount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.SmallIntegerField(verbose_name='link')),
                    ('hour', models.DateTimeField(verbose_name='hour')),
                    ('human', models.PositiveIntegerField(default=0, verbose_name='by people')),
                    ('machine', models.PositiveIntegerField(default=0, verbose_name='by machines')),
                    ('edition', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hit_counts', to='deliveries.edition')),
                ],
                options={
                    'verbose_name': 'count of hits',
                    'verbose_name_plural': 'counts of hits',
                    'constraints': [models.UniqueConstraint(fields=('edition', 'position', 'hour'), name='one_hit_count_per_hour'), models.CheckConstraint(condition=models.Q(('position__gte', -1)), name='hit_has_a_position')],
                },
            ),
            migrations.CreateModel(
                name='Batch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField(verbose_name='number')),
                    ('lane', models.CharField(default='main', max_length=40, verbose_name='lane')),
                    ('not_before', models.DateTimeField(verbose_name='not before')),
                    ('owner', models.UUIDField(blank=True, null=True)),
                    ('epoch', models.PositiveIntegerField(default=0)),
                    ('lease_until', models.DateTimeField(blank=True, null=True)),
                    ('claims', models.PositiveIntegerField(default=0)),
                    ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                    ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='deliveries.edition')),
                    ('missed_at', models.DateTimeField(blank=True, null=True, verbose_name='missed')),
                    ('refused', models.PositiveIntegerField(default=0)),
                    ('sent', models.PositiveIntegerField(default=0)),
                    ('planned_at', models.DateTimeField(blank=True, null=True, verbose_name='planned')),
                    ('worked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('bounced', models.PositiveIntegerField(default=0)),
                    ('complained', models.PositiveIntegerField(default=0)),
                ],
                options={
                    'verbose_name': 'batch',
                    'verbose_name_plural': 'batches',
                    'ordering': ['edition', 'number'],
                    'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['lane', 'not_before'], name='batches_that_wait')],
                    'constraints': [models.UniqueConstraint(fields=('edition', 'number'), name='one_batch_per_number'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', True), ('owner__isnull', True)), models.Q(('lease_until__isnull', False), ('owner__isnull', False)), _connector='OR'), name='batch_owner_has_a_lease')],
                },
            ),
            migrations.CreateModel(
                name='Delivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('status', models.CharField(choices=[('pending', 'pending'), ('sending', 'sending'), ('sent', 'sent'), ('delivered', 'delivered'), ('bounced', 'bounced'), ('complained', 'complained'), ('failed', 'failed'), ('skipped', 'skipped'), ('in-doubt', 'in doubt')], default='pending', max_length=10, verbose_name='status')),
                    ('reason', models.CharField(blank=True, max_length=60, verbose_name='reason')),
                    ('reply', models.TextField(blank=True, verbose_name="the server's words")),
                    ('attempt', models.PositiveSmallIntegerField(default=0, verbose_name='attempt')),
                    ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                    ('deferred_since', models.DateTimeField(blank=True, null=True, verbose_name='deferred since')),
                    ('changed_at', models.DateTimeField(blank=True, null=True, verbose_name='changed')),
                    ('batch', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='deliveries.batch')),
                    ('subscriber', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='subscribers.subscriber')),
                    ('edition', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='deliveries.edition')),
                ],
                options={
                    'verbose_name': 'delivery',
                    'verbose_name_plural': 'deliveries',
                    'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['edition', 'due_at'], name='deliveries_that_wait'), models.Index(condition=models.Q(('reason', ''), _negated=True), fields=['edition', 'subscriber'], name='deliveries_that_say_why')],
                    'constraints': [models.UniqueConstraint(fields=('edition', 'subscriber'), name='one_delivery_per_reader'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'skipped', 'in-doubt'])), name='delivery_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['failed', 'skipped', 'in-doubt']), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='delivery_that_failed_says_why')],
                },
            ),
            migrations.CreateModel(
                name='DeliveryEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('type', models.CharField(choices=[('deferred', 'deferred'), ('bounced', 'bounced'), ('complained', 'complained'), ('unsubscribed', 'unsubscribed'), ('refused', 'refused by the provider'), ('replied', 'answered by a program')], max_length=12, verbose_name='what')),
                    ('key', models.CharField(editable=False, max_length=64)),
                    ('at', models.DateTimeField(verbose_name='when')),
                    ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('source', models.CharField(max_length=20, verbose_name='source')),
                    ('is_permanent', models.BooleanField(null=True, verbose_name='permanent')),
                    ('code', models.CharField(blank=True, max_length=10, verbose_name='status')),
                    ('reason', models.CharField(blank=True, max_length=30, verbose_name='reason')),
                    ('words', models.TextField(blank=True, verbose_name="the server's words")),
                    ('delivery', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='deliveries.delivery')),
                ],
                options={
                    'verbose_name': 'delivery event',
                    'verbose_name_plural': 'delivery events',
                    'ordering': ['id'],
                    'constraints': [models.UniqueConstraint(fields=('delivery', 'type', 'key'), name='one_delivery_event_per_key'), models.CheckConstraint(condition=models.Q(('type__in', ['deferred', 'bounced', 'complained', 'unsubscribed', 'refused', 'replied'])), name='delivery_event_type_is_known')],
                },
            ),
            migrations.CreateModel(
                name='ReaderHit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.SmallIntegerField(verbose_name='link')),
                    ('is_machine', models.BooleanField(verbose_name='by a machine')),
                    ('first_at', models.DateTimeField(verbose_name='first')),
                    ('hits', models.PositiveIntegerField(default=1, verbose_name='how often')),
                    ('delivery', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hits', to='deliveries.delivery')),
                ],
                options={
                    'verbose_name': "reader's hit",
                    'verbose_name_plural': "readers' hits",
                    'constraints': [models.UniqueConstraint(fields=('delivery', 'position', 'is_machine'), name='one_reader_hit_per_link'), models.CheckConstraint(condition=models.Q(('position__gte', -1)), name='reader_hit_has_a_position')],
                },
            ),
        ]),
        migrations.RunPython(set_fillfactor, migrations.RunPython.noop),
    ]
