"""Confirming: a page with a button; only the press acts."""

import pytest
import time_machine

from subscribers import consent, tokens
from subscribers.models import ConsentRecord, Notice, Subscription
from subscribers.suppression import suppress
from tests.make import make_publication

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription(publication):
    return consent.request(publication, "ada@example.com", source="form")


def link(subscription):
    return f"/s/confirm/{tokens.confirm.make(subscription.pk)}"


def status_of(subscription):
    return Subscription.objects.get(pk=subscription.pk).status


def test_the_page_asks_and_names_the_address_only_masked(client, subscription):
    html = client.get(link(subscription)).content.decode()
    assert '<form method="post">' in html
    assert "a•••@e•••.com" in html
    assert "ada@example.com" not in html
    assert status_of(subscription) == "unconfirmed"


def test_the_button_subscribes_and_welcomes(client, subscription):
    answer = client.post(link(subscription), REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 200
    assert "Welcome aboard" in answer.content.decode()
    assert status_of(subscription) == "active"
    record = ConsentRecord.objects.get(kind="confirmed")
    assert (record.source, record.ip) == ("form", "192.0.2.7")
    assert Notice.objects.filter(kind="welcome").count() == 1
    assert not client.cookies


def test_pressing_twice_is_no_error_and_leaves_one_record(client, subscription):
    client.post(link(subscription))
    answer = client.post(link(subscription))
    assert answer.status_code == 200
    assert ConsentRecord.objects.filter(kind="confirmed").count() == 1
    assert "subscribed already" in client.get(link(subscription)).content.decode()


def test_an_expired_link_offers_a_fresh_start(client, publication):
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        asked = consent.request(publication, "ada@example.com", source="form")
        mailed = link(asked)
        clock.shift(8 * 24 * 3600)
        for send in (client.get, client.post):
            answer = send(mailed)
            assert answer.status_code == 410
            assert f'href="/s/{publication.slug}/"' in answer.content.decode()
        assert status_of(asked) == "unconfirmed"


@pytest.mark.parametrize("token", ["x", "A" * 5000, "..", "-", "é", "a.b"])
def test_a_broken_link_is_explained(client, publication, token):
    for send in (client.get, client.post):
        answer = send(f"/s/confirm/{token}")
        assert answer.status_code == 404
        assert f'href="/s/{publication.slug}/"' in answer.content.decode()


def test_a_token_for_another_purpose_does_not_confirm(client, subscription):
    token = tokens.unsubscribe.make(subscription.pk, 0)
    assert client.post(f"/s/confirm/{token}").status_code == 404
    assert status_of(subscription) == "unconfirmed"


def test_a_reader_who_left_is_told_to_subscribe_again(client, subscription):
    consent.confirm(subscription, source="form")
    consent.unsubscribe(subscription, source="page")
    for send in (client.get, client.post):
        html = send(link(subscription)).content.decode()
        assert "overtaken" in html
        assert "<form" not in html
    assert status_of(subscription) == "unsubscribed"


def test_a_reader_who_left_and_asked_again_is_offered_the_button(client, subscription):
    consent.confirm(subscription, source="form")
    consent.unsubscribe(subscription, source="page")
    consent.request(subscription.publication, "ada@example.com", source="form")
    assert '<form method="post">' in client.get(link(subscription)).content.decode()


def test_a_suppressed_reader_is_not_told_that_mail_will_come(client, subscription):
    suppress("ada@example.com", "complaint")
    for send in (client.get, client.post):
        assert "overtaken" in send(link(subscription)).content.decode()


def test_the_link_of_an_erased_reader_offers_a_fresh_start(client, subscription):
    mailed = link(subscription)
    subscription.delete()
    assert client.post(mailed).status_code == 410


def test_the_pages_of_tokens_leak_nothing(client, subscription):
    for url in (link(subscription), "/s/confirm/broken", f"/u/{tokens.unsubscribe.make(1, 0)}"):
        answer = client.get(url)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "//" not in answer.content.decode().replace("http://127.0.0.1:8000", "")


def test_a_publication_may_be_called_confirm(client):
    publication = make_publication(slug="confirm")
    assert client.get("/s/confirm/").status_code == 200
    subscription = consent.request(publication, "ada@example.com", source="form")
    assert client.post(link(subscription)).status_code == 200
    assert status_of(subscription) == "active"
