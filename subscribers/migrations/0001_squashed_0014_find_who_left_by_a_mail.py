"""Make all tables of subscribers at once, as the migrations that it replaces leave them.

Those stay for a database that has applied some of them. Left out is what they did to rows
(domains filled in, moves found): a new database has none.
"""

import briefs.models.append_only
import briefs.models.publications
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from briefs.at_once import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('subscribers', '0001_first'),
        ('subscribers', '0002_preferences_and_domains'),
        ('subscribers', '0003_words_to_editors'),
        ('subscribers', '0004_sign_ups_and_defences'),
        ('subscribers', '0005_undo_and_releases'),
        ('subscribers', '0006_imports'),
        ('subscribers', '0007_find_the_few'),
        ('subscribers', '0008_fewer_indexes'),
        ('subscribers', '0009_weekly_subscriptions'),
        ('subscribers', '0010_evidence_without_random_indexes'),
        ('subscribers', '0011_find_moves'),
        ('subscribers', '0012_evidence_names_nobody_who_is_gone'),
        ('subscribers', '0013_groups_and_feeds'),
        ('subscribers', '0014_find_who_left_by_a_mail'),
    ]

    initial = True

    dependencies = [
        ('briefs', '0001_squashed_0010_since_when_readers_are_told_apart'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='ConsentWording',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('text', models.TextField(verbose_name='text')),
                    ('digest', models.CharField(editable=False, max_length=64)),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='in use since')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_wordings', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'sign-up wording',
                    'verbose_name_plural': 'sign-up wordings',
                    'constraints': [models.UniqueConstraint(fields=('publication', 'digest'), name='one_wording_per_text')],
                },
            ),
            migrations.CreateModel(
                name='Subscriber',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address', models.CharField(max_length=254, verbose_name='address')),
                    ('address_key', models.CharField(editable=False, max_length=254, verbose_name='address as compared')),
                    ('address_hash', models.CharField(editable=False, max_length=32)),
                    ('name', models.CharField(blank=True, max_length=120, validators=[briefs.models.publications.validate_header_text], verbose_name='name')),
                    ('language', models.CharField(blank=True, choices=[('en', 'English'), ('de', 'Deutsch'), ('fr', 'Français'), ('es', 'Español')], max_length=10, verbose_name='language')),
                    ('time_zone', models.CharField(blank=True, max_length=64, validators=[briefs.models.publications.validate_time_zone], verbose_name='time zone')),
                    ('attributes', models.JSONField(blank=True, default=dict, verbose_name='attributes')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='since')),
                    ('domain', models.CharField(blank=True, editable=False, max_length=253)),
                ],
                options={
                    'verbose_name': 'reader',
                    'verbose_name_plural': 'readers',
                    'constraints': [models.CheckConstraint(condition=models.Q(('address', ''), _negated=True), name='subscriber_has_an_address'), models.CheckConstraint(condition=models.Q(('address_hash', ''), _negated=True), name='subscriber_has_a_hash'), models.UniqueConstraint(fields=('address_key',), name='one_reader_per_address')],
                },
            ),
            migrations.CreateModel(
                name='ConsentRecord',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address_hash', models.CharField(editable=False, max_length=32)),
                    ('kind', models.CharField(choices=[('requested', 'asked to subscribe'), ('confirmed', 'confirmed'), ('added', 'added by hand'), ('imported', 'imported'), ('changed', 'changed'), ('unsubscribed', 'unsubscribed'), ('complained', 'complained'), ('erased', 'erased')], max_length=12, verbose_name='what')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='when')),
                    ('source', models.CharField(max_length=40, verbose_name='from where')),
                    ('ip', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                    ('user_agent', models.CharField(blank=True, max_length=300, verbose_name='browser')),
                    ('basis', models.TextField(blank=True, verbose_name='stated basis')),
                    ('delivery_id', models.BigIntegerField(null=True, verbose_name='delivery')),
                    ('by', models.ForeignKey(db_index=False, null=True, on_delete=briefs.models.append_only.unname, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.publication', verbose_name='publication')),
                    ('wording', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subscribers.consentwording', verbose_name='wording')),
                    ('subscriber', models.ForeignKey(null=True, on_delete=briefs.models.append_only.unname, related_name='consent_records', to='subscribers.subscriber', verbose_name='reader')),
                    ('details', models.JSONField(blank=True, default=dict, verbose_name='details')),
                    ('moved_from', models.CharField(editable=False, max_length=32, null=True)),
                ],
                options={
                    'verbose_name': 'consent record',
                    'verbose_name_plural': 'consent records',
                    'ordering': ['id'],
                    'indexes': [models.Index(condition=models.Q(('subscriber__isnull', True)), fields=['address_hash'], name='evidence_of_nobody'), models.Index(condition=models.Q(('moved_from__isnull', False)), fields=['address_hash'], name='moves_by_new_address'), models.Index(condition=models.Q(('moved_from__isnull', False)), fields=['moved_from'], name='moves_by_old_address'), models.Index(condition=models.Q(('delivery_id__isnull', False)), fields=['at'], name='evidence_naming_a_delivery')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'added'), _negated=True), models.Q(('basis', ''), _negated=True), _connector='OR'), name='added_by_hand_states_a_basis'), models.CheckConstraint(condition=models.Q(('kind__in', ['requested', 'confirmed', 'added', 'imported', 'changed', 'unsubscribed', 'complained', 'erased'])), name='consent_record_kind_is_known')],
                },
            ),
            migrations.CreateModel(
                name='Subscription',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('status', models.CharField(choices=[('unconfirmed', 'unconfirmed'), ('active', 'active'), ('paused', 'paused'), ('unsubscribed', 'unsubscribed')], default='unconfirmed', max_length=12, verbose_name='status')),
                    ('source', models.CharField(blank=True, max_length=40, verbose_name='source')),
                    ('requested_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked')),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed')),
                    ('unsubscribed_at', models.DateTimeField(blank=True, null=True, verbose_name='left')),
                    ('paused_until', models.DateField(blank=True, null=True, verbose_name='paused until')),
                    ('publication', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='briefs.publication', verbose_name='publication')),
                    ('subscriber', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='subscribers.subscriber', verbose_name='reader')),
                    ('rhythm', models.CharField(choices=[('each', 'each brief'), ('weekly', 'a digest once a week')], default='each', max_length=6, verbose_name='rhythm')),
                    ('topics', models.ManyToManyField(blank=True, related_name='subscriptions', to='briefs.topic', verbose_name='topics')),
                ],
                options={
                    'verbose_name': 'subscription',
                    'verbose_name_plural': 'subscriptions',
                    'indexes': [models.Index(fields=['publication', 'id'], name='subscription_by_publication'), models.Index(condition=models.Q(('status', 'unconfirmed')), fields=['requested_at'], name='subscriptions_unconfirmed'), models.Index(condition=models.Q(('paused_until__isnull', False)), fields=['paused_until'], name='pauses_that_end'), models.Index(condition=models.Q(('status', 'active'), _negated=True), fields=['status', 'subscriber'], name='subscriptions_not_active'), models.Index(condition=models.Q(('rhythm', 'weekly')), fields=['publication', 'id'], name='subscriptions_weekly')],
                    'constraints': [models.UniqueConstraint(fields=('subscriber', 'publication'), name='one_subscription_per_reader'), models.CheckConstraint(condition=models.Q(('status__in', ['unconfirmed', 'active', 'paused', 'unsubscribed'])), name='subscription_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['active', 'paused']), _negated=True), ('confirmed_at__isnull', False), _connector='OR'), name='active_subscription_was_confirmed'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'unsubscribed'), _negated=True), ('unsubscribed_at__isnull', False), _connector='OR'), name='unsubscribed_subscription_has_a_time'), models.CheckConstraint(condition=models.Q(('rhythm__in', ['each', 'weekly'])), name='subscription_rhythm_is_known')],
                },
            ),
            migrations.CreateModel(
                name='Suppression',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address_hash', models.CharField(editable=False, max_length=32)),
                    ('address', models.CharField(blank=True, max_length=254, verbose_name='address or @domain')),
                    ('reason', models.CharField(choices=[('bounce', 'permanent bounce'), ('complaint', 'complaint'), ('manual', 'by hand'), ('erasure', "erased at the reader's wish")], max_length=10, verbose_name='reason')),
                    ('note', models.TextField(blank=True, verbose_name='note')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='since')),
                    ('publication', models.ForeignKey(blank=True, help_text='Empty: for all publications.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='briefs.publication', verbose_name='publication')),
                    ('domain', models.CharField(blank=True, editable=False, max_length=253)),
                ],
                options={
                    'verbose_name': 'suppression',
                    'verbose_name_plural': 'suppressions',
                    'indexes': [models.Index(fields=['domain'], name='suppression_by_domain')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('publication__isnull', True)), fields=('address_hash',), name='one_suppression_per_address'), models.UniqueConstraint(fields=('address_hash', 'publication'), name='one_suppression_per_publication'), models.CheckConstraint(condition=models.Q(('reason__in', ['bounce', 'complaint', 'manual', 'erasure'])), name='suppression_reason_is_known')],
                },
            ),
            migrations.CreateModel(
                name='SignUp',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('wishes', models.JSONField()),
                    ('address', models.CharField(max_length=254)),
                    ('name', models.CharField(blank=True, max_length=120)),
                    ('language', models.CharField(blank=True, max_length=10)),
                    ('time_zone', models.CharField(blank=True, max_length=64)),
                    ('source', models.CharField(max_length=40)),
                    ('ip', models.GenericIPAddressField(null=True)),
                    ('user_agent', models.CharField(blank=True, max_length=300)),
                    ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('failures', models.PositiveSmallIntegerField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='Defence',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('mode', models.CharField(choices=[('automatic', 'automatic: on when robots sign up'), ('on', 'on'), ('off', 'off')], default='automatic', help_text='In attack mode the browser of each visitor solves a small puzzle before the form is taken in. Readers wait a second or two and have nothing to do.', max_length=10, verbose_name='attack mode')),
                    ('on_since', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='attacked since')),
                    ('last_seen_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('publication', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='defence', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'sign-up form',
                    'verbose_name_plural': 'sign-up forms',
                    'constraints': [models.CheckConstraint(condition=models.Q(('mode__in', ['automatic', 'on', 'off'])), name='defence_mode_is_known')],
                },
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
                    ('by', models.ForeignKey(null=True, on_delete=briefs.models.append_only.unname, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('publication', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'release',
                    'verbose_name_plural': 'releases',
                    'ordering': ['id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='release_says_why')],
                },
            ),
            migrations.CreateModel(
                name='ImportRun',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('status', models.CharField(choices=[('new', 'uploaded'), ('checking', 'being checked'), ('checked', 'checked'), ('running', 'running'), ('finished', 'finished'), ('failed', 'failed'), ('undoing', 'being undone'), ('undone', 'undone')], default='new', max_length=10, verbose_name='status')),
                    ('file_name', models.CharField(max_length=200, verbose_name='file')),
                    ('digest', models.CharField(db_index=True, editable=False, max_length=64)),
                    ('size', models.BigIntegerField(default=0, verbose_name='bytes')),
                    ('source', models.CharField(blank=True, max_length=20, verbose_name='source')),
                    ('shape', models.JSONField(default=dict)),
                    ('mapping', models.JSONField(default=dict, verbose_name='mapping')),
                    ('basis', models.TextField(blank=True, verbose_name='stated basis')),
                    ('counts', models.JSONField(default=dict, verbose_name='counts')),
                    ('reasons', models.JSONField(default=dict, verbose_name='reasons')),
                    ('samples', models.JSONField(default=list)),
                    ('bytes_total', models.BigIntegerField(default=0)),
                    ('rows_total', models.PositiveIntegerField(null=True, verbose_name='rows')),
                    ('rows_done', models.PositiveIntegerField(default=0, verbose_name='rows done')),
                    ('refused_bytes', models.BigIntegerField(default=0)),
                    ('epoch', models.PositiveIntegerField(default=0)),
                    ('lease_until', models.DateTimeField(null=True)),
                    ('error', models.TextField(blank=True, verbose_name='error')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='uploaded')),
                    ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                    ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                    ('undone_at', models.DateTimeField(null=True, verbose_name='undone')),
                    ('undone_to', models.BigIntegerField(default=0)),
                    ('undone_rows', models.PositiveIntegerField(default=0, verbose_name='readers taken back')),
                    ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='import_runs', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'import',
                    'verbose_name_plural': 'imports',
                    'ordering': ['-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['new', 'checking', 'checked', 'running', 'finished', 'failed', 'undoing', 'undone'])), name='import_status_is_known'), models.CheckConstraint(condition=models.Q(('status__in', ['new', 'checking', 'checked', 'failed']), models.Q(('basis', ''), _negated=True), _connector='OR'), name='import_states_a_basis')],
                },
            ),
            migrations.CreateModel(
                name='FeedToken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                    ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                    ('used_on', models.DateField(blank=True, null=True, verbose_name='last used')),
                    ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='feed_tokens', to='subscribers.subscription', verbose_name='subscription')),
                ],
                options={
                    'verbose_name': 'feed key',
                    'verbose_name_plural': 'feed keys',
                    'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('subscription',), name='one_standing_feed_token')],
                },
            ),
            migrations.CreateModel(
                name='GroupMember',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address', models.CharField(max_length=254, verbose_name='address or domain')),
                    ('key', models.CharField(editable=False, max_length=254)),
                    ('added_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='added')),
                    ('invited_at', models.DateTimeField(blank=True, null=True, verbose_name='invited')),
                    ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='briefs.clientgroup', verbose_name='client group')),
                    ('subscriber', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='group_members', to='subscribers.subscriber', verbose_name='reader')),
                ],
                options={
                    'verbose_name': 'member of a client group',
                    'verbose_name_plural': 'members of client groups',
                    'ordering': ['group', 'key'],
                    'indexes': [models.Index(fields=['key'], name='members_by_key')],
                    'constraints': [models.UniqueConstraint(fields=('group', 'key'), name='one_member_per_address'), models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='member_has_an_address'), models.CheckConstraint(condition=models.Q(('accepted_at__isnull', True), ('subscriber__isnull', False), _connector='OR'), name='accepted_member_is_a_reader')],
                },
            ),
            migrations.CreateModel(
                name='Notice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('confirmation', 'confirmation'), ('welcome', 'welcome'), ('undo', 'undo'), ('preferences', 'link to the preferences'), ('address', 'change of address'), ('editor', 'word to an editor'), ('reading', 'link to read on the web'), ('invitation', 'invitation to a client group')], max_length=16, verbose_name='kind')),
                    ('status', models.CharField(choices=[('unsent', 'unsent'), ('sent', 'sent'), ('failed', 'failed')], default='unsent', max_length=8, verbose_name='status')),
                    ('due_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='due')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                    ('error', models.TextField(blank=True, verbose_name='last error')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                    ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                    ('subscription', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='subscribers.subscription', verbose_name='subscription')),
                    ('address', models.CharField(blank=True, max_length=254, verbose_name='other address')),
                    ('subject', models.CharField(blank=True, max_length=200, verbose_name='subject')),
                    ('text', models.TextField(blank=True, verbose_name='text')),
                    ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='editor')),
                    ('publication', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='briefs.publication', verbose_name='publication')),
                    ('record', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='subscribers.consentrecord', verbose_name='consent record')),
                    ('brief', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='briefs.brief', verbose_name='brief')),
                    ('member', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='subscribers.groupmember', verbose_name='member of a client group')),
                ],
                options={
                    'verbose_name': 'notice',
                    'verbose_name_plural': 'notices',
                    'indexes': [models.Index(condition=models.Q(('status', 'unsent')), fields=['due_at'], name='notices_that_wait'), models.Index(condition=models.Q(('member__isnull', False)), fields=['member'], name='notices_of_a_member'), models.Index(condition=models.Q(('brief__isnull', False)), fields=['brief'], name='notices_of_a_brief')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['unsent', 'sent', 'failed'])), name='notice_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='sent_notice_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'editor'), ('member__isnull', True), ('subscription__isnull', True), ('user__isnull', False)), models.Q(('kind', 'invitation'), ('member__isnull', False), ('subscription__isnull', True), ('user__isnull', True)), models.Q(models.Q(('kind__in', ['editor', 'invitation']), _negated=True), ('member__isnull', True), ('subscription__isnull', False), ('user__isnull', True)), _connector='OR'), name='notice_has_one_to_go_to')],
                },
            ),
        ]),
    ]
