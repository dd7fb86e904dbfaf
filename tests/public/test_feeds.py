"""Feeds: what is in them, under which names, who gets them, and what a validator would say."""

import datetime as dt
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from briefs import audit, corrections, feed_formats, revisions, workflow
from briefs.models import Author, Brief, Publication, Topic
from intelbrief.masking import TOKEN
from subscribers import feeds, preferences
from subscribers.models import FeedToken, Subscription
from tests.make import make_brief, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TAG = re.compile(r"tag:[A-Za-z0-9.-]+,\d{4}-\d\d-\d\d:[\w/]+")
HOUR = dt.timedelta(hours=1)


def make_published(publication: Publication, **fields: Any) -> Brief:
    brief = make_brief(publication, **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now() - 3 * HOUR)
    brief.refresh_from_db()
    return brief


def atom(path: str) -> ElementTree.Element:
    answer = Client().get(path)
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)


def check_atom(feed: ElementTree.Element) -> None:
    """Hold *feed* to what RFC 4287 demands of a feed and its entries (4.1.1, 4.1.2)."""
    assert feed.tag == f"{ATOM}feed"
    for part in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(part.findall(ATOM + name)) == 1, name
            assert (part.findtext(ATOM + name) or "").strip(), name
        assert TAG.fullmatch(part.findtext(f"{ATOM}id") or "")
        for name in ("updated", "published"):
            assert all(RFC3339.fullmatch(one.text or "") for one in part.findall(ATOM + name))
        links = [(one.get("rel"), one.get("type")) for one in part.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        assert all((one.get("href") or "").startswith("http") for one in part.iter(f"{ATOM}link"))
        assert all(one.findtext(f"{ATOM}name") for one in part.findall(f"{ATOM}author"))
        assert all(one.get("term") for one in part.findall(f"{ATOM}category"))
    assert feed.find(f"{ATOM}author") is not None
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))


def check_json_feed(feed: dict[str, Any]) -> None:
    """Hold *feed* to JSON Feed 1.1: what must be there, and of which kind."""
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert isinstance(feed["items"], list)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item.get("content_html") or item.get("content_text")
        assert RFC3339.fullmatch(item["date_published"])
        assert RFC3339.fullmatch(item["date_modified"])
        assert all(author["name"] for author in item.get("authors", []))
        assert all(isinstance(tag, str) for tag in item.get("tags", []))


def make_rich(publication: Publication) -> Brief:
    topic = Topic.objects.create(publication=publication, name="Ports & <quays>", slug="ports")
    author = Author.objects.create(name="Ada O’Neil", slug="ada")
    brief = make_brief(
        publication,
        headline="Cranes & <cranes> for [[name|all]]",
        body="Dear [[name|reader]], see the note.[^1] <script>alert(1)</script>\x0b\n\n"
        "![a crane](/p/images/ab/crane-40x30.png)\n\n[^1]: It is below.",
    )
    brief.topics.add(topic)
    brief.authors.add(author)
    workflow.publish(brief, revisions.take(brief), timezone.now() - 3 * HOUR)
    brief.refresh_from_db()
    return brief


def test_every_feed_passes_a_validator() -> None:
    home = make_publication(tagline="The port, daily")
    make_rich(home)
    for place in ("", "topics/ports/", "authors/ada/"):
        check_atom(atom(f"/{home.slug}/{place}feed.atom"))
        answer = Client().get(f"/{home.slug}/{place}feed.json")
        assert answer.headers["Content-Type"].startswith("application/feed+json")
        check_json_feed(json.loads(answer.content))
    found = Client()
    assert found.get(f"/{home.slug}/regions/ports/feed.atom").status_code == 404
    assert found.get(f"/{home.slug}/feed.atom?page=2").status_code == 404


