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


class Digits:
    """A year, month or day in an address, with as many digits as it always has."""

    regex = "[0-9]+"
    width = 2

    def to_python(self, value: str) -> int:
        """Read the number; a ValueError means that nothing lives at this address."""
        if len(value) != self.width:
            raise ValueError(f"Written with {self.width} digits.")
        return int(value)

    def to_url(self, value: int) -> str:
        """Write the number."""
        return f"{value:0{self.width}}"


class Year(Digits):
    """A year, with four digits."""

    width = 4


register_converter(DateLine, "date_line")
register_converter(Digits, "digits")
register_converter(Year, "year")

urlpatterns = [
    path("", views.front, name="front"),
    path("p/<path:path>", views.media, name="media"),
    path("<slug:slug>/", views.show_publication, name="publication"),
    path("<slug:slug>/archive/", views.show_archive, name="archive"),
    *(
        path(
            f"<slug:slug>/{kind}/<slug:list_slug>/",
            views.show_topic,
            {"kind": kind},
            name=kind,
        )
        for kind in ("topics", "regions")
    ),
    path("<slug:slug>/authors/<slug:list_slug>/", views.show_author, name="author"),
    path("<slug:slug>/<year:year>/", views.show_time, name="year"),
    path("<slug:slug>/<year:year>/<digits:month>/", views.show_time, name="month"),
    path("<slug:slug>/<year:year>/<digits:month>/<digits:day>/", views.show_time, name="day"),
    path("<slug:slug>/<date_line:date>/<slug:brief_slug>/", views.show_brief, name="brief"),
]
