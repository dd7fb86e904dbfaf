"""The archive: lists that stay where they are, neighbours, citations, old addresses."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from briefs import access, archive, citing, old_addresses, revisions, workflow
from briefs.models import Author, Brief, Publication, Redirect, Topic
from briefs.rendering import Text
from tests.make import make_brief, make_publication, make_user
from tests.public.test_pages import publish, text

pytestmark = pytest.mark.django_db


def make_archive():
    """Store a publication with three briefs, the last of them for subscribers."""
    publication = make_publication(slug="watch")
    ships = Topic.objects.create(publication=publication, name="Ships & sails", slug="ships")
    syria = Topic.objects.create(publication=publication, name="Syria", slug="syria", kind="region")
    secret = Topic.objects.create(publication=publication, name="Hush", slug="hush")
    ada = Author.objects.create(name="Ada <Lovelace>", slug="ada", about="Counts ships.")
    for day, topics, fields in (
        (dt.date(2016, 4, 6), [ships, syria], {}),
        (dt.date(2016, 4, 7), [ships], {}),
        (dt.date(2016, 5, 1), [secret], {"access": "subscribers"}),
    ):
        brief = make_brief(publication, headline=f"Of {day}", date=day, **fields)
        brief.topics.set(topics)
        brief.authors.add(ada)
        workflow.publish(brief, revisions.take(brief), timezone.now())
    return publication


@pytest.mark.parametrize(
    ("path", "name", "listed"),
    [
        ("topics/ships/", "Ships &amp; sails", ["Of 2016-04-06", "Of 2016-04-07"]),
        ("regions/syria/", "Syria", ["Of 2016-04-06"]),
        ("authors/ada/", "Ada &lt;Lovelace&gt;", ["Of 2016-04-06", "Of 2016-04-07"]),
        ("2016/", "2016", ["Of 2016-04-06", "Of 2016-04-07"]),
        ("2016/04/", "April 2016", ["Of 2016-04-06", "Of 2016-04-07"]),
        ("2016/04/06/", "April 6, 2016", ["Of 2016-04-06"]),
    ],
)
def test_briefs_are_listed_where_the_list_stays(client, path, name, listed):
    make_archive()
    page = text(client, f"/watch/{path}")
    assert f"<h1>{name}</h1>" in page
    assert f'rel="canonical" href="http://127.0.0.1:8000/watch/{path}"' in page
    shown = [one for one in ("Of 2016-04-06", "Of 2016-04-07", "Of 2016-05-01") if one in page]
    assert shown == listed
    assert f"{len(listed)} in all" in page


@pytest.mark.parametrize(
    "path",
    [
        "topics/hush/",  # nothing in it that a stranger may read: so not even its name
        *("topics/none/", "authors/none/", "2015/", "2016/05/", "2016/13/", "2016/4/", "0000/"),
        *("2016/02/30/", "9999/12/", "20160/", "topics/", "authors/"),
    ],
)
def test_a_list_without_anything_in_it_is_not_there(client, path):
    make_archive()
    assert client.get(f"/watch/{path}").status_code == 404


def test_a_region_that_is_looked_for_among_topics_is_found(client):
    make_archive()
    answer = client.get("/watch/topics/syria/")
    assert (answer.status_code, answer["Location"]) == (301, "/watch/regions/syria/")
    hidden = "/watch/regions/hush/"
    assert client.get(hidden).status_code == 404, "that there is such a topic"


def test_the_index_counts_what_its_reader_may_read(client, django_assert_max_num_queries):
    make_archive()
    with django_assert_max_num_queries(7):
        page = text(client, "/watch/archive/")
    assert '<a href="/watch/topics/ships/">Ships &amp; sails</a> <span>2</span>' in page
    assert "Hush" not in page
    assert "/watch/2016/05/" not in page
    reader = access.Reader(frozenset(Brief.objects.values_list("publication", flat=True)))
    briefs = access.readable(reader, timezone.now())
    assert [month.size for month in archive.years(briefs[0].publication, briefs)[0][1]] == [1, 2]


def test_a_brief_leads_to_its_neighbours_lists_and_citation(client):
    make_archive()
    page = text(client, "/watch/2016/04/07/of-2016-04-07/")
    assert 'rel="prev" href="/watch/2016/04/06/of-2016-04-06/"' in page
    assert 'rel="next"' not in page
    assert '<a href="/watch/topics/ships/" rel="tag">Ships &amp; sails</a>' in page
    assert '<a href="/watch/authors/ada/" rel="author">Ada &lt;Lovelace&gt;</a>' in page
    assert "@online{watch-2016-04-07-of-2016-04-07," in page
    assert 'href="mailto:?subject=Of%202016-04-07&amp;body=' in page


def test_neighbours_of_one_day_are_told_apart():
    publication = make_publication()
    at = timezone.now() - dt.timedelta(hours=1)
    made = [publish(publication, at=at, headline=f"No. {number}") for number in range(3)]
    rows = access.readable(access.ANONYMOUS, timezone.now())
    assert list(rows) == made[::-1]
    assert archive.beside(rows, made[1]) == (made[0], made[2])
    assert archive.beside(rows, made[0]) == (None, made[1])


@pytest.mark.sqlite_only
def test_a_citation_is_safe_for_what_reads_it():
    brief = make_brief(make_publication(name="R&D {Watch}"), slug="x")
    said = Text("50 % of $x_1 \\ done?", dt.date(2016, 4, 6), authors=("Ada", "Bob", "Cy"))
    note, bibtex, ris = (
        words for _name, words in citing.formats(brief, said, "https://x.example/")
    )
    assert note == (
        "Ada, Bob and Cy, “50 % of $x_1 \\ done?” R&D {Watch}, April 6, 2016, https://x.example/"
    )
    assert r"title = {{50 \% of \$x\_1 \textbackslash{} done?}}," in bibtex
    assert r"organization = {{R\&D \{Watch\}}}," in bibtex
    assert ris.startswith("TY  - ELEC\nAU  - Ada\nAU  - Bob\n")
    assert "DA  - 2016/04/06/" in ris


@pytest.mark.sqlite_only
def test_tables_scroll_and_notes_lead_back(client):
    brief = publish(body="A claim.[^1]\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n[^1]: The source.")
    page = text(client, brief.web_path())
    assert '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>' in page
    assert 'role="doc-noteref"' in page
    assert 'aria-label="Back to the text"' in page
    assert '<div class="footnote" role="doc-endnotes"><h2 class="notes-title"' in page


def test_an_address_that_was_changed_leads_on_without_a_chain(client):
    brief = publish(make_publication(slug="watch"), date=dt.date(2016, 4, 6))
    first, editor = brief.web_path(), make_user()
    assert old_addresses.move(brief, date=brief.date, slug="second", by=editor)
    second = brief.web_path()
    assert old_addresses.move(brief, date=dt.date(2016, 4, 7), slug="third", by=editor)
    assert not old_addresses.move(brief, date=dt.date(2016, 4, 7), slug="third", by=editor)
    for old in (first, second):
        answer = client.get(f"{old}?from=mail")
        assert (answer.status_code, answer["Location"]) == (
            301,
            "/watch/2016/04/07/third/?from=mail",
        )
    assert old_addresses.move(brief, date=dt.date(2016, 4, 6), slug="second", by=editor)
    assert client.get(second).status_code == 200
    assert [row.verb for row in brief.audit.filter(verb="moved")] == ["moved"] * 3
    Brief.objects.update(embargo_until=timezone.now() + dt.timedelta(hours=1))
    assert client.get(first).status_code == 404


def test_a_renamed_publication_is_found_under_its_old_name(client):
    publication = make_publication(slug="watch")
    brief = publish(publication)
    old = brief.web_path()
    publication.slug = "harbour"
    publication.save()
    old_addresses.leave_slug("watch", publication)
    assert client.get(old)["Location"] == old.replace("/watch/", "/harbour/")
    assert client.get("/watch/")["Location"] == "/harbour/"
    assert client.get("/watch/nothing/", follow=True).status_code == 404
    Publication.objects.update(is_public=False)
    assert client.get("/watch/").status_code == 404, "what a private one is called by now"


@pytest.mark.parametrize("path", ["/p/an-old-post", "/archive/old", "/an-old-post/"])
def test_addresses_of_another_system_lead_to_the_brief(client, path):
    brief = publish()
    assert client.get(path).status_code == 404
    old_addresses.leave(path, brief)
    assert client.get(path)["Location"] == brief.web_path()


def test_a_redirect_leads_to_one_place_on_this_site():
    brief = publish()
    for wrong in ({"path": "//evil.example"}, {"path": "x", "brief": brief}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Redirect.objects.create(**wrong)


@pytest.mark.sqlite_only
def test_a_locked_brief_says_its_headline_only_where_the_publication_wants_it(client):
    brief = publish(headline="What the minister said", access="subscribers")
    path = brief.web_path()
    page = client.get(path).content.decode()
    assert "minister" not in page
    assert f'href="/s/{brief.publication.slug}/reading/?brief={brief.pk}"' in page
    assert '<meta name="robots" content="noindex">' in page
    brief.publication.shows_locked_headlines = True
    brief.publication.save()
    page = client.get(path).content.decode()
    assert "What the minister said" in page
    assert "Two cranes" not in page