@pytest.mark.sqlite_only
def test_an_entry_has_the_text_and_nothing_of_a_mail() -> None:
    home = make_publication()
    brief = make_rich(home)
    feed = atom(f"/{home.slug}/feed.atom")
    content = feed.findtext(f"{ATOM}entry/{ATOM}content") or ""
    url = f"http://127.0.0.1:8000{brief.web_path()}"
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "Cranes & <cranes> for all"
    assert "Dear reader" in content
    assert "Two cranes arrived" in content
    assert f'href="{url}#fn:1"' in content
    assert 'src="http://127.0.0.1:8000/p/images/ab/crane-40x30.png"' in content
    whole = ElementTree.tostring(feed, "unicode")
    for never in ("[[", "<script", "alert(1)", "/u/", "/v/", "nsubscribe", "1 Quay Street", "\x0b"):
        assert never not in whole
    Publication.objects.update(feed_full_text=False)
    feed = atom(f"/{home.slug}/feed.atom")
    assert feed.find(f"{ATOM}entry/{ATOM}content") is None
    assert feed.findtext(f"{ATOM}entry/{ATOM}summary") == "Two cranes arrived"
    check_json_feed(json.loads(Client().get(f"/{home.slug}/feed.json").content))


@pytest.mark.sqlite_only
def test_an_entry_keeps_its_name_when_its_address_changes() -> None:
    home = make_publication()
    brief = make_published(home)
    before = atom(f"/{home.slug}/feed.atom").findtext(f"{ATOM}entry/{ATOM}id")
    Brief.objects.filter(pk=brief.pk).update(slug="another", date=dt.date(2026, 5, 1))
    Publication.objects.filter(pk=home.pk).update(slug="elsewhere", name="Another name")
    after = atom("/elsewhere/feed.atom")
    assert after.findtext(f"{ATOM}entry/{ATOM}id") == before
    assert "/elsewhere/2026/05/01/another/" in ElementTree.tostring(after, "unicode")


def test_a_correction_changes_what_a_feed_reader_has() -> None:
    home = make_publication()
    brief = make_published(home, body="Three ships.")
    path = f"/{home.slug}/feed.atom"
    first = Client().get(path)
    before = ElementTree.fromstring(first.content).findtext(f"{ATOM}entry/{ATOM}updated") or ""
    tag = first.headers["ETag"]
    again = Client().get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert not tag.startswith("W/")
    brief.body = "Four ships."
    brief.save()
    corrections.issue(brief, "There were **four** ships.", make_user())
    later = timezone.now() + HOUR
    answer = Client().get(path, headers={"If-None-Match": tag})
    entry = ElementTree.fromstring(answer.content).find(f"{ATOM}entry")
    assert entry is not None
    assert "<strong>four</strong> ships" in (entry.findtext(f"{ATOM}content") or "")
    assert before <= (entry.findtext(f"{ATOM}updated") or "") < later.isoformat()
    assert answer.headers["ETag"] != tag


@pytest.mark.sqlite_only
def test_an_embargoed_brief_comes_when_its_embargo_ends_as_of_then() -> None:
    home = make_publication()
    brief = make_published(home)
    path = f"/{home.slug}/feed.atom"
    Brief.objects.filter(pk=brief.pk).update(embargo_until=timezone.now() + HOUR)
    tag = Client().get(path).headers["ETag"]
    end = timezone.now() - dt.timedelta(minutes=5)
    Brief.objects.filter(pk=brief.pk).update(embargo_until=end)
    answer = Client().get(path, headers={"If-None-Match": tag})
    entry = ElementTree.fromstring(answer.content).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}published") == feed_formats.moment(end)


@pytest.mark.sqlite_only
def test_who_knows_only_a_date_hears_of_a_brief_that_was_let_in() -> None:
    home = make_publication()
    make_published(home)
    hidden = make_published(home, slug="hidden", access="subscribers")
    path, client = f"/{home.slug}/feed.atom", Client()
    assert "Last-Modified" not in client.get(path).headers  # it may change within this second
    with time_machine.travel(timezone.now() + HOUR):
        date = client.get(path).headers["Last-Modified"]
        assert client.get(path, headers={"If-Modified-Since": date}).status_code == 304
        hidden.access = "public"
        hidden.save()
        audit.record("readers-changed", brief=hidden)
        answer = client.get(path, headers={"If-Modified-Since": date})
        assert answer.content.decode().count("<entry>") == 2


@pytest.mark.sqlite_only
def test_a_feed_is_kept_no_longer_than_its_first_end() -> None:
    home = make_publication()
    brief = make_published(home)
    path = f"/{home.slug}/feed.json"
    assert Client().get(path).headers["Cache-Control"] == "public, max-age=60"
    Brief.objects.filter(pk=brief.pk).update(
        readable_until=timezone.now() + dt.timedelta(seconds=20)
    )
    kept = Client().get(path).headers["Cache-Control"]
    assert int(kept.partition("max-age=")[2]) <= 20


