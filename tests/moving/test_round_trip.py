"""What goes out comes in to the same."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from briefs import corrections, images, old_addresses, revisions, workflow
from briefs.models import (
    Author,
    Brief,
    ClientGroup,
    Correction,
    KeyPoint,
    Publication,
    Redirect,
    Revision,
    Topic,
)
from briefs.moving import Wish, export, import_archive
from tests.make import make_brief, make_publication
from tests.moving import houses

pytestmark = pytest.mark.django_db
OUT = dt.datetime(2016, 4, 6, 5, 30, 0, 123456, tzinfo=dt.UTC)


def written(publication: Publication, path: Path) -> bytes:
    """Return *publication* as an archive, and leave it at *path*."""
    with path.open("w+b") as file:
        export([publication], file, lambda _words: None)
    return path.read_bytes()


def files(archive: bytes) -> dict[str, str]:
    """Return what stands in an archive, for a failure that can be read."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        return {name: held.read(name).decode("utf-8", "replace") for name in held.namelist()}


def another(publication: Publication) -> Publication:
    """Return one like *publication* that is empty, under its slug, as in another database."""
    Redirect.objects.all().delete()
    Publication.objects.filter(pk=publication.pk).update(slug=f"old-{publication.pk}")
    return make_publication(slug=publication.slug)


@pytest.mark.parametrize(
    "house",
    [
        houses.substack,
        houses.ghost,
        houses.ghost_editors,
        houses.buttondown,
        houses.listmonk,
        houses.beehiiv,
        houses.markdown,
    ],
)
def test_what_came_from_a_house_goes_out_and_comes_in_the_same(tmp_path, house):
    first = make_publication(slug="daily")
    ending = {"listmonk": "posts.json", "beehiiv": "posts.csv"}.get(house.__name__, "a.zip")
    import_archive(house(tmp_path / ending), Wish(first))
    archive = written(first, tmp_path / "one.zip")
    second = another(first)
    report = import_archive(tmp_path / "one.zip", Wish(second))
    assert not report.refused
    assert second.briefs.count() == first.briefs.count()
    again = written(second, tmp_path / "two.zip")
    assert files(again) == files(archive)
    assert again == archive
    assert not import_archive(tmp_path / "two.zip", Wish(second)).briefs


def full_brief(publication: Publication) -> Brief:
    """Publish a brief that has everything a brief can have, corrected twice."""
    picture = images.store(io.BytesIO(houses.png()), publication=publication, alt="Quay", by=None)
    brief = make_brief(
        publication,
        headline='Ends: “of” <tide> & #1 \U0001f30a "x"',
        series="Other: series",
        preheader="  spaces — and ' quotes",
        date=dt.date(2016, 4, 6),
        body="    code first\r\n\r\n---\ntitle: no\n---\n"
        f"![Q]({picture.file.url}) [[name|you]]\n\n\n",
        contact_block="Write: to us\nor not",
        access="groups",
        embargo_until=OUT,
        readable_until=OUT + dt.timedelta(days=9000),
        key_points=("- a: b", "# c", "yes"),
    )
    brief.groups.add(ClientGroup.objects.create(publication=publication, name="Ports: all"))
    brief.topics.add(
        Topic.objects.create(publication=publication, name="Zeal", slug="z", kind="region"),
        Topic.objects.create(publication=publication, name="Alpha", slug="a"),
    )
    brief.authors.add(Author.objects.create(name="Ada “Q” Quay", slug="ada"))
    workflow.publish(brief, revisions.take(brief), OUT)
    for number, (body, notice) in enumerate(
        (
            (f"Second ![]({picture.file.url})", "It was *late*."),
            ("Third", "Twice."),
        )
    ):
        Brief.objects.filter(pk=brief.pk).update(body=body)
        KeyPoint.objects.filter(brief=brief, position=number).delete()
        corrections.issue(brief, notice, None)
    old_addresses.leave("/former/address", brief)
    return Brief.objects.get(pk=brief.pk)


def test_a_brief_with_everything_goes_out_and_comes_in_the_same(tmp_path, client):
    first = make_publication(slug="daily")
    brief = full_brief(first)
    make_brief(first, headline="A draft", date=dt.date(2016, 4, 7), contact_block="Its own")
    make_brief(first, headline="no", body="", key_points=(), date=dt.date(2016, 4, 7))
    archive = written(first, tmp_path / "one.zip")
    second = another(first)
    report = import_archive(tmp_path / "one.zip", Wish(second))
    assert (report.refused, report.notes) == ([], [])
    again = written(second, tmp_path / "two.zip")
    assert files(again) == files(archive)
    assert again == archive
    imported = second.briefs.get(status="published")
    assert imported.published_at == OUT
    assert [one.notice for one in imported.corrections.order_by("pk")] == [
        "It was *late*.",
        "Twice.",
    ]
    assert list(imported.corrections.values_list("at")) == list(brief.corrections.values_list("at"))
    # The desk finds nothing that was not published.
    assert revisions.take(imported) == imported.published_revision
    assert Revision.objects.filter(brief=imported).count() == 3
    assert Correction.objects.filter(brief=imported, right=imported.published_revision).exists()


def test_a_brief_that_never_left_is_not_taken_in_twice(tmp_path):
    publication = make_publication()
    full_brief(publication)
    make_brief(publication, headline="A draft")
    written(publication, tmp_path / "one.zip")
    report = import_archive(tmp_path / "one.zip", Wish(publication))
    assert dict(report.counts) == {"known": 2}


def test_an_archive_of_all_publications_gives_each_its_own(tmp_path, capsys):
    for slug in ("daily", "weekly"):
        make_brief(make_publication(slug=slug), headline=f"Of {slug}")
    call_command("export_archive", output=tmp_path / "all.zip")
    assert "2 drafts" in capsys.readouterr().out
    assert (tmp_path / "all.zip").stat().st_mode & 0o077 == 0
    Brief.objects.filter(headline="Of daily").delete()
    call_command("import_archive", str(tmp_path / "all.zip"), publication="daily")
    assert list(Brief.objects.filter(publication__slug="daily").values_list("headline")) == [
        ("Of daily",)
    ]
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"daily", "weekly"}
