"""Key points as ordered rows of the brief's form."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from briefs.admin.brief_form import at_most
from briefs.admin.widgets import Growing
from briefs.models import Brief, KeyPoint
from briefs.rendering import LONGEST_LINE

if TYPE_CHECKING:
    from django.contrib.admin import TabularInline
else:
    from unfold.admin import TabularInline


class KeyPointForm(forms.ModelForm[KeyPoint]):
    """One row; a row that was left empty is no key point."""

    class Meta:
        model = KeyPoint
        fields = ("text", "position")
        widgets = {
            "text": Growing({"aria-label": _("Key point")}),
            "position": forms.NumberInput({"class": "ib-position", "aria-label": _("Position")}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "text" in self.fields:
            self.fields["text"].validators.append(at_most(LONGEST_LINE))

    def is_empty(self) -> bool:
        """Tell whether the row has no words."""
        return not str(self.data.get(self.add_prefix("text")) or "").strip()

    def has_changed(self) -> bool:
        # A script numbers every row; a number alone makes no key point.
        is_new = self.instance._state.adding
        if is_new and self.is_bound and self.is_empty():
            return False
        return super().has_changed()


class KeyPointFormSet(BaseInlineFormSet[KeyPoint, Brief, KeyPointForm]):
    """The rows, in the order of their position; emptying a row removes it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["position"].required = False
        if index is not None and form.instance.pk is None:
            form.fields["position"].initial = index + 1

    def _should_delete_form(self, form: Any) -> bool:
        asked: Any = super()._should_delete_form  # type: ignore[misc]  # not in the stubs
        return bool(asked(form)) or bool(form.is_empty())

    def save(self, commit: bool = True) -> list[KeyPoint]:
        """Store the rows and number them from 1, as gaps and repeats come from hand editing."""
        for form in self.forms:
            if form.cleaned_data.get("position") is None:
                form.instance.position = len(self.forms)
        saved = super().save(commit)
        if commit:
            rows = self.instance.key_points.order_by("position", "pk")
            for position, point in enumerate(rows, start=1):
                if point.position != position:
                    KeyPoint.objects.filter(pk=point.pk).update(position=position)
        return saved


class KeyPointInline(TabularInline[KeyPoint, Brief]):
    """The rows beneath the headline."""

    model = KeyPoint
    form = KeyPointForm
    formset = KeyPointFormSet  # type: ignore[assignment]  # with its own form
    extra = 0
    fields = ["text", "position"]

    # Who may change the brief may change its points; Django would ask for a
    # permission on the rows' own model, which memberships know nothing of.
    def has_view_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        return self._may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        return self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        return self._may_change(request, obj)

    def _may_change(self, request: HttpRequest, obj: Brief | None) -> bool:
        return self.admin_site.get_model_admin(Brief).has_change_permission(request, obj)

    def get_extra(self, request: Any, obj: Brief | None = None, **kwargs: Any) -> int:
        return 1 if obj and obj.key_points.exists() else 4
