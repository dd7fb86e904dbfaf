"""The search: what is found, by whom, and that nothing typed into it does harm."""

import datetime as dt
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from briefs import access, corrections, revisions, search, workflow
from briefs.models import Author, Brief, KeyPoint, SearchText, SearchWord, Topic
from briefs.search import excerpts, spelling
from briefs.search.querying import Query, Term
from tests.make import make_brief, make_publication
from tests.public.test_pages import publish, text

pytestmark = pytest.mark.django_db


def find(query, reader=access.ANONYMOUS, **filters):
    return search.find(query, reader, timezone.now(), search.Filters(**filters))


def headlines(results):
    return [found.brief.headline for found in results.entries]


def make_archive():
    """Store two publications with three briefs: of cranes, of a ruin, and in German."""
    watch = make_publication(slug="watch", name="Harbour Watch")
    wacht = make_publication(slug="wacht", name="Hafenwacht", language="de", series="")
    syria = Topic.objects.create(publication=watch, name="Syria", slug="syria", kind="region")
    ships = Topic.objects.create(publication=watch, name="Ships", slug="ships")
    ada = Author.objects.create(name="Ada Lovelace", slug="ada")
    cranes = make_brief(watch, headline="Cranes", date=dt.date(2015, 1, 2))
    cranes.topics.add(ships)
    ruin = make_brief(
        watch,
        headline="A Ruin Retaken",
        key_points=("The arch **stands**",),
        body="Soldiers took *Palmyra* back.[^1] "
        "See [it](https://x.example/hidden), [[first_name|friend]]."
        "\n\n| a | b |\n|---|---|\n| left | right |\n\n[^1]: Says the agency.",
    )
    ruin.topics.add(syria)
    ruin.authors.add(ada)
    kai = make_brief(wacht, headline="Häfen an der Straße", body="Groß.", key_points=())
    for brief in (cranes, ruin, kai):
        publish_now(brief)
    return watch


def publish_now(brief):
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()


def test_a_brief_is_found_by_every_word_that_its_readers_see():
    make_archive()
    ruin = ["A Ruin Retaken"]
    for query in ("Palmyra", "palmy", "PALM*", "ruin arch", '"took Palmyra back"', "Ada", "syria"):
        assert headlines(find(query)) == ruin, query
    for query in ("Palmyra Syria", "“took palmyra”", "right", "agency friend", "“retaken”"):
        assert headlines(find(query)) == ruin, query
    # Of Markdown, addresses and merge fields readers see nothing.
    for query in ('"back took"', "hidden", "first_name", "leftright", "palmyra cranes", "ruins*x"):
        assert headlines(find(query)) == [], query
    for query in ("hafen", "Häfen", "haefen", "strasse", "Straße", "gross", "GROẞ"):
        assert headlines(find(query)) == ["Häfen an der Straße"], query


def test_what_was_found_is_counted_by_facet_and_narrowed_down():
    make_archive()
    found = find("the")
    assert [(one.value, one.size) for one in found.facets["year"]] == [("2026", 1), ("2015", 1)]
    assert [tuple(one) for one in found.facets["region"]] == [("syria", "Syria", 1)]
    assert [tuple(one) for one in found.facets["publication"]] == [("watch", "Harbour Watch", 2)]
    assert headlines(find("Palmyra", region="syria")) == ["A Ruin Retaken"]
    for filters in ({"region": "ships"}, {"topic": "syria"}, {"year": 2015}, {"author": "bob"}):
        assert headlines(find("Palmyra", **filters)) == [], filters
    assert headlines(find("", publication="wacht")) == ["Häfen an der Straße"]
    assert headlines(find("", author="ada", year=2026)) == ["A Ruin Retaken"]


def test_a_headline_counts_more_than_a_body():
    publication = make_publication()
    publish(publication, headline="Of other things", body="A kestrel, and much more besides it.")
    publish(
        publication, headline="The kestrel", slug="k", date=dt.date(2016, 1, 1), body="No bird."
    )
    publish(publication, headline="Without")
    assert headlines(find("kestrel")) == ["The kestrel", "Of other things"]


def test_a_word_is_found_in_its_other_forms_where_the_database_knows_the_language():
    make_archive()
    stems = connection.vendor == "postgresql"
    found = find("soldier taking")
    assert headlines(found) == []
    found = find("took soldiers")  # the last word is one's beginning too
    assert headlines(found) == ["A Ruin Retaken"]
    found = find("standing stands")
    assert headlines(found) == (["A Ruin Retaken"] if stems else [])
    if stems:
        assert "<mark>stands</mark>" in found.entries[0].excerpt


