"""Make all tables of briefs at once, as the migrations that it replaces leave them.

Those stay for a database that has applied some of them. Left out is what they did to rows:
a new database has none.
"""

import briefs.models.append_only
import briefs.models.briefs
import briefs.models.publications
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from briefs.at_once import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('briefs', '0001_first'),
        ('briefs', '0002_welcome_shows_latest'),
        ('briefs', '0003_weekly_digest'),
        ('briefs', '0004_sign_off_and_writing'),
        ('briefs', '0005_evidence_names_nobody_who_is_gone'),
        ('briefs', '0006_a_deleted_draft_leaves_its_trail'),
        ('briefs', '0007_archive_and_access'),
        ('briefs', '0008_who_wants_the_weekly_summary'),
        ('briefs', '0009_old_addresses_of_publications'),
        ('briefs', '0010_since_when_readers_are_told_apart'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                    ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                    ('time_zone', models.CharField(default='UTC', max_length=64, validators=[briefs.models.publications.validate_time_zone], verbose_name='time zone')),
                    ('is_staff', models.BooleanField(default=False, help_text='Editors need this.', verbose_name='may log in to the admin')),
                    ('is_active', models.BooleanField(default=True, help_text='Clear this instead of deleting a colleague.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='joined')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'verbose_name': 'user',
                    'verbose_name_plural': 'users',
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='one_user_per_email')],
                },
            ),
            migrations.CreateModel(
                name='Author',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120, validators=[briefs.models.publications.validate_header_text], verbose_name='name')),
                    ('slug', models.SlugField(max_length=120, unique=True, verbose_name='web address')),
                    ('about', models.TextField(blank=True, verbose_name='about')),
                    ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='author', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ],
                options={
                    'verbose_name': 'author',
                    'verbose_name_plural': 'authors',
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='Publication',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120, validators=[briefs.models.publications.validate_header_text], verbose_name='name')),
                    ('slug', models.SlugField(help_text='The part of the address after the site: /<this>/.', max_length=60, unique=True, validators=[briefs.models.publications.validate_slug_is_free], verbose_name='web address')),
                    ('tagline', models.CharField(blank=True, help_text='One sentence for the sign-up page.', max_length=200, verbose_name='tagline')),
                    ('description', models.TextField(blank=True, help_text='What readers get, and when. Markdown.', verbose_name='description')),
                    ('series', models.CharField(blank=True, help_text='The standing title before each headline, as in “Daily Brief: …”.', max_length=80, validators=[briefs.models.publications.validate_header_text], verbose_name='series')),
                    ('is_public', models.BooleanField(default=True, help_text='Anyone may subscribe and read the briefs.', verbose_name='public')),
                    ('sender_name', models.CharField(blank=True, max_length=120, validators=[briefs.models.publications.validate_header_text], verbose_name='sender name')),
                    ('sender_address', models.CharField(blank=True, max_length=254, validators=[briefs.models.publications.validate_address], verbose_name='sender address')),
                    ('reply_to', models.CharField(blank=True, max_length=254, validators=[briefs.models.publications.validate_address], verbose_name='reply-to')),
                    ('postal_address', models.TextField(blank=True, help_text='The law asks for one in every brief; nothing is sent while it is empty.', verbose_name='postal address')),
                    ('contact_block', models.TextField(blank=True, help_text='Stands under every brief. Markdown.', verbose_name='contact block')),
                    ('colour', models.CharField(default='#1f4e79', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$', 'Write a colour like #1f4e79.')], verbose_name='colour')),
                    ('logo', models.ImageField(blank=True, upload_to='logos/', validators=[django.core.validators.FileExtensionValidator(['png', 'jpg', 'jpeg', 'gif', 'webp'])], verbose_name='logo')),
                    ('language', models.CharField(choices=[('en', 'English'), ('de', 'Deutsch'), ('fr', 'Français'), ('es', 'Español')], default='en', max_length=10, verbose_name='language')),
                    ('time_zone', models.CharField(default='UTC', max_length=64, validators=[briefs.models.publications.validate_time_zone], verbose_name='time zone')),
                    ('tracking', models.CharField(choices=[('off', 'off: links go straight to their target'), ('totals', 'totals only: no reader can be told from another'), ('per-reader', 'per reader: named in the sign-up wording')], default='totals', help_text='Per reader needs readers’ consent: the usual sign-up wording then names it, and one of your own has to. Who signed up before is still counted in totals only. A stricter choice holds at once, for mails on their way too.', max_length=10, verbose_name='opens and clicks')),
                    ('consent_wording', models.TextField(blank=True, help_text='What readers agree to; each change is kept with the consents given under it.', verbose_name='sign-up wording')),
                    ('unsubscribe_wording', models.CharField(blank=True, help_text='The words of the link at the foot of each mail.', max_length=200, verbose_name='unsubscribe wording')),
                    ('privacy_url', models.URLField(blank=True, help_text='Empty: the page that comes with the site.', verbose_name='privacy notice')),
                    ('imprint_url', models.URLField(blank=True, help_text='Empty: the page that comes with the site.', verbose_name='imprint')),
                    ('hold_seconds', models.PositiveIntegerField(default=60, help_text='How long “publish now” can be taken back.', validators=[django.core.validators.MaxValueValidator(3600)], verbose_name='hold before sending, in seconds')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                    ('welcome_shows_latest', models.BooleanField(default=False, help_text='The welcome of a new reader brings the latest brief with it.', verbose_name='latest brief in the welcome')),
                    ('digest_hour', models.PositiveSmallIntegerField(default=16, help_text='In the publication’s time zone; for readers who chose it.', validators=[django.core.validators.MaxValueValidator(23)], verbose_name='hour of the weekly digest')),
                    ('digest_weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], default=4, verbose_name='day of the weekly digest')),
                    ('audience_share', models.PositiveSmallIntegerField(default=30, help_text='The desk warns when an audience differs from the last one by more than this.', validators=[django.core.validators.MaxValueValidator(1000)], verbose_name='unusual audience, in percent')),
                    ('footer', models.TextField(blank=True, help_text='Markdown; under the contact block.', verbose_name='foot of every mail')),
                    ('frame', models.CharField(choices=[('sheet', 'sheet: white on a shaded page'), ('plain', 'plain: text on the page itself'), ('letter', 'letter: serifs, and no colour but in links')], default='sheet', max_length=10, verbose_name='frame')),
                    ('header', models.CharField(blank=True, help_text='Stands in every mail under the name, as in “Monday to Friday”.', max_length=200, validators=[briefs.models.publications.validate_header_text], verbose_name='line above the brief')),
                    ('needs_approval', models.BooleanField(default=False, help_text='A brief goes out only once somebody who did not write it has approved it.', verbose_name='two-person rule')),
                    ('feed_full_text', models.BooleanField(default=True, help_text='Else the summary with a link; either way only what a reader may read.', verbose_name='whole briefs in feeds')),
                    ('shows_locked_headlines', models.BooleanField(default=False, help_text='The page of a brief for subscribers tells everybody its headline, and no more.', verbose_name='headlines of briefs for subscribers')),
                    ('tracks_readers_since', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('default_topics', models.ManyToManyField(blank=True, related_name='+', to='briefs.topic', verbose_name='topics of a new brief')),
                ],
                options={
                    'verbose_name': 'publication',
                    'verbose_name_plural': 'publications',
                    'ordering': ['name'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('tracking__in', ['off', 'totals', 'per-reader'])), name='publication_tracking_is_known'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='publication_has_a_name'), models.CheckConstraint(condition=models.Q(('digest_hour__lte', 23), ('digest_weekday__lte', 6)), name='publication_digest_has_a_time'), models.CheckConstraint(condition=models.Q(('frame__in', ['sheet', 'plain', 'letter'])), name='publication_frame_is_known')],
                },
            ),
            migrations.CreateModel(
                name='Membership',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('role', models.CharField(choices=[('writer', 'writer'), ('editor', 'editor'), ('publisher', 'publisher'), ('owner', 'owner')], default='writer', max_length=10, verbose_name='role')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='briefs.publication')),
                    ('weekly_summary', models.BooleanField(default=True, help_text='Mailed on Mondays to editors, publishers and owners.', verbose_name='weekly summary')),
                ],
                options={
                    'verbose_name': 'membership',
                    'verbose_name_plural': 'memberships',
                    'constraints': [models.UniqueConstraint(fields=('user', 'publication'), name='one_role_per_publication'), models.CheckConstraint(condition=models.Q(('role__in', ['writer', 'editor', 'publisher', 'owner'])), name='membership_role_is_known')],
                },
            ),
            migrations.CreateModel(
                name='Topic',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80, verbose_name='name')),
                    ('slug', models.SlugField(max_length=80, verbose_name='web address')),
                    ('kind', models.CharField(choices=[('subject', 'subject'), ('region', 'region')], default='subject', max_length=10, verbose_name='kind')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='topics', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'topic',
                    'verbose_name_plural': 'topics',
                    'ordering': ['kind', 'name'],
                    'constraints': [models.UniqueConstraint(fields=('publication', 'slug'), name='one_topic_per_slug')],
                },
            ),
            migrations.CreateModel(
                name='Image',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('file', models.ImageField(height_field='height', upload_to='images/%Y/%m/', validators=[django.core.validators.FileExtensionValidator(['png', 'jpg', 'jpeg', 'gif', 'webp'])], verbose_name='file', width_field='width')),
                    ('alt', models.CharField(max_length=300, verbose_name='alternative text')),
                    ('width', models.PositiveIntegerField(verbose_name='width')),
                    ('height', models.PositiveIntegerField(verbose_name='height')),
                    ('digest', models.CharField(max_length=64, verbose_name='digest')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='uploaded')),
                    ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='images', to='briefs.publication')),
                ],
                options={
                    'verbose_name': 'image',
                    'verbose_name_plural': 'images',
                    'ordering': ['-at', '-id'],
                    'constraints': [models.UniqueConstraint(fields=('publication', 'digest'), name='one_file_per_image'), models.CheckConstraint(condition=models.Q(('alt', ''), _negated=True), name='image_has_words')],
                },
            ),
            migrations.CreateModel(
                name='Snippet',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80, verbose_name='name')),
                    ('kind', models.CharField(choices=[('contact', 'contact block'), ('disclaimer', 'disclaimer'), ('sponsor', 'sponsor’s line'), ('other', 'other')], default='other', max_length=10, verbose_name='kind')),
                    ('text', models.TextField(help_text='Markdown.', verbose_name='text')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='snippets', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'snippet',
                    'verbose_name_plural': 'snippets',
                    'ordering': ['publication', 'name'],
                    'constraints': [models.UniqueConstraint(fields=('publication', 'name'), name='one_snippet_per_name'), models.CheckConstraint(condition=models.Q(('kind__in', ['contact', 'disclaimer', 'sponsor', 'other'])), name='snippet_kind_is_known')],
                },
            ),
            migrations.CreateModel(
                name='ClientGroup',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80, verbose_name='name')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='groups', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'client group',
                    'verbose_name_plural': 'client groups',
                    'ordering': ['publication', 'name'],
                    'constraints': [models.UniqueConstraint(fields=('publication', 'name'), name='one_group_per_name'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='group_has_a_name')],
                },
            ),
            migrations.CreateModel(
                name='Brief',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('series', models.CharField(blank=True, max_length=80, validators=[briefs.models.publications.validate_header_text], verbose_name='series')),
                    ('headline', models.CharField(max_length=200, validators=[briefs.models.publications.validate_header_text], verbose_name='headline')),
                    ('slug', models.SlugField(blank=True, help_text='Empty: made from the headline when it is sent.', max_length=100, verbose_name='web address')),
                    ('date', models.DateField(default=briefs.models.briefs.today, verbose_name='date line')),
                    ('preheader', models.CharField(blank=True, help_text='What an inbox shows after the subject. Empty: the first key point.', max_length=200, validators=[briefs.models.publications.validate_header_text], verbose_name='preheader')),
                    ('body', models.TextField(blank=True, help_text='Markdown.', verbose_name='body')),
                    ('contact_block', models.TextField(blank=True, help_text="Empty: the publication's. Markdown.", verbose_name='contact block')),
                    ('access', models.CharField(choices=[('public', 'everyone'), ('subscribers', 'subscribers'), ('groups', 'client groups')], default='public', max_length=12, verbose_name='who may read it on the web')),
                    ('status', models.CharField(choices=[('draft', 'draft'), ('in-review', 'in review'), ('approved', 'approved'), ('published', 'published')], db_index=True, default='draft', max_length=10, verbose_name='status')),
                    ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                    ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                    ('authors', models.ManyToManyField(blank=True, to='briefs.author', verbose_name='authors')),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='briefs', to='briefs.publication', verbose_name='publication')),
                    ('topics', models.ManyToManyField(blank=True, to='briefs.topic', verbose_name='topics')),
                    ('digest_of', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('alarmed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('due_at', models.DateTimeField(blank=True, help_text='When it shall go out; nothing is sent by this alone.', null=True, verbose_name='due')),
                    ('embargo_until', models.DateTimeField(blank=True, help_text='Nobody reads it before, on the web or by mail.', null=True, verbose_name='embargo until')),
                    ('text_version', models.PositiveIntegerField(default=1, editable=False)),
                    ('readable_until', models.DateTimeField(blank=True, help_text='Nobody reads it from then on, and it is not mailed any more.', null=True, verbose_name='readable until')),
                    ('groups', models.ManyToManyField(blank=True, related_name='briefs', to='briefs.clientgroup', verbose_name='client groups')),
                    ('published_revision', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.revision', verbose_name='published revision')),
                    ('approved_revision', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.revision')),
                    ('submitted_revision', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.revision')),
                ],
                options={
                    'verbose_name': 'brief',
                    'verbose_name_plural': 'briefs',
                    'ordering': ['-date', '-id'],
                    'indexes': [models.Index(condition=models.Q(('due_at__isnull', False), ('published_at__isnull', True)), fields=['due_at'], name='briefs_that_are_due'), models.Index(fields=['publication', '-date', '-id'], name='briefs_of_a_publication'), models.Index(fields=['publication', 'status', '-date', '-published_at', '-id'], name='briefs_in_an_archive'), models.Index(fields=['status', '-date', '-published_at', '-id'], name='briefs_on_the_site')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('slug', ''), _negated=True), fields=('publication', 'date', 'slug'), name='one_brief_per_web_address'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'in-review', 'approved', 'published'])), name='brief_status_is_known'), models.UniqueConstraint(fields=('publication', 'digest_of'), name='one_digest_per_week'), models.CheckConstraint(condition=models.Q(('access__in', ['public', 'subscribers', 'groups'])), name='brief_access_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'published'), _negated=True), models.Q(('published_at__isnull', False), ('published_revision__isnull', False)), _connector='OR'), name='published_brief_has_revision_and_time'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'approved'), _negated=True), ('approved_revision__isnull', False), _connector='OR'), name='approved_brief_has_a_revision'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'in-review'), _negated=True), ('submitted_revision__isnull', False), _connector='OR'), name='brief_in_review_has_a_revision')],
                },
            ),
            migrations.CreateModel(
                name='KeyPoint',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveIntegerField(db_index=True, default=0, verbose_name='position')),
                    ('text', models.TextField(verbose_name='text')),
                    ('brief', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='key_points', to='briefs.brief')),
                ],
                options={
                    'verbose_name': 'key point',
                    'verbose_name_plural': 'key points',
                    'ordering': ['position', 'id'],
                },
            ),
            migrations.CreateModel(
                name='Revision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField(verbose_name='number')),
                    ('snapshot', models.JSONField(verbose_name='snapshot')),
                    ('digest', models.CharField(max_length=64, verbose_name='digest')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                    ('brief', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='briefs.brief')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=briefs.models.append_only.unname, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'revision',
                    'verbose_name_plural': 'revisions',
                    'ordering': ['brief', '-number'],
                    'constraints': [models.UniqueConstraint(fields=('brief', 'number'), name='one_revision_per_number'), models.UniqueConstraint(fields=('brief', 'digest'), name='one_revision_per_content')],
                },
            ),
            migrations.CreateModel(
                name='Approval',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='approved')),
                    ('reason', models.TextField(blank=True, verbose_name='reason of an override')),
                    ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='taken back')),
                    ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='briefs.revision')),
                ],
                options={
                    'verbose_name': 'approval',
                    'verbose_name_plural': 'approvals',
                    'ordering': ['-at', '-id'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('revision',), name='one_standing_approval_per_revision')],
                },
            ),
            migrations.CreateModel(
                name='AuditEntry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('verb', models.CharField(max_length=24, verbose_name='what')),
                    ('by_name', models.CharField(blank=True, max_length=254, verbose_name='name')),
                    ('edition', models.BigIntegerField(blank=True, null=True, verbose_name='edition')),
                    ('words', models.TextField(blank=True, verbose_name='words')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                    ('brief', models.ForeignKey(blank=True, null=True, on_delete=briefs.models.append_only.unname, related_name='audit', to='briefs.brief', verbose_name='brief')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=briefs.models.append_only.unname, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audit', to='briefs.publication', verbose_name='publication')),
                    ('revision', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.revision', verbose_name='revision')),
                ],
                options={
                    'verbose_name': 'audit entry',
                    'verbose_name_plural': 'audit trail',
                    'ordering': ['-at', '-id'],
                    'indexes': [models.Index(fields=['brief', 'at'], name='audit_of_a_brief'), models.Index(fields=['publication', 'at'], name='audit_of_a_publication')],
                },
            ),
            migrations.CreateModel(
                name='Comment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                    ('text', models.TextField(verbose_name='comment')),
                    ('quote', models.TextField(blank=True, verbose_name='about')),
                    ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='settled')),
                    ('brief', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='briefs.brief')),
                    ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'comment',
                    'verbose_name_plural': 'comments',
                    'ordering': ['at', 'id'],
                },
            ),
            migrations.CreateModel(
                name='Correction',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('notice', models.TextField(help_text='What was wrong and what is right, in a sentence for readers.', verbose_name='notice')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='corrected')),
                    ('brief', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='briefs.brief')),
                    ('by', models.ForeignKey(null=True, on_delete=briefs.models.append_only.unname, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('right', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.revision')),
                    ('wrong', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='briefs.revision')),
                ],
                options={
                    'verbose_name': 'correction',
                    'verbose_name_plural': 'corrections',
                    'ordering': ['-at', '-id'],
                    'constraints': [models.UniqueConstraint(fields=('brief', 'right'), name='one_correction_per_revision')],
                },
            ),
            migrations.CreateModel(
                name='Draft',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(blank=True, max_length=36)),
                    ('fields', models.JSONField(default=dict)),
                    ('base', models.PositiveIntegerField(default=0)),
                    ('turn', models.PositiveIntegerField(default=0)),
                    ('saved_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='kept')),
                    ('brief', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='briefs.brief')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'unsaved draft',
                    'verbose_name_plural': 'unsaved drafts',
                    'ordering': ['-saved_at'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('brief__isnull', False)), fields=('user', 'brief'), name='one_draft_per_writer_and_brief'), models.UniqueConstraint(condition=models.Q(('brief__isnull', True)), fields=('user', 'key'), name='one_draft_per_writer_and_page'), models.CheckConstraint(condition=models.Q(('brief__isnull', False), models.Q(('key', ''), _negated=True), _connector='OR'), name='draft_is_of_something')],
                },
            ),
            migrations.CreateModel(
                name='Redirect',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('path', models.CharField(max_length=400, unique=True, verbose_name='old address')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='since')),
                    ('brief', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='redirects', to='briefs.brief', verbose_name='brief')),
                    ('publication', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='redirects', to='briefs.publication', verbose_name='publication')),
                ],
                options={
                    'verbose_name': 'redirect',
                    'verbose_name_plural': 'redirects',
                    'constraints': [models.CheckConstraint(condition=models.Q(('path__startswith', '/')), name='redirect_begins_with_a_slash'), models.CheckConstraint(condition=models.Q(models.Q(('brief__isnull', False), ('publication__isnull', True)), models.Q(('brief__isnull', True), ('publication__isnull', False)), _connector='OR'), name='redirect_leads_to_one_place')],
                },
            ),
            migrations.CreateModel(
                name='Rendition',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('pdf', 'PDF'), ('card', 'picture for link previews')], max_length=8, verbose_name='kind')),
                    ('digest', models.CharField(max_length=64, verbose_name='digest')),
                    ('status', models.CharField(choices=[('wanted', 'wanted'), ('ready', 'ready'), ('failed', 'failed')], default='wanted', max_length=8, verbose_name='status')),
                    ('due_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='due')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                    ('error', models.TextField(blank=True, verbose_name='last error')),
                    ('octets', models.PositiveIntegerField(default=0, verbose_name='size')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                    ('made_at', models.DateTimeField(blank=True, null=True, verbose_name='made')),
                    ('brief', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='briefs.brief', verbose_name='brief')),
                ],
                options={
                    'verbose_name': 'rendition',
                    'verbose_name_plural': 'renditions',
                    'indexes': [models.Index(condition=models.Q(('status', 'wanted')), fields=['due_at'], name='renditions_that_wait')],
                    'constraints': [models.UniqueConstraint(fields=('brief', 'kind', 'digest'), name='one_rendition_per_content'), models.CheckConstraint(condition=models.Q(('status__in', ['wanted', 'ready', 'failed'])), name='rendition_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'ready'), _negated=True), ('made_at__isnull', False), _connector='OR'), name='ready_rendition_has_a_time')],
                },
            ),
        ]),
    ]
