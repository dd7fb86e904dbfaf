"""Pages from memory: the same as made anew, after every change and at every moment."""

import datetime as dt
import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from briefs import corrections, old_addresses, revisions, workflow
from briefs.models import Author, Brief, ClientGroup, Publication, Topic, User
from briefs.moving import Wish, import_archive
from briefs.restoring import restore
from intelbrief.page_cache import door, keeping, state, watching
from intelbrief.page_cache.keeping import Shelf
from subscribers import forms, reading
from subscribers.models import SignUp
from tests.make import make_brief, make_publication, make_subscription, make_user
from tests.public.visiting import made_anew, visit

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = dt.timedelta(hours=1)
SECRET = "Kestrel lands at noon"


class Scene(NamedTuple):
    """A publication with three briefs, of which the one in the middle is looked at."""

    publication: Publication
    brief: Brief
    topic: Topic
    author: Author
    pages: list[str]


@pytest.fixture(autouse=True)
def _shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a shelf of its own, and let it sign up as fast as it likes."""
    monkeypatch.setattr(door, "shelf", Shelf())
    monkeypatch.setattr(forms, "SOONEST_SECONDS", 0)
    yield
    connection.close()


def make_published(publication: Publication, headline: str, day: int, **fields: Any) -> Brief:
    brief = make_brief(publication, headline=headline, date=dt.date(2026, 4, day), **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now() - 3 * HOUR)
    brief.refresh_from_db()
    return brief


@pytest.fixture
def scene() -> Scene:
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


def warm(pages: list[str]) -> dict[str, bytes]:
    """Have *pages* kept, and return what stands there."""
    found = {path: visit(path).page for path in pages}
    assert [path for path in pages if visit(path).was_made] == []
    return found


# --- what may be kept, and how it answers -------------------------------------------------------


def test_a_page_is_made_once_and_says_the_same_from_memory(scene: Scene) -> None:
    for path in scene.pages:
        fresh, first, second = made_anew(path), visit(path), visit(path)
        assert (first.was_made, second.was_made) == (True, False), path
        assert first.page == second.page == fresh.page, path
        assert first.headers == second.headers
        bare = {
            name: value for name, value in second.headers.items() if name not in ("ETag", "Vary")
        }
        assert bare == {name: fresh.headers[name] for name in bare}, path
        assert bare.keys() == fresh.headers.keys() - {"ETag", "Vary"}
        # One tag for both ways of writing it down.
        assert second.headers["ETag"].removeprefix("W/") == fresh.headers["ETag"].removeprefix("W/")
        assert "Accept-Encoding" in second.headers["Vary"]


@pytest.mark.sqlite_only
def test_a_page_from_memory_answers_conditions_and_is_packed(scene: Scene) -> None:
    path = scene.brief.web_path()
    # Also where the first one who asks has it already: their cache outlives our process.
    known = made_anew(path).headers["ETag"]
    first = visit(path, if_none_match=known)
    assert (first.status, first.was_made, first.body) == (304, True, b"")
    page = visit(path)
    assert not page.was_made
    for given in (known, f'"x", {known}', "*", known.removeprefix("W/")):
        seen = visit(path, if_none_match=given)
        assert (seen.status, seen.body, seen.was_made) == (304, b"", False)
        assert "https:" in seen.headers["Content-Security-Policy"]
        assert not seen.headers.keys() & {"Content-Length", "Content-Type", "Content-Encoding"}
    assert visit(path, if_none_match='"x"').status == 200
    head = visit(path, "HEAD")
    assert (head.body, head.headers) == (b"", page.headers)
    packed = visit(path, accept_encoding="gzip, deflate, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.body) < len(page.body) / 2
    assert gzip.decompress(packed.body) == page.body
    for refused in ("", "br", "gzip;q=0", "gzip;q=0.000, br", "identity"):
        assert "Content-Encoding" not in visit(path, accept_encoding=refused).headers
    for taken in ("GZIP", "br, gzip;q=0.5", "*", "gzip ; q=1.0, x"):
        assert visit(path, accept_encoding=taken).headers["Content-Encoding"] == "gzip"


@pytest.mark.sqlite_only
def test_only_what_anybody_may_have_is_kept_and_given(scene: Scene) -> None:
    path = scene.brief.web_path()
    warm([path])
    reader = Client()
    reader.get(reading.url(make_subscription(scene.publication)).partition(":8000")[2])
    cookie = reader.cookies[reading.COOKIE].value
    known = visit(path, cookie=f"theirs=1; {reading.COOKIE}={cookie}")
    assert known.was_made
    assert known.headers["Cache-Control"] == "private, no-store"
    asked: list[tuple[dict[str, str], bool]] = [
        ({"cookie": "__cf_bm=x; theirs=1"}, False),  # what a proxy or another site has set
        ({"cookie": f" {reading.COOKIE} =x"}, True),
        ({"cookie": "sessionid=x"}, True),
        ({"authorization": "Bearer x"}, True),
        ({"range": "bytes=0-9"}, True),
        ({"if_modified_since": "Mon, 06 Apr 2026 00:00:00 GMT"}, True),
        ({"host": "127.0.0.1:9"}, True),
    ]
    for headers, is_made in asked:
        assert visit(path, **headers).was_made == is_made, headers
    for query, is_made in (("utm_source=x&fbclid=y", False), ("page=2", True), ("x=1", True)):
        assert visit(f"{path}?{query}").was_made == is_made, query
    assert visit(path, "POST").status in (403, 405)
    # A stranger gets none of what was made for the reader, and errors are made each time.
    assert visit(path).headers["Cache-Control"] == "public, max-age=60"
    Brief.objects.filter(pk=scene.brief.pk).update(access="subscribers")
    for missing, status in ((path, 403), ("/daily/nothing/", 404), ("/daily", 301)):
        answers = [visit(missing) for _ in range(2)]
        assert [(a.status, a.was_made) for a in answers] == [(status, True)] * 2
    assert [visit("/search/?q=cranes").was_made for _ in range(2)] == [True, True]


@pytest.mark.sqlite_only
def test_a_page_in_the_language_of_the_browser_is_kept_for_each(scene: Scene) -> None:
    english, german = (visit("/", accept_language=code) for code in ("en", "de-AT,de;q=0.9"))
    assert b'lang="en"' in english.body
    assert b'lang="de"' in german.body
    again = visit("/", accept_language="de")
    assert not again.was_made
    assert again.page == german.page
    # That of a publication is in its own, for everybody.
    visit("/daily/", accept_language="en")
    assert not visit("/daily/", accept_language="fr").was_made


@pytest.mark.sqlite_only
def test_the_form_on_a_page_from_memory_takes_a_reader_in(scene: Scene) -> None:
    warm([scene.brief.web_path()])
    page = visit(scene.brief.web_path()).body.decode()
    stamp = re.search(r'name="stamp" value="([^"]*)"', page)
    assert stamp
    answer = Client(enforce_csrf_checks=True).post(
        "/s/daily/", {"address": "ada@example.com", "stamp": stamp[1], "website": ""}
    )
    assert answer.status_code == 303
    assert SignUp.objects.exists()


@pytest.mark.sqlite_only
def test_the_memory_has_a_bound(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_OVERHEAD", 300_000)
    settings.PAGE_CACHE_MB = 1
    some = scene.pages[:4]
    for path in some:
        visit(path)
    assert [visit(path).was_made for path in reversed(some)] == [False, False, False, True]
    settings.PAGE_CACHE_MB = 0
    assert visit(some[3]).was_made


# --- after a change -----------------------------------------------------------------------------

Change = Callable[[Scene, User], object]


def set_(**fields: Any) -> Change:
    return lambda scene, _by: Brief.objects.filter(pk=scene.brief.pk).update(**fields)


def of_the_publication(**fields: Any) -> Change:
    return lambda scene, _by: Publication.objects.filter(pk=scene.publication.pk).update(**fields)


def correct(scene: Scene, by: User) -> None:
    scene.brief.refresh_from_db()
    scene.brief.headline = "A falcon, after all"
    scene.brief.save()
    corrections.issue(scene.brief, "It was a falcon.", by)


def put_back(scene: Scene, by: User) -> None:
    scene.brief.refresh_from_db()
    first = scene.brief.revisions.order_by("number")[0]
    restore(scene.brief, first, by, seen=scene.brief.text_version)
    corrections.issue(scene.brief, "It was a kestrel.", by)


def move(scene: Scene, by: User) -> None:
    scene.brief.refresh_from_db()
    old_addresses.move(scene.brief, date=scene.brief.date, slug="elsewhere", by=by)


def take_in(_scene: Scene, _by: User) -> None:
    path = archives / "old.md"
    path.write_text('---\ntitle: "From the old house"\ndate: 2026-04-01\n---\n\nAs it was.\n')
    report = import_archive(path, Wish(Publication.objects.get(slug="daily")))
    assert not getattr(report, "refused", ()), report


def rename(row: str, **fields: Any) -> Change:
    def act(scene: Scene, _by: User) -> None:
        one = getattr(scene, row)
        type(one).objects.filter(pk=one.pk).update(**fields)

    return act


def delete(scene: Scene, _by: User) -> None:
    scene.topic.delete()
    Author.objects.filter(pk=scene.author.pk).delete()


def for_a_group(scene: Scene, _by: User) -> None:
    group = ClientGroup.objects.create(publication=scene.publication, name="Falconers")
    scene.brief.groups.add(group)
    Brief.objects.filter(pk=scene.brief.pk).update(access="groups")


# Each is done on top of those before it, and after each the first words must be nowhere, the
# second somewhere; the brief is the one in the middle.
CHANGES: list[tuple[str, Change, str, str]] = [
    ("published", lambda scene, _by: make_published(scene.publication, "Hot", 8), "", "Hot"),
    ("corrected", correct, "", "A falcon, after all"),
    ("restored", put_back, "", "It was a kestrel."),
    ("embargoed", set_(embargo_until=timezone.now() + 9 * HOUR), SECRET, "The day after"),
    ("freed", set_(embargo_until=None), "", SECRET),
    ("for subscribers", set_(access="subscribers"), SECRET, "The day after"),
    ("for a group", for_a_group, SECRET, "The day after"),
    ("for all", set_(access="public"), "", SECRET),
    ("ended", set_(readable_until=timezone.now() - HOUR), SECRET, "The day after"),
    ("not ended", set_(readable_until=None), "", SECRET),
    ("topic renamed", rename("topic", name="Falcons"), "", "Falcons"),
    ("author renamed", rename("author", name="Nom de Plume"), "", "Nom de Plume"),
    ("publication renamed", of_the_publication(name="The Aviary"), "– Harbour Watch", "The Aviary"),
    ("coloured", of_the_publication(colour="#123456"), "", "v=123456"),
    ("in another language", of_the_publication(language="fr"), "Previous brief", 'lang="fr"'),
    ("moved", move, "/06/k/", "/06/elsewhere/"),
    ("taken in", take_in, "", "From the old house"),
    ("topic and author deleted", delete, "Nom de Plume</h1>", SECRET),
    ("publication closed", of_the_publication(is_public=False), SECRET, ""),
    ("publication opened", of_the_publication(is_public=True), "", SECRET),
    ("brief erased", lambda s, _b: Brief.objects.filter(pk=s.brief.pk).update(
        status="draft", published_at=None, published_revision=None), SECRET, "The day after"),
]  # fmt: skip

archives: Any = None


def test_after_each_change_every_page_is_as_if_made_anew(
    scene: Scene, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.archives", tmp_path)
    # On PostgreSQL the same pages by the same code: some of them tell whether triggers work.
    pages = scene.pages if connection.vendor == "sqlite" else scene.pages[3:6]
    site = [*pages, "/daily/2026/04/06/elsewhere/", "/daily/2026/"]
    by, faults = make_user(), []
    for path in site:
        visit(path)
    for name, change, gone, there in CHANGES:
        change(scene, by)
        now = {path: visit(path) for path in site}
        if not all(answer.was_made for answer in now.values()):
            faults.append(f"{name}: a page was not made anew")
        said = b"".join(answer.body for answer in now.values()).decode()
        if gone and gone in said:
            faults.append(f"{name}: still says {gone}")
        if there not in said:
            faults.append(f"{name}: does not say {there}")
        kept = [path for path, answer in now.items() if answer.status == 200]
        if any(visit(path).page != now[path].page for path in kept):
            faults.append(f"{name}: says something else from memory")
    assert faults == []


def test_every_table_that_a_page_reads_is_watched(scene: Scene) -> None:
    scene.brief.headline = "A falcon"
    scene.brief.save()
    corrections.issue(scene.brief, "It was a falcon.", make_user())
    read: set[str] = set()
    with CaptureQueriesContext(connection) as asked:
        for path in (*scene.pages, "/daily/feed.atom", f"{scene.brief.web_path()}card.png"):
            assert made_anew(path).status == 200, path
    for query in asked.captured_queries:
        read |= set(re.findall(r'(?:FROM|JOIN) "?(\w+)"?', query["sql"]))
    # Whether a picture was drawn before changes nothing of it. Of the trail a feed reads when
    # something last happened: what is not watched happened to what is not in it.
    known = {watch.table for watch in watching.WATCHED} | {"briefs_rendition", "briefs_auditentry"}
    assert read - known == set()
    assert "briefs_correction" in read  # so that the words are found in which queries are written


# --- by time, and at the same time --------------------------------------------------------------


def test_no_page_outlives_the_moment_at_which_a_brief_comes_or_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, now = scene.brief.web_path(), timezone.now()
    pages = ["/daily/", here]

    def be(at: dt.datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: at)
        monkeypatch.setattr(time, "time", at.timestamp)

    for field, first, then in (
        ("embargo_until", 404, 200),
        ("readable_until", 200, 404),
        ("published_at", 404, 200),
    ):
        be(now)
        Brief.objects.filter(pk=scene.brief.pk).update(**{field: now + HOUR / 60})
        assert [visit(path).status for path in pages] == [200, first]
        assert not visit("/daily/").was_made
        be(now + HOUR / 60 - dt.timedelta(seconds=10))
        assert [visit(path).status for path in pages] == [200, first]
        assert visit("/daily/").headers["Cache-Control"] == "public, max-age=10"
        be(now + HOUR / 60)
        answers = [visit(path) for path in pages]
        assert [answer.status for answer in answers] == [200, then]
        assert answers[0].was_made
        assert (SECRET in answers[0].body.decode()) == (then == 200)
        Brief.objects.filter(pk=scene.brief.pk).update(**{field: None if "_u" in field else now})
    be(now)
    visit(here)
    be(now + dt.timedelta(seconds=keeping.KEPT - 1))
    assert not visit(here).was_made
    be(now + dt.timedelta(seconds=keeping.KEPT))
    assert visit(here).was_made


def test_what_was_begun_before_a_change_is_given_to_nobody_after_it(scene: Scene) -> None:
    path = scene.brief.web_path()
    hide = set_(access="subscribers")
    slow = visit(path, during=lambda: hide(scene, make_user()))
    assert SECRET in slow.body.decode()  # it had been asked for before
    after = visit(path)
    assert (after.status, SECRET in after.body.decode()) == (403, False)


def test_what_is_made_while_a_change_is_being_stored_does_not_outlive_it(scene: Scene) -> None:
    path = scene.brief.web_path()
    changed, seen = threading.Event(), threading.Event()

    def hide() -> None:
        with transaction.atomic():
            Brief.objects.filter(pk=scene.brief.pk).update(access="subscribers")
            changed.set()
            assert seen.wait(20)
        connection.close()

    editor = threading.Thread(target=hide)
    editor.start()
    try:
        assert changed.wait(20)
        assert visit(path).status == 200  # nothing has happened for others yet
        assert not visit(path).was_made
    finally:
        seen.set()
        editor.join()
    assert visit(path).status == 403


@pytest.mark.postgres_only
def test_two_editors_do_not_wait_for_one_another_because_of_the_mark(scene: Scene) -> None:
    first, second = Brief.objects.order_by("pk")[:2]
    before = state.mark()
    with transaction.atomic():
        Brief.objects.filter(pk=first.pk).update(preheader="x")

        def other() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            Brief.objects.filter(pk=second.pk).update(preheader="y")
            connection.close()

        editor = threading.Thread(target=other)
        editor.start()
        editor.join()
        with connection.cursor() as cursor:
            cursor.execute("SELECT mark FROM briefs_sitestate")
            between = cursor.fetchone()[0]
        assert between != before
    assert state.mark() not in (before, between)


def test_each_process_shows_a_change_at_once_with_or_without_redis(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, shelves = scene.brief.web_path(), (Shelf(), Shelf())

    def seen() -> list[tuple[int, bool]]:
        answers = []
        for shelf in shelves:
            monkeypatch.setattr(door, "shelf", shelf)
            answers.append(visit(path))
        return [(answer.status, answer.was_made) for answer in answers]

    assert seen() == [(200, True)] * 2
    cache.clear()
    assert seen() == [(200, False)] * 2
    hide, show = set_(readable_until=timezone.now() - HOUR), set_(readable_until=None)
    hide(scene, make_user())
    assert seen() == [(404, True)] * 2
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    }
    show(scene, make_user())
    assert seen() == [(200, True)] * 2
    assert seen() == [(200, False)] * 2


def test_without_a_state_of_the_site_nothing_is_kept(scene: Scene) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM briefs_sitestate")
    assert [visit("/daily/").was_made for _ in range(2)] == [True, True]
    watching.install()
    assert [visit("/daily/").was_made for _ in range(2)] == [True, False]
    # In a transaction one sees what nobody else does.
    with transaction.atomic():
        assert visit("/daily/").was_made
