"""The public pages: what is published, to whom it may be shown."""

import datetime as dt
import html

import pytest
from django.utils import timezone

from briefs import access, revisions, workflow
from briefs.models import Brief, KeyPoint, Publication
from tests.make import make_brief, make_publication

pytestmark = pytest.mark.django_db


def publish(publication=None, at=None, **fields):
    brief = make_brief(publication, **fields)
    workflow.publish(brief, revisions.take(brief), at or timezone.now())
    brief.refresh_from_db()
    return brief


def text(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_brief_stands_on_its_page_with_everything_that_was_written(client):
    brief = publish()
    html = text(client, brief.web_path())
    assert "<h1>The Port’s New Cranes</h1>" in html
    assert '<time datetime="2026-04-06">April 6, 2026</time>' in html
    assert "Harbour Brief" in html
    assert "<li>Two cranes arrived</li>" in html
    assert 'href="https://port.example/cranes"' in html
    assert 'href="mailto:desk@harbour.example"' in html
    assert 'name="address"' in html
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{brief.web_path()}">' in html
    assert '<meta property="og:title" content="The Port’s New Cranes">' in html
    assert '<meta name="description" content="Two cranes arrived">' in html


def images_allowed(answer):
    rules = dict(rule.split(" ", 1) for rule in answer["Content-Security-Policy"].split("; "))
    return rules.pop("img-src").split(), rules


def test_an_image_in_a_brief_is_loaded_and_nothing_else_from_elsewhere(client):
    brief = publish(body="![A crane](https://images.example/crane.png)")
    answer = client.get(brief.web_path())
    assert 'src="https://images.example/crane.png"' in answer.content.decode()
    images, others = images_allowed(answer)
    assert images == ["'self'", "data:", "https:"]
    at_home, same = images_allowed(client.get("/"))
    assert at_home == ["'self'", "data:"]
    assert others == same
    assert others["script-src"] == "'self'"
    assert "https:" not in str(others)


def test_an_unpublished_brief_does_not_exist(client):
    brief = make_brief()
    revisions.take(brief)
    brief.refresh_from_db()
    assert client.get(brief.web_path()).status_code == 404
    assert brief.headline not in text(client, f"/{brief.publication.slug}/")


def test_a_brief_that_is_published_later_does_not_exist_yet(client):
    brief = publish(at=timezone.now() + dt.timedelta(hours=1))
    assert client.get(brief.web_path()).status_code == 404
    assert brief.headline not in text(client, f"/{brief.publication.slug}/")


def test_a_brief_for_subscribers_is_hidden_from_everybody_else(client):
    brief = publish(access=Brief.Access.SUBSCRIBERS)
    assert client.get(brief.web_path()).status_code == 403
    assert brief.headline not in text(client, f"/{brief.publication.slug}/")
    assert brief.headline not in text(client, "/")


def test_nothing_of_a_publication_that_is_not_public_is_shown(client):
    brief = publish(make_publication(is_public=False, name="Secret Harbour"))
    make_publication(name="Open Harbour")
    assert client.get(brief.web_path()).status_code == 404
    assert client.get(f"/{brief.publication.slug}/").status_code == 404
    assert "Secret Harbour" not in text(client, "/")


def test_lists_and_pages_ask_the_same_policy():
    at = timezone.now()
    public, closed = make_publication(), make_publication(is_public=False)
    briefs = [
        make_brief(public),
        publish(public, headline="One"),
        publish(public, headline="Two", at=at + dt.timedelta(hours=1)),
        publish(public, headline="Three", access=Brief.Access.SUBSCRIBERS),
        publish(closed, headline="Four"),
        publish(closed, headline="Five", access=Brief.Access.SUBSCRIBERS),
    ]
    for reader in (access.ANONYMOUS, access.Reader(frozenset([public.pk, closed.pk]))):
        for moment in (at, at + dt.timedelta(hours=2)):
            one_by_one = {b.pk for b in briefs if access.may_read(b, reader, moment)}
            assert set(access.readable(reader, moment).values_list("pk", flat=True)) == one_by_one


def test_an_edit_after_publishing_is_not_shown_before_it_is_published(client):
    brief = publish()
    Brief.objects.filter(pk=brief.pk).update(headline="Not yet", body="Not yet")
    KeyPoint.objects.filter(brief=brief).update(text="Not yet")
    for url in (brief.web_path(), f"/{brief.publication.slug}/", "/"):
        assert "Not yet" not in text(client, url)
        assert "The Port’s New Cranes" in text(client, url)


def test_a_publication_shows_its_latest_brief_first(client):
    publication = make_publication()
    publish(publication, headline="Older", date=dt.date(2026, 4, 5))
    publish(publication, headline="Newest", date=dt.date(2026, 4, 7))
    publish(make_publication(), headline="Elsewhere", date=dt.date(2026, 4, 8))
    html = text(client, f"/{publication.slug}/")
    assert html.index("Newest") < html.index("Older")
    assert "Elsewhere" not in html


def test_older_briefs_are_found_page_by_page(client):
    publication = make_publication()
    for day in range(1, 23):
        publish(publication, headline=f"Day {day:02}", date=dt.date(2026, 3, day))
    first, second = (text(client, f"/{publication.slug}/?page={n}") for n in (1, 2))
    assert "Day 22" in first
    assert "Day 02" not in first
    assert "Day 02" in second
    assert 'rel="next" href="?page=2"' in first
    for nonsense in ("0", "-1", "99999999999999999999", "x", ""):
        text(client, f"/{publication.slug}/?page={nonsense}")


def test_a_publication_without_briefs_invites_to_wait_for_the_first(client):
    assert "first brief is still being written" in text(client, f"/{make_publication().slug}/")


def test_the_front_page_shows_all_publications_and_their_latest_briefs(client):
    publish(make_publication(name="Harbour Watch"), headline="Cranes")
    publish(make_publication(name="River Watch"), headline="Locks")
    html = text(client, "/")
    for word in ("Harbour Watch", "River Watch", "Cranes", "Locks"):
        assert word in html


def test_the_front_page_of_a_single_publication_is_its_page(client):
    brief = publish()
    html = text(client, "/")
    assert "<h1>Harbour Watch</h1>" in html
    assert f'rel="canonical" href="http://127.0.0.1:8000/{brief.publication.slug}/"' in html


def test_an_empty_site_has_a_front_page(client):
    Publication.objects.all().delete()
    assert "Nothing is published here yet" in text(client, "/")


def test_what_an_editor_types_never_becomes_a_script(client):
    publication = make_publication(
        name="<script>alert(1)</script>",
        tagline="<img src=x onerror=alert(1)>",
        description="<script>alert(1)</script> [x](javascript:alert(1))",
        postal_address="<b onclick=alert(1)>",
    )
    brief = publish(
        publication,
        headline="<script>alert(1)</script>",
        body='<img src=x onerror=alert(1)> <iframe src="https://evil.example"></iframe>',
        key_points=("<script>alert(1)</script>",),
    )
    for url in (brief.web_path(), f"/{publication.slug}/", f"/s/{publication.slug}/", "/"):
        html = text(client, url)
        assert "<script>" not in html
        assert "<iframe" not in html
        assert "<b onclick" not in html
        assert "<img src=x onerror" not in html
        assert 'href="javascript' not in html


@pytest.mark.parametrize(
    "path",
    ["2026/4/6/x/", "2026/13/01/x/", "2026/02/30/x/", "0000/00/00/x/", "2026/04/06/nothing/"],
)
def test_an_address_where_nothing_stands_is_answered_kindly(client, path):
    publication = make_publication()
    answer = client.get(f"/{publication.slug}/{path}")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_public_pages_set_no_cookie_and_forbid_inline_scripts(client):
    brief = publish()
    for url in ("/", f"/{brief.publication.slug}/", brief.web_path()):
        answer = client.get(url)
        assert not answer.cookies
        assert "default-src 'none'; style-src 'self'" in answer["Content-Security-Policy"]
        html = answer.content.decode()
        assert "style=" not in html
        assert "<style" not in html
        # A block of data is no script: no browser runs it, whatever the policy says.
        assert "<script" not in html.replace('<script type="application/ld+json">', "")


def test_a_page_costs_few_queries(client, django_assert_max_num_queries):
    publication = make_publication()
    for day in range(1, 20):
        publish(publication, headline=f"Day {day:02}", date=dt.date(2026, 3, day))
    with django_assert_max_num_queries(5):
        client.get(f"/{publication.slug}/")
    with django_assert_max_num_queries(5):
        client.get(f"/{publication.slug}/2026/03/10/day-10/")


def test_the_page_speaks_the_language_of_the_publication(client):
    brief = publish(make_publication(language="de"))
    answer = client.get(brief.web_path(), HTTP_ACCEPT_LANGUAGE="en")
    assert answer["Content-Language"] == "de"
    assert "6. April 2026" in answer.content.decode()


@pytest.mark.parametrize("source", ["1. " * 300 + "deep", "<b>" * 3000 + "deep", "[^1] " * 4_000])
def test_a_text_that_cannot_be_rendered_is_shown_as_it_was_written(client, source):
    publication = make_publication(description=source, contact_block=source)
    brief = publish(publication, body=source, key_points=[source[:2000]])
    shown = html.escape(source[:300])
    assert shown in text(client, brief.web_path())
    assert shown in text(client, f"/{publication.slug}/")
    assert shown in text(client, f"/s/{publication.slug}/")
    assert shown in text(client, f"/s/{publication.slug}/imprint/")
