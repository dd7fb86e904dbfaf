"""Client groups at the desk: whom a brief may be for, who is invited, and who has come."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminTextareaWidget

from briefs import audit
from briefs.admin.desk import CappedPaginator, DeskAdmin, badge, editor_of, publication_label
from briefs.models import ClientGroup
from briefs.roles import Verb
from subscribers import groups
from subscribers.admin.subscriptions import moment
from subscribers.doorbell import ring
from subscribers.models import GroupMember
from subscribers.tasks import send_notices

PUBLISHERS: dict[str, Verb | None] = dict.fromkeys(("view", "add", "change", "delete"), "publish")
MOST_LINES = 500
MOST_FAULTS = 10


class GroupForm(forms.ModelForm[ClientGroup]):
    """A group, and whom to put into it."""

    invite = forms.CharField(
        label=gettext_lazy("Invite"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One address or domain a line: ada@bank.example, or @bank.example for everybody there. "
            "Each address is asked by mail and reads once it has accepted; who has an address of "
            "the domain reads once they have proved it by a mailed link."
        ),
    )

    class Meta:
        model = ClientGroup
        fields = ("publication", "name")

    def clean_invite(self) -> list[str]:
        """Return the lines that say something."""
        lines = [line.strip(" ,;\t") for line in self.cleaned_data["invite"].splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if len(found) > MOST_LINES:
            message = _("These are %(number)s lines; %(most)s at a time are the most.")
            numbers = {"number": len(found), "most": MOST_LINES}
            raise forms.ValidationError(message, params=numbers)
        return found


@admin.register(ClientGroup)
class ClientGroupAdmin(DeskAdmin[ClientGroup]):
    """Publishers decide who reads what is not for everybody."""

    verbs: ClassVar[dict[str, Verb | None]] = PUBLISHERS
    form = GroupForm
    list_display = ["name", "home", "members"]
    list_select_related = ["publication"]
    search_fields = ["name"]
    fields = ["publication", "name", "invite"]

    def get_readonly_fields(self, request: HttpRequest, obj: ClientGroup | None = None) -> Any:
        # Its members subscribe to this publication, and its briefs belong to it.
        return ("publication", "members") if obj else ()

    def get_fields(self, request: HttpRequest, obj: ClientGroup | None = None) -> Any:
        return [*self.fields, "members"] if obj else self.fields

    def has_delete_permission(self, request: HttpRequest, obj: ClientGroup | None = None) -> bool:
        row = self._row(request, obj)
        if row is not None and row.briefs.exists():
            return False  # nobody at all could read them then
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        return {}  # a group with briefs stays; the form says so for each

    def save_model(self, request: HttpRequest, obj: ClientGroup, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        by = editor_of(request)
        faults: list[str] = []
        for line in form.cleaned_data["invite"]:
            try:
                groups.add(obj, line, by)
            except groups.CannotInvite as error:
                faults.append(str(error))
        for fault in faults[:MOST_FAULTS]:
            messages.warning(request, fault)
        if len(faults) > MOST_FAULTS:
            left = len(faults) - MOST_FAULTS
            words = ngettext("… and %(n)s line more.", "… and %(n)s lines more.", left)
            messages.warning(request, words % {"n": left})
        ring(send_notices)

    def get_deleted_objects(
        self, objs: QuerySet[ClientGroup] | Sequence[ClientGroup], request: HttpRequest
    ) -> Any:
        """Ask nothing about members and invitations, which go along."""
        found, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: ClientGroup) -> None:
        home, name = obj.publication, obj.name
        super().delete_model(request, obj)
        by = editor_of(request)
        audit.record("group-member-gone", publication=home, by=by, words=f"{name}: all")

    @admin.display(description=gettext_lazy("Publication"), ordering="publication__name")
    def home(self, group: ClientGroup) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(group.publication)

    @admin.display(description=gettext_lazy("Members"))
    def members(self, group: ClientGroup) -> SafeString:
        """Link to who belongs to it."""
        address = reverse("admin:subscribers_groupmember_changelist")
        words = _("Who belongs to it")
        return format_html(
            '<a class="ib-link" href="{}?group__id__exact={}">{}</a>', address, group.pk, words
        )


@admin.register(GroupMember)
class GroupMemberAdmin(DeskAdmin[GroupMember]):
    """Who is in a group; taken out one by one, or several together."""

    publication_path = "group__publication"
    verbs: ClassVar[dict[str, Verb | None]] = {**PUBLISHERS, "add": None, "change": None}
    list_display = ["address", "group", "state", "invited"]
    list_display_links = ["address"]
    list_filter = [("group", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["group"]
    search_fields = ["key"]
    ordering = ["key"]
    sortable_by = ()
    paginator = CappedPaginator
    fields = ["address", "group", "added_at", "invited_at", "accepted_at", "by"]

    def get_deleted_objects(
        self, objs: QuerySet[GroupMember] | Sequence[GroupMember], request: HttpRequest
    ) -> Any:
        """Ask nothing about the invitations that go along: nobody deletes a notice by hand."""
        found, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: GroupMember) -> None:
        groups.remove(obj, editor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[GroupMember]) -> None:
        for member in queryset.select_related("group__publication"):
            groups.remove(member, editor_of(request))

    @admin.display(description=gettext_lazy("State"))
    def state(self, member: GroupMember) -> SafeString:
        """Show whether they read already."""
        if member.is_domain:
            return badge(_("whole domain"), "info")
        if member.accepted_at is not None:
            return badge(_("accepted"), "success")
        return badge(_("invited"), "warning")

    @admin.display(description=gettext_lazy("Invited"))
    def invited(self, member: GroupMember) -> str:
        """Show when they were asked last."""
        return moment(member.invited_at) if member.invited_at else "–"
