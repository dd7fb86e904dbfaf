"""The public pages; included last, since publications take the first part of a path."""

import datetime as dt
from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path, register_converter

from briefs import feed_views, machine_views, pdf_views, search_page, views

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

_FEEDS: tuple[tuple[str, Callable[..., HttpResponse], dict[str, str]], ...] = (
    ("", feed_views.show_feed, {}),
    ("topics/<slug:list_slug>/", feed_views.show_topic_feed, {"kind": "topics"}),
    ("regions/<slug:list_slug>/", feed_views.show_topic_feed, {"kind": "regions"}),
    ("authors/<slug:list_slug>/", feed_views.show_author_feed, {}),
)

urlpatterns = [
    path("", views.front, name="front"),
    path("p/<path:path>", views.media, name="media"),
    path("robots.txt", machine_views.robots, name="robots"),
    path("sitemap.xml", machine_views.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", machine_views.sitemap_part, name="sitemap_part"),
    path("search/", search_page.search_site, name="search"),
    path("<slug:slug>/", views.show_publication, name="publication"),
    path("<slug:slug>/search/", search_page.search_publication, name="search_publication"),
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
    path("<slug:slug>/<date_line:date>/<slug:brief_slug>/card.png", machine_views.card),
    path("<slug:slug>/<date_line:date>/<slug:brief_slug>/brief.pdf", pdf_views.show_pdf),
    *(
        path(f"<slug:slug>/{place}feed.{written}", view, {"written": written, **more})
        for place, view, more in _FEEDS
        for written in ("atom", "json")
    ),
]
