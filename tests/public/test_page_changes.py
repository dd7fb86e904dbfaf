"""Every kind of change, and every page after it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from briefs import corrections, old_addresses
from briefs.models import Author, Brief, ClientGroup, Publication, User
from briefs.moving import Wish, import_archive
from briefs.restoring import restore
from intelbrief.page_cache import door, watching
from intelbrief.page_cache.keeping import Shelf
from tests.make import make_user
from tests.public.visiting import HOUR, SECRET, Scene, made_anew, make_published, make_scene, visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a shelf of its own."""
    monkeypatch.setattr(door, "shelf", Shelf())
    yield
    connection.close()


@pytest.fixture
def scene() -> Scene:
    return make_scene()


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
