"""Form widgets of the desk that Unfold does not have."""

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.forms.widgets import CheckboxSelectMultiple, DateInput, DateTimeInput, Textarea
from django.utils.translation import gettext_lazy
from unfold.widgets import INPUT_CLASSES, TEXTAREA_CLASSES, UnfoldAdminSelect2Widget

INPUT = " ".join(INPUT_CLASSES)
TEXTAREA = " ".join(TEXTAREA_CLASSES)


class Markdown(Textarea):
    """A textarea that a script turns into a Markdown editor; without it, it stays one."""

    template_name = "admin/desk/markdown.html"

    class Media:
        css = {"all": ["desk/editor.css"]}
        js = [
            "vendor/overtype/overtype.min.js",
            "desk/markdown.js",
            "desk/convert.js",
            "desk/paste.js",
        ]

    def __init__(self, rows: int = 6, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": TEXTAREA, "rows": rows, **(attrs or {})})


class Growing(Textarea):
    """A textarea of one line that grows with its text."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": f"{TEXTAREA} ib-growing", "rows": 1, **(attrs or {})})


class Day(DateInput):
    """The browser's own date field: right on a phone, and in the reader's format."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__({"class": INPUT}, format="%Y-%m-%d")


class Moment(DateTimeInput):
    """The browser's own field for a date and a time, in the editor's zone."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__({"class": INPUT}, format="%Y-%m-%dT%H:%M")


class TopicChips(CheckboxSelectMultiple):
    """Topics as chips to press; each names its publication, so a script can show the right ones."""

    template_name = "admin/desk/chips.html"
    none: Any = gettext_lazy("This publication has no topics yet.")

    def get_context(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(*args, **kwargs)
        context["widget"]["none"] = self.none
        return context

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        topic = getattr(value, "instance", None)
        if topic is not None:
            option["publication"] = topic.publication_id
        return option


class GroupChips(TopicChips):
    """Client groups, likewise."""

    none = gettext_lazy("This publication has no client groups yet.")


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, str]]:
    """Return all time zones as choices, by continent and city; obsolete names are left out."""
    names = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
    kept = [name for name in names if not name.startswith(("Etc/", "posix/", "right/", "US/"))]
    kept.sort(key=lambda name: (name != "UTC", name))
    return [(name, name.replace("_", " ")) for name in kept]


class TimeZoneField(forms.ChoiceField):
    """A choice of all time zones, with a search field."""

    def __init__(self, **kwargs: Any) -> None:
        required = kwargs.get("required", True)
        choices = time_zones() if required else [("", "–"), *time_zones()]
        super().__init__(choices=choices, widget=UnfoldAdminSelect2Widget(), **kwargs)
