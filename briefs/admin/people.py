"""Users and what they are to a publication."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import Field, ForeignKey
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.audit import note_member
from briefs.admin.desk import (
    DeskAdmin,
    badge,
    is_superuser,
    publication_label,
)
from briefs.admin.widgets import INPUT, TimeZoneField
from briefs.models import Membership, User
from briefs.roles import Verb

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.auth.forms import AdminUserCreationForm
else:
    from unfold.admin import ModelAdmin, TabularInline

    AdminUserCreationForm = UserCreationForm

# What a user may do follows from memberships; Django's groups would be a second answer.
admin.site.unregister(Group)


class NormalisedEmail(forms.ModelForm[User]):
    """Stores the log-in in the one form that addresses are compared in."""

    def clean_email(self) -> str:
        """Return the address as its key; refuse what is no address."""
        try:
            key = normalise(self.cleaned_data["email"]).key
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error
        others = User.objects.filter(email=key).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("Somebody logs in with this address already."))
        return key


class NewUser(NormalisedEmail, AdminUserCreationForm):  # type: ignore[type-arg]  # not generic when run
    """Asks for an address and a password."""

    usable_password = None  # type: ignore[assignment]  # no other way in than the password

    class Meta:
        model = User
        fields = ("email", "name", "time_zone", "is_staff")
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_staff"].initial = True


class ChangedUser(NormalisedEmail):
    """Changes a user; the password has a form of its own, and how it is kept is no sight."""

    class Meta:
        model = User
        fields = ("email", "name", "time_zone", "is_staff", "is_active", "is_superuser")
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "is_superuser" in self.fields:
            self.fields["is_superuser"].label = _("Looks after the whole site")
            self.fields["is_superuser"].help_text = _("May do everything, in all publications.")


class MembershipInline(TabularInline[Membership, User]):
    """A user's roles, one per publication."""

    model = Membership
    extra = 0
    verbose_name_plural = _("What they may do")


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin[User]):
    """Colleagues; only who looks after the whole site may add or change them."""

    add_form = NewUser
    form = ChangedUser
    change_password_form = AdminPasswordChangeForm
    ordering = ["email"]
    list_display = ["email", "name", "roles", "active", "last_seen"]
    list_filter = ["is_active", "is_superuser"]
    list_fullwidth = True
    list_filter_sheet = False
    search_fields = ["email", "name"]
    filter_horizontal = ()
    readonly_fields = ["new_password", "last_seen", "joined"]
    inlines = [MembershipInline]
    compressed_fields = False
    fieldsets = [
        (None, {"fields": [("email", "name"), "time_zone", "new_password"]}),
        (
            _("Log-in"),
            {
                "fields": ["is_staff", "is_active", "is_superuser", ("last_seen", "joined")],
                "description": _(
                    "What somebody may do for a publication is their role in it, further down."
                ),
            },
        ),
    ]
    add_fieldsets = [
        (None, {"fields": [("email", "name"), "time_zone"]}),
        (_("Password"), {"fields": ["password1", "password2"]}),
        (_("Log-in"), {"fields": ["is_staff"]}),
    ]

    @admin.display(description=_("Last log-in"), ordering="last_login")
    def last_seen(self, user: User) -> str:
        """Show when somebody last logged in, in the editor's zone."""
        at = user.last_login
        return date_format(timezone.localtime(at), "j M Y, H:i") if at else "–"

    @admin.display(description=_("Joined"))
    def joined(self, user: User) -> str:
        """Show since when somebody has an account, in the editor's zone."""
        return date_format(timezone.localtime(user.date_joined), "j M Y, H:i")

    @admin.display(description=_("Password"))
    def new_password(self, user: User) -> SafeString:
        """Lead to where another is given; the present one is nowhere to be seen."""
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a class="ib-link" href="{}">{}</a>', url, _("Give them a new one"))

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("memberships__publication")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Store the roles, and note who got and who lost one, as on the page of memberships."""
        before = _roles_of(form.instance)
        super().save_formset(request, form, formset, change)
        after = _roles_of(form.instance)
        for publication, membership in before.items():
            if publication not in after:
                note_member(request, membership, "member-gone")
        for publication, membership in after.items():
            old = before.get(publication)
            if old is None or old.role != membership.role:
                note_member(request, membership, "member-set")

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        _note_all_gone(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():  # an action of the list has none of its own
            for user in queryset:
                _note_all_gone(request, user)
            super().delete_queryset(request, queryset)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "time_zone":
            return TimeZoneField(label=_("Time zone"), initial="UTC")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("Roles"))
    def roles(self, user: User) -> str:
        """List the user's roles, the publication first."""
        if user.is_superuser:
            return str(_("the whole site"))
        found = [f"{m.publication}: {m.get_role_display()}" for m in user.memberships.all()]
        return ", ".join(found) or "–"

    @admin.display(description=_("Log-in"), ordering="is_active")
    def active(self, user: User) -> SafeString:
        """Tell whether the user can log in."""
        if user.is_active and user.is_staff:
            return badge(_("active"), "success")
        return badge(_("cannot log in"))


