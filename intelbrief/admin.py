"""People at the desk: whom a publication invites, what was done with accounts, lost second factors.

It stands above the app that has the users, since it sends notices.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs import accounts, invitations, second_factor
from briefs.addresses import InvalidAddress
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    EvidenceAdmin,
    badge,
    editor_of,
    is_superuser,
    publication_label,
)
from briefs.admin.people import UserAdmin
from briefs.models import AccountEntry, Invitation, User
from briefs.roles import Verb
from intelbrief.log_in.browsers import named
from intelbrief.log_in.noting import origin_of, tell
from subscribers import notices
from subscribers.doorbell import ring
from subscribers.tasks import send_notices

if TYPE_CHECKING:
    from django.forms import ModelForm

# allauth shows its tables to whoever looks after the site: secrets, and forms past our rules.
for _model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class InvitationForm(forms.ModelForm[Invitation]):
    """Asks whom to invite, for what; what is wrong with it is said beside the field."""

    class Meta:
        model = Invitation
        fields = ("publication", "address", "role")

    def clean(self) -> dict[str, Any] | None:
        """Refuse who works there already; an open invitation is renewed instead."""
        found = super().clean()
        publication, address = (self.cleaned_data.get(name) for name in ("publication", "address"))
        if publication and address:
            try:
                invitations.check(publication, address)
            except (InvalidAddress, invitations.WorksHere) as error:
                self.add_error("address", str(error))
        return found

    def validate_constraints(self) -> None:
        """Leave the one open invitation of an address to the verb, which renews it."""


@admin.register(Invitation)
class InvitationAdmin(DeskAdmin[Invitation]):
    """Owners ask people to work on their publication; a mail carries the link."""

    form = InvitationForm
    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "manage",
        "add": "manage",
        "change": None,
        "delete": None,
    }
    actions = ["mail_again", "withdraw"]
    list_display = ["address", "publication_name", "role_name", "state", "mailed", "inviter"]
    list_filter = ["status", ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["publication", "by"]
    search_fields = ["address"]
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {
                "fields": ["publication", "address", "role"],
                "description": gettext_lazy(
                    "We mail a link that works once, for seven days. Who has an account already "
                    "logs in and accepts; who has none makes one."
                ),
            },
        )
    ]

    def save_model(
        self, request: HttpRequest, obj: Invitation, form: "ModelForm[Invitation]", change: bool
    ) -> None:
        """Invite, and have it mailed."""
        if not self.may(request, "manage", obj):
            raise PermissionDenied
        made = invitations.invite(obj.publication, obj.address, obj.role, by=editor_of(request))
        obj.pk = made.pk
        notices.invite_colleague(made)
        ring(send_notices)

    def log_addition(self, *_given: Any, **_more: Any) -> Any:
        """Leave it to the audit trail."""

    @admin.action(description=gettext_lazy("Mail again, for another week"))
    def mail_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Mail the chosen ones that are open; links of earlier mails end."""
        done = 0
        for invitation in queryset.select_related("publication"):
            if not self.may(request, "manage", invitation):
                raise PermissionDenied
            if invitations.resend(invitation, by=editor_of(request)):
                invitation.refresh_from_db()
                notices.invite_colleague(invitation)
                done += 1
        ring(send_notices)
        messages.success(request, _("Mailed again: %(number)s.") % {"number": done})

    @admin.action(description=gettext_lazy("Take back"))
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Take the chosen ones back that are open."""
        done = 0
        for invitation in queryset.select_related("publication"):
            if not self.may(request, "manage", invitation):
                raise PermissionDenied
            done += invitations.withdraw(invitation, by=editor_of(request))
        messages.success(request, _("Taken back: %(number)s.") % {"number": done})

    @admin.display(description=gettext_lazy("Publication"), ordering="publication__name")
    def publication_name(self, invitation: Invitation) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(invitation.publication)

    @admin.display(description=gettext_lazy("Role"), ordering="role")
    def role_name(self, invitation: Invitation) -> SafeString:
        """Show the role as a badge."""
        return badge(invitation.get_role_display(), "info")

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state(self, invitation: Invitation) -> SafeString:
        """Show what became of it."""
        tones = {"open": "warning", "accepted": "success", "withdrawn": "neutral"}
        over = invitation.sent_at < timezone.now() - invitations.GOOD_FOR
        if invitation.status == Invitation.Status.OPEN and over:
            return badge(_("too old"))
        return badge(invitation.get_status_display(), tones[invitation.status])

    @admin.display(description=gettext_lazy("Mailed"), ordering="sent_at")
    def mailed(self, invitation: Invitation) -> str:
        """Show when the last mail went, in the editor's zone."""
        return date_format(timezone.localtime(invitation.sent_at), "j M Y, H:i")

    @admin.display(description=gettext_lazy("By"))
    def inviter(self, invitation: Invitation) -> str:
        """Show who invited."""
        return str(invitation.by)


