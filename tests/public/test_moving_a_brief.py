"""A published brief moves: at the desk, by who answers for the publication, and links follow."""

import datetime as dt

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from briefs import old_addresses, revisions, workflow
from tests.make import make_brief, make_member, make_publication

pytestmark = pytest.mark.django_db

DAY = dt.date(2016, 4, 6)


@pytest.fixture
def brief():
    """Return a brief that stands at /watch/2016/04/06/first/."""
    home = make_publication(slug="watch")
    brief = make_brief(home, date=DAY, slug="first", headline="Cranes at last")
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    return brief


@pytest.fixture
def olga(client, brief):
    """Log an owner in."""
    client.force_login(make_member(brief.publication, "owner"))
    return client


def move(client, brief, date, slug, seen=None):
    posted = {"date": date, "slug": slug, "seen": seen or brief.web_path()}
    answer = client.post(reverse("admin:briefs_brief_move", args=[brief.pk]), posted)
    brief.refresh_from_db()
    return answer


def test_links_to_page_pdf_and_picture_follow_two_moves_and_the_way_back(olga, brief):
    first = brief.web_path()
    assert move(olga, brief, "2016-04-07", "Second").status_code == 302
    second = brief.web_path()
    assert second == "/watch/2016/04/07/second/"
    move(olga, brief, "2016-04-08", "third")
    third = brief.web_path()
    for old in (first, second):
        for beneath in ("", "brief.pdf", "card.png"):
            answer = olga.get(f"{old}{beneath}?v=1")
            assert (answer.status_code, answer["Location"]) == (301, f"{third}{beneath}?v=1")
    page = olga.get(third).content.decode()
    assert f'<link rel="canonical" href="{settings.SITE_URL}{third}">' in page
    assert "April 8, 2016" in page
    assert "April 6, 2016" not in page
    assert third in olga.get("/sitemap-1.xml").content.decode()
    assert third in olga.get("/watch/feed.atom").content.decode()
    before = brief.published_revision_id
    move(olga, brief, "2016-04-06", "first")
    assert olga.get(first).status_code == 200
    assert olga.get(third)["Location"] == first
    assert brief.published_revision_id != before
    assert brief.revisions.get(number=1).pk == brief.published_revision_id, "the very first words"
    said = [row.words for row in brief.audit.filter(verb="moved").order_by("pk")]
    assert said == [f"{first} → {second}", f"{second} → {third}", f"{third} → {first}"]


def test_a_text_that_was_frozen_before_the_move_brings_no_old_date_line_back(olga, brief):
    old = brief.published_revision
    move(olga, brief, "2016-04-07", "second")
    shown = brief.published_revision
    assert shown.snapshot == {**old.snapshot, "date": "2016-04-07", "slug": "second"}
    assert revisions.take(brief) == shown, "nothing is waiting to be corrected"
    assert not workflow.publish(brief, old, timezone.now())
    brief.refresh_from_db()
    assert brief.published_revision == shown


def test_a_place_that_is_or_was_anothers_is_refused(olga, brief):
    home = brief.publication
    make_brief(home, date=DAY, slug="theirs", headline="Their brief")
    other = make_brief(home, date=DAY, slug="was-theirs", headline="Another brief")
    workflow.publish(other, revisions.take(other), timezone.now())
    old_addresses.move(other, date=DAY, slug="is-theirs", by=None)
    for slug, name in (("theirs", "Their brief"), ("was-theirs", "Another brief")):
        page = move(olga, brief, "2016-04-06", slug).content.decode()
        assert f"“{name}” st" in page
        assert brief.slug == "first"
    assert "stands there already" in move(olga, brief, "2016-04-06", "first").content.decode()
    answer = move(olga, brief, "2016-04-09", "second", seen="/watch/2016/04/06/elsewhere/")
    assert answer["Location"].endswith("/move/")
    assert brief.date == DAY, "of two who move it, one is told"


@pytest.mark.sqlite_only
def test_drafts_have_no_such_page_and_publishers_no_such_right(olga, brief, client):
    draft = make_brief(brief.publication)
    url = reverse("admin:briefs_brief_move", args=[brief.pk])
    form = olga.get(reverse("admin:briefs_brief_change", args=[brief.pk])).content.decode()
    assert url in form
    assert olga.get(reverse("admin:briefs_brief_move", args=[draft.pk])).status_code == 404
    client.force_login(make_member(brief.publication, "publisher"))
    assert client.get(url).status_code == 403
    assert url not in client.get(url.replace("move", "change")).content.decode()
