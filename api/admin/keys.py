"""Keys of the API at the desk: made by owners, shown once, revoked by a button."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from api import keys
from api.models import ApiKey
from api.models.keys import Scope
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    badge,
    editor_of,
    number,
    publication_label,
    publications_for,
)
from briefs.admin.widgets import INPUT
from briefs.models import Publication
from briefs.roles import Verb
from subscribers.admin.subscriptions import moment

WHEN = "%Y-%m-%dT%H:%M"
LONGEST = dt.timedelta(days=3650)


class KeyForm(forms.ModelForm[ApiKey]):
    """What a key is for, and until when."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Expires"),
        required=False,
        input_formats=[WHEN],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": INPUT}, format=WHEN),
        help_text=gettext_lazy("Empty: when it is revoked."),
    )

    class Meta:
        model = ApiKey
        fields = ("publication", "name", "expires_at", "scopes")

    def __init__(self, *args: Any, publications: QuerySet[Publication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["publication"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = publications
        choice.initial = publications.first()
        for name in ("publication", "name"):
            self.fields[name].widget.attrs["class"] = INPUT

    def clean_expires_at(self) -> Any:
        """Refuse a key that never was good, and years that are typing errors."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and not timezone.now() < expires_at < timezone.now() + LONGEST:
            raise ValidationError(_("Choose a time that is to come, within ten years."))
        return expires_at


def standing(key: ApiKey) -> SafeString:
    """Return whether *key* opens anything, as a badge."""
    if key.revoked_at:
        return badge(_("revoked"), "neutral")
    if not key.is_good(timezone.now()):
        return badge(_("expired"), "warning")
    if not key.user.is_active:
        return badge(_("asleep: its user is not active"), "warning")
    return badge(_("good"), "success")


@admin.register(ApiKey)
class ApiKeyAdmin(DeskAdmin[ApiKey]):
    """For owners: a key acts as whoever made it."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "manage",
        "add": "manage",
        "change": "manage",
        "delete": None,  # revoked, it opens nothing, and what it was stays to be seen
    }
    list_display = ["label", "publication_name", "acts_as", "status_badge", "used"]
    list_display_links = ["label"]
    list_select_related = ["publication", "user"]
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    actions = None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:pk>/revoke/", view, name="api_apikey_revoke"), *super().get_urls()]

    @admin.display(description=gettext_lazy("Key"))
    def label(self, key: ApiKey) -> str:
        """Show what it is for, and how it begins."""
        return str(key)

    @admin.display(description=gettext_lazy("Publication"))
    def publication_name(self, key: ApiKey) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(key.publication)

    @admin.display(description=gettext_lazy("Acts as"))
    def acts_as(self, key: ApiKey) -> str:
        """Show whose rights it has."""
        return str(key.user)

    @admin.display(description=gettext_lazy("Status"))
    def status_badge(self, key: ApiKey) -> SafeString:
        """Show whether it opens anything."""
        return standing(key)

    @admin.display(description=gettext_lazy("Last used"))
    def used(self, key: ApiKey) -> str:
        """Show when it was used last."""
        return moment(key.last_used_at)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a key, or make one, which stands on the answer to that POST and nowhere else."""
        if object_id is not None:
            return self._shown(request, self._asked_for(request, object_id))
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        form = KeyForm(data, publications=publications_for(request, "manage"))
        if data is not None and form.is_valid():
            given = form.cleaned_data
            key, plain = keys.make(
                given["publication"],
                editor_of(request),
                name=given["name"],
                scopes=given["scopes"],
                expires_at=given["expires_at"],
            )
            return self._shown(request, key, plain)
        return self._page(request, _("A new API key"), form=form)

    def _shown(self, request: HttpRequest, key: ApiKey, plain: str = "") -> HttpResponse:
        scopes = [(scope, words) for scope, words in Scope.choices if scope in key.scopes]
        page = self._page(
            request, _("API key"), key=key, plain=plain, standing=standing(key), scopes=scopes
        )
        page["Cache-Control"] = "no-store"
        return page

    def _page(self, request: HttpRequest, title: str, **context: Any) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            **context,
        }
        return TemplateResponse(request, "admin/api/key.html", whole)

    def _asked_for(self, request: HttpRequest, object_id: str) -> ApiKey:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("publication", "user")
        key = rows.filter(pk=number(object_id) or 0).first()
        if key is None:
            raise Http404
        return key

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Revoke a key; a GET leads to its page."""
        key = self._asked_for(request, str(pk))
        if request.method == "POST":
            if keys.revoke(key, editor_of(request)):
                messages.success(request, _("Revoked: it opens nothing any more."))
            else:
                messages.info(request, _("It had been revoked already."))
        return HttpResponseRedirect(reverse("admin:api_apikey_change", args=[key.pk]))
