"""Link scanners that press buttons too, and the people behind the same gateway."""

import re
import time

import pytest
from django.core import mail, signing
from django.test import Client

from subscribers import consent, notices, scanners, tokens
from tests.make import make_publication

pytestmark = pytest.mark.django_db

GATEWAY = {"HTTP_USER_AGENT": "Gateway/4.2 (checks links)"}
READER = {"HTTP_USER_AGENT": "Mozilla/5.0 (a reader's own)"}


@pytest.fixture
def asked():
    """Return a subscription that waits for its confirmation."""
    return consent.request(make_publication(), "ada@example.com", source="form")


@pytest.fixture
def page(asked):
    """Return the path of the page with the button."""
    return f"/s/confirm/{tokens.confirm.make(asked.pk)}"


def path_of_canary(asked):
    return f"/s/more/{tokens.canary.make(asked.pk)}"


def again_in(response):
    """Return what the button carries that asks for a second press."""
    return re.search(r'name="again" value="([^"]+)"', response.content.decode())[1]


def test_a_person_presses_once(client, asked, page):
    client.get(page, **READER)
    client.post(page, **READER)
    asked.refresh_from_db()
    assert asked.status == "active"


def test_who_opened_the_canary_confirms_nothing_by_one_press(client, asked, page):
    assert client.get(path_of_canary(asked), **GATEWAY).status_code == 200
    response = client.post(page, **GATEWAY)
    asked.refresh_from_db()
    assert asked.status == "unconfirmed"
    assert "Please press once more" in response.content.decode()


def test_a_person_behind_a_scanner_presses_twice(client, asked, page, monkeypatch):
    client.get(path_of_canary(asked), **GATEWAY)
    again = again_in(client.post(page, **GATEWAY))
    client.post(page, {"again": again}, **GATEWAY)
    asked.refresh_from_db()
    assert asked.status == "unconfirmed", "no person presses within the same second"
    late = time.time() + scanners.SOONEST_SECONDS
    monkeypatch.setattr(scanners.time, "time", lambda: late)
    client.post(page, {"again": again}, **GATEWAY)
    asked.refresh_from_db()
    assert asked.status == "active"


@pytest.mark.parametrize(
    "make",
    [
        lambda: "",
        lambda: "x",
        lambda: signing.dumps(0.0),
        lambda: signing.dumps([1], salt=scanners.SALT),
    ],
    ids=["empty", "short", "of another purpose", "of another shape"],
)
def test_a_made_up_second_press_is_none(client, asked, page, make):
    client.get(path_of_canary(asked), **GATEWAY)
    client.post(page, {"again": make()}, **GATEWAY)
    asked.refresh_from_db()
    assert asked.status == "unconfirmed"


def test_a_burst_of_links_marks_a_scanner_and_nobody_beside_it(client, asked, page):
    for number in range(scanners.BURST + 1):
        client.get(f"/u/{tokens.unsubscribe.make(asked.pk, number)}", **GATEWAY)
    client.post(page, **GATEWAY)
    asked.refresh_from_db()
    assert asked.status == "unconfirmed"
    client.post(page, **READER)
    asked.refresh_from_db()
    assert asked.status == "active"


def test_a_reader_who_opens_one_link_again_and_again_is_no_scanner(client, asked, page):
    for _time in range(3 * scanners.BURST):
        client.get(page, **READER)
    client.post(page, **READER)
    asked.refresh_from_db()
    assert asked.status == "active"


def test_a_scanner_can_still_unsubscribe(client, asked, page):
    client.post(page, **READER)
    client.get(path_of_canary(asked), **GATEWAY)
    leave = f"/u/{tokens.unsubscribe.make(asked.pk, 0)}"
    client.post(leave, {"List-Unsubscribe": "One-Click"}, **GATEWAY)
    asked.refresh_from_db()
    assert asked.status == "unsubscribed"


def test_without_redis_nobody_is_marked(asked, page, monkeypatch):
    monkeypatch.setattr(scanners.limits, "ask", lambda _question: None)
    client = Client(**GATEWAY)
    client.get(path_of_canary(asked))
    client.post(page)
    asked.refresh_from_db()
    assert asked.status == "active"


def test_the_canary_stands_in_the_confirmation_and_nobody_can_see_it(asked):
    notices.sweep()
    [message] = mail.outbox
    html = message.alternatives[0].content
    [link] = re.findall(r"<a [^>]*/s/more/[^>]*></a>", html)
    assert 'style="display:none"' in link
    assert "/s/more/" not in message.body


def test_a_made_up_canary_is_no_page_of_ours(client):
    assert client.get("/s/more/abcdefghijklmnopqrst").status_code == 404
