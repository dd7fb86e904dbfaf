"""Pages from memory: the same as made anew, after every change and at every moment."""

import datetime as dt
import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from briefs.models import Brief, User
from intelbrief.page_cache import door, keeping, state, watching
from intelbrief.page_cache.keeping import Shelf
from subscribers import forms, reading
from subscribers.models import SignUp
from tests.make import make_subscription, make_user
from tests.public.visiting import HOUR, SECRET, Scene, made_anew, make_scene, visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a shelf of its own, and let it sign up as fast as it likes."""
    monkeypatch.setattr(door, "shelf", Shelf())
    monkeypatch.setattr(forms, "SOONEST_SECONDS", 0)
    yield
    connection.close()


@pytest.fixture
def scene() -> Scene:
    return make_scene()


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
    door.shelf.clear()
    head = visit(path, "HEAD")
    assert (head.was_made, head.body, head.headers) == (True, b"", page.headers)
    again = visit(path)
    assert (again.was_made, again.page) == (False, page.page)


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


Change = Callable[[Scene, User], object]


def set_(**fields: Any) -> Change:
    return lambda scene, _by: Brief.objects.filter(pk=scene.brief.pk).update(**fields)


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
