"""The public pages; included last, since publications take the first part of a path."""

import datetime as dt

from django.urls import path, register_converter

from briefs import views

app_name = "briefs"


class DateLine:
    """A date as it stands in a brief's web address: 2016/04/06."""

    regex = "[0-9]{4}/[0-9]{2}/[0-9]{2}"

    def to_python(self, value: str) -> dt.date:
        """Read the date; a ValueError means that nothing lives at this address."""
        return dt.date.fromisoformat(value.replace("/", "-"))

    def to_url(self, value: dt.date) -> str:
        """Write the date."""
        return value.isoformat().replace("-", "/")


register_converter(DateLine, "date_line")

urlpatterns = [
    path("", views.front, name="front"),
    path("p/<path:path>", views.media, name="media"),
    path("<slug:slug>/", views.show_publication, name="publication"),
    path("<slug:slug>/<date_line:date>/<slug:brief_slug>/", views.show_brief, name="brief"),
]