@admin.register(AccountEntry)
class AccountEntryAdmin(EvidenceAdmin[AccountEntry]):
    """Log-ins and what was done with accounts, the latest first; for who looks after the site.

    Everybody has their own on “Your log-in”.
    """

    publication_path = "pk"
    verbs: ClassVar[dict[str, Verb | None]] = dict.fromkeys(("view", "add", "change", "delete"))
    list_display = ["when", "who", "did", "words", "where", "by_name"]
    list_display_links = ["when"]
    search_fields = ["user_name"]
    list_filter = ["verb"]
    ordering = ["-id"]
    paginator = CappedPaginator
    fields = ["at", "user_name", "did", "words", "by_name", "typed", "ip", "user_agent"]
    readonly_fields = ["did"]

    def has_view_permission(self, request: HttpRequest, obj: AccountEntry | None = None) -> bool:
        return is_superuser(request)

    @admin.display(description=gettext_lazy("When"), ordering="id")
    def when(self, entry: AccountEntry) -> str:
        """Show the moment in the reader's zone."""
        return date_format(timezone.localtime(entry.at), "j M Y, H:i")

    @admin.display(description=gettext_lazy("Account"))
    def who(self, entry: AccountEntry) -> str:
        """Show the account; where nobody has it, the fingerprint of what was typed."""
        return entry.user_name or (f"? {entry.typed[:8]}" if entry.typed else "–")

    @admin.display(description=gettext_lazy("What"))
    def did(self, entry: AccountEntry) -> str:
        """Show the step in words."""
        return str(accounts.VERBS.get(entry.verb, entry.verb))

    @admin.display(description=gettext_lazy("Where"))
    def where(self, entry: AccountEntry) -> str:
        """Show browser and origin, while they are kept."""
        return f"{named(entry.user_agent)} · {entry.ip}" if entry.ip else "–"


admin.site.unregister(User)


@admin.register(User)
class PeopleAdmin(UserAdmin):
    """Colleagues, as the app below shows them, and what only this one can do for them."""

    actions = ["reset_second_factors"]

    @admin.action(description=gettext_lazy("Take second factors away (they were lost)"))
    def reset_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the chosen ones log in by password alone until they have set up a new factor."""
        if not is_superuser(request):
            raise PermissionDenied
        for user in queryset:
            forget_second_factors(user, by=editor_of(request))
        words = _("Done. They log in by their password, and are told by mail.")
        messages.success(request, words)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  (Django's name)
        form_url: str = "",
    ) -> HttpResponse:
        """Set somebody's password, and note who did; one's own has a page that asks for the old."""
        user = self.get_object(request, id)
        if user is not None and user.pk == request.user.pk:
            return HttpResponseRedirect(reverse("account_change_password"))
        response = super().user_change_password(request, id, form_url)
        if user is not None and request.method == "POST":
            now = User.objects.get(pk=user.pk)
            if now.password != user.password:
                by = editor_of(request)
                accounts.record("password-changed", now, by=by, **origin_of(request))
                tell(now, _("Your password was changed"), _("By %(name)s.") % {"name": by})
        return response


def forget_second_factors(user: User, *, by: User | None) -> int:
    """Take away the second factors of *user*, who is told; return how many there were."""
    found = second_factor.reset(user, by=by)
    text = _(
        "You log in by your password alone until you set up a new one. If you did not ask for "
        "it, tell who looks after the site at once."
    )
    tell(user, _("Your second factors were taken away"), text)
    return found
