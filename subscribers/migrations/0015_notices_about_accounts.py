"""Let notices go to the owner of an account, and to whom a publication asks to work on it."""


import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('briefs', '0014_invitations_and_accounts'),
        ('subscribers', '0001_squashed_0014_find_who_left_by_a_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_has_one_to_go_to',
        ),
        migrations.AddField(
            model_name='notice',
            name='colleague',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='briefs.invitation', verbose_name='invitation'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('confirmation', 'confirmation'), ('welcome', 'welcome'), ('undo', 'undo'), ('preferences', 'link to the preferences'), ('address', 'change of address'), ('editor', 'word to an editor'), ('reading', 'link to read on the web'), ('invitation', 'invitation to a client group'), ('password', 'link to a new password'), ('colleague', 'invitation to work here')], max_length=16, verbose_name='kind'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('colleague__isnull', False)), fields=['colleague'], name='notices_of_a_colleague'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('colleague__isnull', True), ('kind__in', ['editor', 'password']), ('member__isnull', True), ('subscription__isnull', True), ('user__isnull', False)), models.Q(('colleague__isnull', True), ('kind', 'invitation'), ('member__isnull', False), ('subscription__isnull', True), ('user__isnull', True)), models.Q(('colleague__isnull', False), ('kind', 'colleague'), ('member__isnull', True), ('subscription__isnull', True), ('user__isnull', True)), models.Q(models.Q(('kind__in', ['editor', 'password', 'invitation', 'colleague']), _negated=True), ('colleague__isnull', True), ('member__isnull', True), ('subscription__isnull', False), ('user__isnull', True)), _connector='OR'), name='notice_has_one_to_go_to'),
        ),
    ]