def _roles_of(user: User) -> dict[int, Membership]:
    """Return the stored memberships of *user*, by their publication."""
    rows = Membership.objects.filter(user=user).select_related("user", "publication")
    return {membership.publication_id: membership for membership in rows}


def _note_all_gone(request: HttpRequest, user: User) -> None:
    for membership in _roles_of(user).values():
        note_member(request, membership, "member-gone")


class Colleague(forms.CharField):
    """Somebody who logs in, named by their whole address: a list would show all of the site's."""

    def __init__(self) -> None:
        super().__init__(
            label=_("E-mail address"),
            max_length=254,
            widget=forms.EmailInput({"class": INPUT, "autocomplete": "off"}),
            help_text=_("The one they log in with."),
        )

    def clean(self, value: Any) -> User | None:
        """Return who logs in with the address."""
        text = super().clean(value)
        try:
            found = User.objects.filter(email=normalise(text).key, is_active=True).first()
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error
        if found is None:
            message = _("Nobody logs in with this address. Invite them: “Invitations”, “Add”.")
            raise forms.ValidationError(message)
        return found


@admin.register(Membership)
class MembershipAdmin(DeskAdmin[Membership]):
    """Who may do what; an owner looks after the members of their publication."""

    actions = None  # one by one: together, the last two owners could go

    verbs: ClassVar[dict[str, Verb | None]] = dict.fromkeys(
        ("view", "add", "change", "delete"), "manage"
    )
    list_display = ["user", "publication_name", "role_name"]
    list_filter = ["role", ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "publication"]
    search_fields = ["user__email", "user__name", "publication__name"]
    fieldsets = [
        (
            None,
            {
                "fields": ["user", "publication", "role"],
                "description": _(
                    "A writer drafts briefs, an editor changes anybody’s, a publisher sends them "
                    "and looks after readers, an owner looks after the publication and its "
                    "members. The last owner stays."
                ),
            },
        )
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return ["user", "publication"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_go(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_go(request, obj)

    def _may_go(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the publication has an owner without this one, or somebody above it."""
        membership = self._row(request, obj)
        if membership is None or membership.role != Membership.Role.OWNER or is_superuser(request):
            return True
        owners = Membership.objects.filter(
            publication=membership.publication,
            role=Membership.Role.OWNER,
            user__is_active=True,
            user__is_staff=True,
        ).order_by("pk")
        if request.method == "POST" and connection.in_atomic_block:
            # Of two who leave at once, the second waits here, and is the last one by then.
            owners = owners.select_for_update(of=("self",), no_key=True)
        return any(owner.pk != membership.pk for owner in owners)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        note_member(request, obj, "member-set")

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        note_member(request, obj, "member-gone")
        super().delete_model(request, obj)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "user" and not is_superuser(request):
            return Colleague()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_active=True).order_by("email")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("Publication"), ordering="publication__name")
    def publication_name(self, membership: Membership) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(membership.publication)

    @admin.display(description=_("Role"), ordering="role")
    def role_name(self, membership: Membership) -> SafeString:
        """Show the role as a badge."""
        return badge(membership.get_role_display(), "info")