def test_a_mistyped_word_is_guessed_and_never_from_what_the_visitor_may_not_read():
    publication = make_archive()
    secret = publish(
        publication, headline="Hush", slug="hush", access="subscribers", body="The kestrel lands."
    )
    assert find("Plamyra syria").did_you_mean == "palmyra syria"
    assert find('"took plamyra"').did_you_mean == '"took palmyra"'
    assert find("hfaen").did_you_mean == "häfen"
    assert find("xyzzyxyz").did_you_mean == ""
    assert SearchWord.objects.filter(word="kestrel").exists()
    reader = access.Reader(frozenset({publication.pk}))
    assert find("kestral").did_you_mean == ""
    assert find("kestral", reader).did_you_mean == "kestrel"
    assert headlines(find("kestrel", reader)) == ["Hush"]
    assert not find("kestrel").total
    Brief.objects.filter(pk=secret.pk).update(readable_until=timezone.now())
    assert find("kestral", reader).did_you_mean == ""


def test_a_correction_is_found_at_once_and_a_draft_never():
    publication = make_publication()
    brief = publish(publication, headline="Two cranes", body="Of steel.")
    draft = make_brief(publication, headline="Unseen kestrel")
    assert headlines(find("steel")) == ["Two cranes"]
    Brief.objects.filter(pk=brief.pk).update(body="Of timber.")
    KeyPoint.objects.create(brief=brief, text="Never printed", position=9)
    assert headlines(find("kestrel")) == headlines(find("timber")) == []
    brief.refresh_from_db()
    with transaction.atomic():
        corrections.issue(brief, "Of timber.", None)
        assert find("timber").total == 1
        transaction.set_rollback(True)
    assert find("timber").total == 0
    assert find("steel").total == 1
    corrections.issue(brief, "Of timber.", None)
    assert find("steel").total == 0
    assert "<mark>timber</mark>" in find("timber").entries[0].excerpt
    assert not SearchText.objects.filter(brief=draft).exists()


def test_the_index_is_rebuilt_from_what_is_on_the_web():
    make_archive()
    SearchText.objects.filter(headline="Cranes").delete()
    assert find("cranes").total == 0
    SearchWord.objects.create(word="stale", head="st", tail="ale")
    call_command("reindex", missing=True, verbosity=0)
    assert find("cranes").total == 1
    call_command("reindex", verbosity=0)
    assert find("cranes").total == find("palmyra").total == 1
    assert not SearchWord.objects.filter(word="stale").exists()
    assert search.rebuild(only_missing=True) == 0


HOSTILE = {
    "operators": '" OR NEAR( a" AND NOT (b',
    "columns": "headline:cranes {a b} : ^x -y +z",
    "tsquery": "a & !b <-> ':*' | (c)",
    "nul": "cranes\x00 OR",
    "quotes": "'''\"\"\"`;--",
    "stars": "* ** c* cr* *cranes",
    "emoji": "🏗️ 🚢",
    "stop-words": "the of and",
    "long": "crane " * 1700,
    "one-long-word": "x" * 10_000,
    "percent": "%s %(a)s {0} \\ \ud7ff \ufffe",
    "marks": "e\u0301\u0301\u0301 \u0651\u200f\u202e ½ ² ١٢ ﬁ ǆ İ ﷺ",
    "spaces": " \u3000\n\t",
}


def test_nothing_that_is_typed_does_harm(client):
    make_archive()
    for name, typed in HOSTILE.items():
        for path in ("/search/", "/watch/search/", "/wacht/search/"):
            answer = client.get(
                path, {"q": typed, "page": typed[:99], "year": typed, "topic": typed}
            )
            # What has a NUL in it is refused before it comes to any page.
            assert answer.status_code == (400 if name == "nul" else 200), name
        find(typed)
    for year in ("0000", "9999", "-1", "²²²²", "20260"):
        assert client.get("/search/", {"q": "the", "year": year}).status_code == 200, year
    assert client.get("/search/?q=%ff%fe&page=99999").status_code == 200
    assert client.get("/nowhere/search/").status_code == 404


