"""What the ways to a brief tell: an old address, the mail in a browser, a reader's own data."""

import pytest
from django.conf import settings
from django.test import Client

from briefs import old_addresses, revisions, workflow
from briefs.models import Brief
from deliveries import planning, privacy
from subscribers import feeds, reading, tokens
from tests.make import make_brief, make_edition, make_publication, make_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


def mailed(**fields: object) -> Brief:
    brief = make_brief(make_publication(), headline="Kestrel lands", slug="kestrel-lands", **fields)
    make_edition(brief)
    planning.start_due()
    brief.refresh_from_db()
    old_addresses.leave("/old/post/", brief)
    return brief


def test_an_old_address_of_a_locked_brief_tells_none_of_its_words(client: Client) -> None:
    brief = mailed(access="subscribers")
    publication = brief.publication
    answer = client.get("/old/post/?utm=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/s/{publication.slug}/reading/?brief={brief.pk}"
    assert client.get(answer.headers["Location"]).status_code == 200
    reader = make_subscription(publication)
    client.get(reading.url(reader).partition(settings.SITE_URL)[2])
    known = client.get("/old/post/")
    assert (known.status_code, known.headers["Location"]) == (301, brief.web_path())
    client.cookies.clear()
    publication.shows_locked_headlines = True
    publication.save()
    assert client.get("/old/post/").headers["Location"] == brief.web_path()
    Brief.objects.update(access="groups")
    assert client.get("/old/post/").status_code == 404


def test_the_mail_in_a_browser_leads_to_the_archive_where_all_may_read_it(client: Client) -> None:
    brief = mailed()
    edition = brief.editions.get()
    copy = f"/v/{tokens.view.make(edition.pk, 0)}"
    way = f'href="{settings.SITE_URL}{brief.web_path()}" rel="canonical"'
    assert way in client.get(copy).content.decode()
    reader = make_subscription(brief.publication)
    letter = edition.deliveries.create(subscriber=reader.subscriber)
    copy = f"/v/{tokens.view.make(edition.pk, letter.pk)}"
    Brief.objects.update(access="subscribers")
    page = client.get(copy)
    assert page.status_code == 200
    assert 'rel="canonical"' not in page.content.decode()


def test_a_readers_data_name_the_keys_to_their_feeds() -> None:
    reader = make_subscription(make_publication())
    feeds.replace(reader)
    feeds.replace(reader)
    ended, standing = privacy.export(reader.subscriber)["feeds"]
    assert ended["publication"] == reader.publication.slug
    assert ended["ended_at"]
    assert standing["ended_at"] is None


def test_what_is_published_and_not_mailed_has_its_old_address_too(client: Client) -> None:
    brief = make_brief(make_publication(is_public=False), slug="quiet")
    workflow.publish(brief, revisions.take(brief), brief.created_at)
    old_addresses.leave("/old/quiet/", brief)
    assert client.get("/old/quiet/").status_code == 404
