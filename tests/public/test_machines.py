"""What programs read of the site: conditional requests, sitemap, robots, cards, data blocks."""

import datetime as dt
import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image

from briefs import cards, corrections, revisions, sitemaps, workflow
from briefs.models import Brief, Publication, Rendition
from subscribers import reading
from tests.make import make_brief, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def make_published(publication: Publication | None = None, **fields: Any) -> Brief:
    brief = make_brief(publication, **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now() - 3 * HOUR)
    brief.refresh_from_db()
    return brief


def locations(path: str) -> list[str]:
    answer = Client().get(path)
    assert answer.headers["Content-Type"].startswith("application/xml")
    tree = ElementTree.fromstring(answer.content)
    return [(one.text or "").partition(":8000")[2] for one in tree.iter(f"{SITEMAP}loc")]


@pytest.mark.sqlite_only
def test_a_page_is_sent_once_until_it_changes() -> None:
    brief = make_published()
    home = f"/{brief.publication.slug}/"
    paths = (brief.web_path(), home, f"{home}archive/", f"{home}2026/", "/")
    client = Client()
    tags = {path: client.get(path).headers["ETag"] for path in paths}
    for path, tag in tags.items():
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["Cache-Control"] == "public, max-age=60"
        assert "Cookie" in again.headers["Vary"]
    # A cache takes the headers of a 304 over: pictures of other sites must go on showing.
    seen = client.get(brief.web_path(), headers={"If-None-Match": tags[brief.web_path()]})
    assert "https:" in seen.headers["Content-Security-Policy"]
    brief.headline = "Another headline"
    brief.save()
    corrections.issue(brief, "It had the wrong headline.", make_user())
    for path in (brief.web_path(), home, f"{home}2026/", "/"):
        assert client.get(path, headers={"If-None-Match": tags[path]}).status_code == 200, path
    Brief.objects.update(embargo_until=timezone.now() + HOUR)
    for path in (brief.web_path(), home, f"{home}archive/", "/"):
        assert client.get(path, headers={"If-None-Match": tags[path]}).status_code in (200, 404)


@pytest.mark.sqlite_only
def test_no_cache_keeps_what_a_cookie_decided() -> None:
    brief = make_published(access="subscribers")
    client = Client()
    client.get(reading.url(make_subscription(brief.publication)).partition(":8000")[2])
    for path in (brief.web_path(), f"/{brief.publication.slug}/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in answer.headers
    assert Client().get(brief.web_path()).headers["Cache-Control"] == "no-store"


def test_the_sitemap_has_what_a_stranger_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_publication()
    shown = make_published(home, headline="Shown")
    hidden = make_published(home, headline="Hidden", access="subscribers")
    later = make_published(home, headline="Later")
    Brief.objects.filter(pk=later.pk).update(embargo_until=timezone.now() + HOUR)
    private = make_published(make_publication(is_public=False), headline="Private")
    assert locations("/sitemap.xml") == ["/sitemap-1.xml"]
    found = locations("/sitemap-1.xml")
    assert {"/", f"/{home.slug}/", shown.web_path()} <= set(found)
    for brief in (hidden, later, private):
        assert brief.web_path() not in found
    assert not any(private.publication.slug in path for path in found)
    Brief.objects.update(access="public", embargo_until=None)
    monkeypatch.setattr(sitemaps, "IN_A_PART", 2)
    assert locations("/sitemap.xml") == ["/sitemap-1.xml", "/sitemap-2.xml"]
    assert locations("/sitemap-2.xml") == [later.web_path()]
    assert Client().get("/sitemap-3.xml").status_code == 404
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in Client().get("/robots.txt").text


def test_a_correction_moves_the_date_in_the_sitemap() -> None:
    brief = make_published()
    before = re.findall("<lastmod>(.*?)</lastmod>", Client().get("/sitemap-1.xml").text)
    brief.body = "Four ships."
    brief.save()
    corrections.issue(brief, "There were four.", make_user())
    after = re.findall("<lastmod>(.*?)</lastmod>", Client().get("/sitemap-1.xml").text)
    assert before < after


@pytest.mark.sqlite_only
def test_a_data_block_is_json_whatever_the_headline_says() -> None:
    headline = "Cranes </script><script>alert(1)</script> & <!-- “co”"
    brief = make_published(headline=headline)
    brief.body = "Four ships."
    brief.save()
    corrections.issue(brief, "There were four.", make_user())
    page = Client().get(brief.web_path()).text
    (block,) = DATA.findall(page)
    article, way = json.loads(block)["@graph"]
    assert article["headline"] == headline
    assert article["@type"] == "NewsArticle"
    assert article["isAccessibleForFree"] is True
    assert article["dateModified"] > article["datePublished"]
    assert article["correction"][0]["text"] == "There were four."
    assert [step["position"] for step in way["itemListElement"]] == [1, 2, 3]
    assert f'<meta property="og:image" content="{article["image"]}">' in page
    assert page.count("<script") == 1


@pytest.mark.sqlite_only
def test_a_card_is_drawn_once_and_anew_for_another_headline() -> None:
    brief = make_published(headline="Cranes")
    path = f"{brief.web_path()}card.png"
    first = Client().get(path)
    assert Image.open(io.BytesIO(first.content)).size == (1200, 630)
    assert len(first.content) < 60_000
    assert Client().get(path).content == first.content
    assert Rendition.objects.count() == 1
    brief.headline = "Cranes, again"
    brief.save()
    corrections.issue(brief, "It had the wrong headline.", make_user())
    assert Client().get(path).content != first.content
    kept = {one.digest for one in Rendition.objects.filter(kind="card", status="ready")}
    assert len(kept) == 2
    for digest in kept:
        (settings.SHARED_DIR / "renditions" / "card" / f"{digest}.png").unlink()
    assert Client().get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.sqlite_only
def test_a_stranger_sees_no_card_of_what_is_not_for_all() -> None:
    brief = make_published(access="subscribers")
    reader = Client()
    reader.get(reading.url(make_subscription(brief.publication)).partition(":8000")[2])
    assert "og:image" not in reader.get(brief.web_path()).text
    for client in (reader, Client()):
        assert client.get(f"{brief.web_path()}card.png").status_code == 404


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "headline",
    ["W" * 200, "word " * 40, "", "Ἑλλάς и Россия", "مرحبا بالعالم", "東京の港"],
    ids=["one-word", "long", "empty", "greek", "arabic", "chinese"],
)
def test_any_headline_makes_a_card(headline: str) -> None:
    card = cards.Card("Harbour", headline, "6 April 2026", "#ffff00", headline.startswith("م"))
    assert Image.open(io.BytesIO(cards.draw(card))).size == (1200, 630)
    assert cards.can_write(headline) == (headline != "東京の港")
