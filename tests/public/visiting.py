"""Asks for pages as granian does: past Django's test client, by the project's own entry point."""

import datetime as dt
import re
from typing import Any, NamedTuple

from django.test import RequestFactory
from django.utils import timezone

from briefs import revisions, workflow
from briefs.models import Author, Brief, Publication, Topic
from intelbrief.page_cache import door
from intelbrief.wsgi import application
from tests.make import make_brief, make_publication

HOUR = dt.timedelta(hours=1)
SECRET = "Kestrel lands at noon"
# The time in a form, and the seconds for which a page may be kept yet.
_MOMENT = re.compile(rb'(?<=name="stamp" value=")[^"]*')


class Answer(NamedTuple):
    """What a visitor gets, and whether it was made for them."""

    status: int
    headers: dict[str, str]
    body: bytes
    was_made: bool

    @property
    def page(self) -> bytes:
        """Return the body without the time at which its form was shown."""
        return _MOMENT.sub(b"", self.body)


def visit(path: str, method: str = "GET", during: Any = None, **headers: str) -> Answer:
    """Ask for *path*; *during* is called once the page is made and before it is kept."""
    environ: dict[str, Any] = {**RequestFactory().generic(method, path).environ}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    said: list[Any] = []
    made: list[str] = []

    def long_way(environ: dict[str, Any], start_response: Any) -> Any:
        made.append(path)
        answer = application._through_django(environ, start_response)
        if during is not None:
            during()
        return answer

    answer = door.answer(environ, lambda *given: said.extend(given), long_way)
    body = b"".join(answer)
    if made and hasattr(answer, "close"):
        answer.close()
    return Answer(int(said[0].split()[0]), dict(said[1]), body, bool(made))


def made_anew(path: str) -> Answer:
    """Ask for *path* the long way."""
    environ: dict[str, Any] = {**RequestFactory().get(path).environ}
    said: list[Any] = []
    note: Any = lambda *given: said.extend(given)  # noqa: E731  (typed as what it is given for)
    answer = application._through_django(environ, note)
    body = b"".join(answer)
    answer.close()
    return Answer(int(said[0].split()[0]), dict(said[1]), body, True)


class Scene(NamedTuple):
    """A publication with three briefs, of which the one in the middle is looked at."""

    publication: Publication
    brief: Brief
    topic: Topic
    author: Author
    pages: list[str]


def make_published(publication: Publication, headline: str, day: int, **fields: Any) -> Brief:
    """Store a brief of a day in April that has been on the web for three hours."""
    brief = make_brief(publication, headline=headline, date=dt.date(2026, 4, day), **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now() - 3 * HOUR)
    brief.refresh_from_db()
    return brief


def make_scene() -> Scene:
    """Store the scene, and name the pages that show something of it."""
    publication = make_publication(slug="daily")
    make_publication(slug="other", language="de")  # so that there is a front page, in no language
    topic = Topic.objects.create(publication=publication, name="Birds of prey", slug="birds")
    author = Author.objects.create(name="Kay Strel", slug="kay")
    make_published(publication, "The day before", 5)
    brief = make_brief(publication, headline=SECRET, date=dt.date(2026, 4, 6), slug="k")
    brief.topics.add(topic)
    brief.authors.add(author)
    workflow.publish(brief, revisions.take(brief), timezone.now() - 3 * HOUR)
    brief.refresh_from_db()
    make_published(publication, "The day after", 7)
    pages = [
        "/",
        "/daily/",
        "/daily/archive/",
        "/daily/topics/birds/",
        "/daily/authors/kay/",
        brief.web_path(),
        "/daily/2026/04/05/the-day-before/",
        "/daily/feed.json",
        "/sitemap-1.xml",
    ]
    return Scene(publication, brief, topic, author, pages)
