"""Key points as ordered rows of the brief's form."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from briefs.admin.brief_form import at_most, one_way
from briefs.admin.desk import number
from briefs.admin.widgets import Growing
from briefs.models import Brief, KeyPoint
from briefs.rendering import LONGEST_LINE

if TYPE_CHECKING:
    from django.contrib.admin import TabularInline
else:
    from unfold.admin import TabularInline

PREFIX = "key_points"
MOST_ROWS = 1_000  # numbers of rows; a script gives each new one the next


def read_rows(post: QueryDict) -> list[str]:
    """Return the posted rows that are neither empty nor marked for removal, in their order."""
    total = number(post.get(f"{PREFIX}-TOTAL_FORMS", ""))
    rows: list[tuple[int, str]] = []
    for row in range(min(total or 0, MOST_ROWS)):
        words = post.get(f"{PREFIX}-{row}-text", "").strip()
        if words and not post.get(f"{PREFIX}-{row}-DELETE"):
            position = number(post.get(f"{PREFIX}-{row}-position", ""))
            rows.append((row + 1 if position is None else position, words))
    return [words for _position, words in sorted(rows, key=lambda row: row[0])]


def put_rows(post: QueryDict, texts: list[str]) -> None:
    """Let *post* say that the rows are *texts*."""
    for name in [name for name in post if name.startswith(f"{PREFIX}-")]:
        del post[name]
    limits = {"TOTAL": len(texts), "INITIAL": 0, "MIN_NUM": 0, "MAX_NUM": MOST_ROWS}
    for name, limit in limits.items():
        post[f"{PREFIX}-{name}_FORMS"] = str(limit)
    for row, text in enumerate(texts):
        post[f"{PREFIX}-{row}-text"] = text
        post[f"{PREFIX}-{row}-position"] = str(row + 1)


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

    def clean_text(self) -> str:
        """Return the words with line ends as they are stored."""
        return one_way(self.cleaned_data["text"])

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
    """The rows, in the order of their position; emptying a row removes it.

    A row is its words: which stored row it came from does not matter, so that
    what a colleague removed meanwhile can be put back, and drafts restored.
    """

    def initial_form_count(self) -> int:
        return 0 if self.is_bound else super().initial_form_count()

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["position"].required = False
        if self.is_bound:
            form.fields["id"] = forms.CharField(required=False, widget=forms.HiddenInput)
        elif index is not None and form.instance.pk is None:
            form.fields["position"].initial = index + 1

    def _should_delete_form(self, form: Any) -> bool:
        asked: Any = super()._should_delete_form  # type: ignore[misc]  # not in the stubs
        return bool(asked(form)) or bool(form.is_empty())

    def texts(self) -> list[str]:
        """Return the words of the rows that stay, in their order."""
        rows: list[tuple[int, str]] = []
        for index, form in enumerate(self.forms):
            if not self._should_delete_form(form):
                position = form.cleaned_data.get("position")
                order = index + 1 if position is None else position
                rows.append((order, form.cleaned_data["text"]))
        return [text for _order, text in sorted(rows, key=lambda row: row[0])]

    def save(self, commit: bool = True) -> list[KeyPoint]:
        """Store the rows and number them from 1, as gaps and repeats come from hand editing."""
        texts = self.texts()
        stored = list(self.instance.key_points.all()) if self.instance.pk else []
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], stored[len(texts) :]
        for position, text in enumerate(texts, start=1):
            if position > len(stored):
                self.new_objects.append(KeyPoint(brief=self.instance, position=position, text=text))
                continue
            point = stored[position - 1]
            if (point.position, point.text) != (position, text):
                point.position, point.text = position, text
                self.changed_objects.append((point, ["text"]))
        if commit:
            KeyPoint.objects.bulk_create(self.new_objects)
            KeyPoint.objects.bulk_update(
                [point for point, _fields in self.changed_objects], ["position", "text"]
            )
            KeyPoint.objects.filter(pk__in=[point.pk for point in self.deleted_objects]).delete()
        return [*self.new_objects, *(point for point, _fields in self.changed_objects)]


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