@pytest.mark.sqlite_only
def test_older_briefs_stand_on_further_pages() -> None:
    home = make_publication()
    for day in range(1, 22):
        make_published(home, headline=f"Day {day}", date=dt.date(2026, 3, day))
    first, second = atom(f"/{home.slug}/feed.atom"), atom(f"/{home.slug}/feed.atom?page=2")
    rels = {one.get("rel"): one.get("href") for one in first.findall(f"{ATOM}link")}
    assert rels["next"] == rels["last"] == f"http://127.0.0.1:8000/{home.slug}/feed.atom?page=2"
    assert len(first.findall(f"{ATOM}entry")) == 20
    assert second.findtext(f"{ATOM}entry/{ATOM}title") == "Day 1"
    check_atom(second)


@pytest.mark.sqlite_only
def test_a_feed_asks_the_database_as_little_for_many_as_for_one(
    django_assert_max_num_queries: Any,
) -> None:
    home = make_publication()
    for day in range(1, 12):
        make_published(home, headline=f"Day {day}", date=dt.date(2026, 3, day))
    with django_assert_max_num_queries(5):
        Client().get(f"/{home.slug}/feed.atom")


# --- a reader's own ------------------------------------------------------------


def own_page(subscription: Subscription) -> str:
    return f"/s/own/{preferences.own_token(subscription)}"


def own_feed(subscription: Subscription, written: str = "atom") -> str:
    key = feeds.standing(subscription)
    assert key is not None
    return feeds.addresses(key, subscription)[written].partition(":8000")[2]


def test_a_reader_makes_replaces_and_ends_a_feed_of_their_own() -> None:
    home = make_publication()
    make_published(home, headline="For us alone", access="subscribers")
    ada = make_subscription(home)
    page = Client()
    page.post(own_page(ada), {"wish": "feed"})
    first = own_feed(ada)
    assert first in page.get(own_page(ada)).content.decode()
    answer = Client().get(first)
    assert "For us alone" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    check_atom(ElementTree.fromstring(answer.content))
    # Passed on, it tells no key.
    key = first.split("/")[3]
    assert key not in answer.content.decode()
    assert key not in Client().get(own_feed(ada, "json")).content.decode()
    assert key not in TOKEN.sub(r"\1", f"Not Found: {first}")
    page.post(own_page(ada), {"wish": "feed"})
    assert Client().get(first).status_code == 410
    second = own_feed(ada)
    page.post(own_page(ada), {"wish": "feed-off"})
    assert Client().get(second).status_code == 410
    assert FeedToken.objects.filter(used_on=None).count() == 1


@pytest.mark.sqlite_only
def test_a_feed_ends_with_its_subscription_and_its_address() -> None:
    home = make_publication()
    ada = make_subscription(home)
    feeds.replace(ada)
    path = own_feed(ada)
    Subscription.objects.update(status="unsubscribed", unsubscribed_at=timezone.now())
    assert Client().get(path).status_code == 404
    assert feeds.replace(ada) is None
    Subscription.objects.update(status="active", unsubscribed_at=None)
    assert Client().get(path).status_code == 200
    reader = ada.subscriber
    reader.address_hash = "0" * len(reader.address_hash)
    reader.save()
    assert Client().get(path).status_code == 410
    assert Client().get("/s/feed/AAAAAAAAAAAAAAAAAAAA/atom").status_code == 404


@pytest.mark.sqlite_only
def test_who_has_only_a_mail_cannot_make_a_feed() -> None:
    from subscribers import tokens

    ada = make_subscription(make_publication())
    footer = f"/s/prefs/{tokens.unsubscribe.make(ada.pk, 0)}"
    assert Client().post(footer, {"wish": "feed"}).status_code == 400
    assert feeds.standing(ada) is None


@pytest.mark.sqlite_only
def test_text_from_right_to_left_says_so() -> None:
    home = make_publication(language="ar")
    make_published(home)
    feed = atom(f"/{home.slug}/feed.atom")
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "ar"
    assert '<div lang="ar" dir="rtl">' in (feed.findtext(f"{ATOM}entry/{ATOM}content") or "")