def test_the_page_marks_escapes_and_keeps_what_was_typed(client):
    publication = make_archive()
    publish(
        publication,
        headline="<b>Bold</b> & brave",
        slug="b",
        body="`<script>alert(1)</script>` bold",
    )
    page = text(client, "/search/?q=bold")
    assert "&lt;b&gt;<mark>Bold</mark>&lt;/b&gt; &amp; brave" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>bold</mark>" in page
    page = text(client, "/search/?q=%22%3E%3Cscript%3Ex&region=syria")
    assert "<script>x" not in page
    assert 'value="&quot;&gt;&lt;script&gt;x"' in page
    assert '<input type="hidden" name="region" value="syria">' in page
    page = text(client, "/search/?q=the")
    assert 'href="/search/?q=the&amp;region=syria"' in page
    assert 'name="robots" content="noindex"' in page
    page = text(client, "/watch/search/?q=hafen")
    assert "Nothing was found" in page
    assert 'href="/search/?q=hafen"' in page
    assert "<h1>Suche</h1>" in text(client, "/wacht/search/?q=hafen")
    for path in ("/", "/watch/", "/watch/archive/"):
        assert 'role="search"' in text(client, path)


def test_the_search_of_a_closed_publication_is_not_there_for_strangers(client):
    closed = make_publication(slug="closed", is_public=False)
    publish(closed, headline="Within")
    assert client.get("/closed/search/").status_code == 404
    assert "Within" not in text(client, "/search/?q=within")


def test_pages_of_results_follow_each_other(client):
    publication = make_publication(slug="many")
    for number in range(search.ON_A_PAGE + 2):
        publish(publication, headline=f"Crane {number}", slug=f"c{number}")
    first, last = (
        text(client, "/many/search/?q=crane"),
        text(client, "/many/search/?q=crane&page=9"),
    )
    assert "12 briefs" in first
    assert 'rel="next" href="/many/search/?q=crane&amp;page=2"' in first
    assert 'rel="prev" href="/many/search/?q=crane"' in last
    assert 'start="11"' in last
    assert last.count("<h3><a href") == 2


def test_a_deleted_text_leaves_nothing_in_the_index(django_assert_max_num_queries):
    make_archive()
    with django_assert_max_num_queries(16):
        assert find("the").total == 2
    SearchText.objects.all().delete()
    assert find("palmyra").total == 0


@pytest.mark.django_db(transaction=True)
def test_the_index_can_be_taken_away_and_made_again():
    migration = import_module("briefs.migrations.0011_search")
    make_archive()
    with connection.schema_editor() as editor:
        migration.drop_index(None, editor)
    with connection.schema_editor() as editor:
        migration.make_index(None, editor)
    call_command("reindex", verbosity=0)
    assert find("palmyra").total == find("cranes").total == 1


@pytest.mark.sqlite_only
def test_what_is_typed_is_read_into_words_phrases_and_beginnings():
    def read(typed):
        return [(t.words, t.is_phrase, t.is_beginning) for t in search.parse(typed).terms]

    assert read("Syria palm") == [(("Syria",), False, False), (("palm",), False, True)]
    assert read('of "two  words" ') == [(("of",), False, False), (("two", "words"), True, False)]
    assert read('"not closed') == [(("not", "closed"), True, False)]
    assert read("south-ea* x") == [(("south", "ea"), True, True), (("x",), False, False)]
    assert read("a* „so“") == [(("a",), False, False), (("so",), True, False)]
    assert read("— * ''") == []
    assert search.parse("x" * 201).is_cut
    assert str(Query((Term(("a", "b"), is_phrase=True), Term(("c",))))) == '"a b" c'


@pytest.mark.sqlite_only
def test_an_excerpt_shows_most_of_what_was_looked_for():
    marker = excerpts.Marker(frozenset({"crane", "steel"}), ("timb",))
    far = "crane " + "word " * 200 + "a crane of steel & timber " + "word " * 200
    shown = excerpts.excerpt(marker, ["crane", far])
    assert "<mark>crane</mark> of <mark>steel</mark> &amp; <mark>timber</mark>" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 400
    assert excerpts.excerpt(marker, ["", "Nothing of <it>."]) == "Nothing of &lt;it&gt;."
    assert excerpts.excerpt(marker, []) == ""
    assert excerpts.excerpt(marker, ["x" * 5000]).endswith(" …")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [
        ("plamyra", "palmyra", 1),
        ("palmira", "palmyra", 1),
        ("almyra", "palmyra", 1),
        ("a", "xyz", 3),
    ],
)
def test_letters_left_out_put_in_changed_or_swapped_are_counted(one, other, steps):
    assert spelling.distance(one, other, 2) == steps
