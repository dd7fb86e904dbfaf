"""Leaving: by the button of the page, or by the one click of a mail program (RFC 8058)."""

import pytest
from django.test import Client

from subscribers import consent, tokens
from subscribers.models import ConsentRecord, Subscription
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db
ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def subscription(publication):
    return make_subscription(publication, "ada@example.com")


def link(subscription, delivery_id=0):
    return f"/u/{tokens.unsubscribe.make(subscription.pk, delivery_id)}"


def status_of(subscription):
    return Subscription.objects.get(pk=subscription.pk).status


def one_click(client, url, body=ONE_CLICK, content_type=FORM):
    return client.post(url, body, content_type=content_type)


def test_one_click_unsubscribes_with_no_cookie_redirect_or_page(subscription):
    strict = Client(enforce_csrf_checks=True)
    answer = one_click(strict, link(subscription, delivery_id=17))
    assert answer.status_code == 200
    assert len(answer.content) < 50
    assert not answer.cookies
    assert status_of(subscription) == "unsubscribed"
    record = ConsentRecord.objects.get()
    assert (record.kind, record.source, record.delivery_id) == ("unsubscribed", "one-click", 17)


def test_one_click_may_come_as_a_multipart_form(client, subscription):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--'
    )
    answer = one_click(client, link(subscription), body, "multipart/form-data; boundary=x")
    assert answer.status_code == 200
    assert status_of(subscription) == "unsubscribed"


@pytest.mark.parametrize("charset", ["us-ascii", "iso-8859-1", '"UTF-8"', "latin1"])
@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n", b" \r\n\r\n"])
def test_one_click_in_another_charset_or_with_a_line_break_unsubscribes(
    client, subscription, charset, end
):
    answer = one_click(client, link(subscription), ONE_CLICK + end, f"{FORM}; charset={charset}")
    assert answer.status_code == 200
    assert status_of(subscription) == "unsubscribed"


def test_one_click_repeated_is_harmless(client, subscription):
    answers = {one_click(client, link(subscription)).content for _ in range(3)}
    assert len(answers) == 1
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"List-Unsubscribe=",
        b"List-Unsubscribe=one-click",
        b"list-unsubscribe=One-Click",
        b"Unsubscribe=One-Click",
        b"wish=stay",
        b"\xff\x00",
        b"{}",
    ],
)
def test_a_wrong_body_does_nothing(client, subscription, body):
    answer = one_click(client, link(subscription), body)
    assert answer.status_code == 400
    assert status_of(subscription) == "active"
    assert not ConsentRecord.objects.exists()


def test_the_wish_in_the_address_instead_of_the_body_does_nothing(client, subscription):
    url = f"{link(subscription)}?List-Unsubscribe=One-Click&wish=unsubscribe"
    assert client.get(url).status_code == 200
    assert client.post(url, b"", content_type=FORM).status_code == 400
    assert status_of(subscription) == "active"


@pytest.mark.parametrize("token", ["x", "A" * 30, "A" * 5000, "é"])
def test_a_forged_token_is_refused(client, subscription, token):
    assert one_click(client, f"/u/{token}").status_code == 404
    page = client.get(f"/u/{token}")
    assert page.status_code == 404
    assert "use its unsubscribe link from there" in page.content.decode()
    assert status_of(subscription) == "active"


def test_a_token_for_another_purpose_does_not_unsubscribe(client, subscription):
    for token in (tokens.view.make(subscription.pk, 0), tokens.confirm.make(subscription.pk)):
        assert one_click(client, f"/u/{token}").status_code == 404
    assert status_of(subscription) == "active"


def test_a_post_is_never_redirected(client, subscription):
    for url in (link(subscription), "/u/broken", "/s/confirm/broken"):
        assert one_click(client, url).status_code in (200, 404)


def test_the_page_asks_and_names_the_address_only_masked(client, subscription):
    answer = client.get(link(subscription))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "a•••@e•••.com" in html
    assert "ada@example.com" not in html
    assert '<input type="hidden" name="wish" value="unsubscribe">' in html
    assert status_of(subscription) == "active"


def test_the_button_of_the_page_unsubscribes_and_offers_the_way_back(client, subscription):
    answer = client.post(link(subscription, 9), {"wish": "unsubscribe"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "You are unsubscribed" in html
    assert f'href="/s/{subscription.publication.slug}/"' in html
    assert ConsentRecord.objects.get().source == "page"
    assert not client.cookies


def test_who_has_left_already_is_told_so(client, subscription):
    consent.unsubscribe(subscription, source="page")
    html = client.get(link(subscription)).content.decode()
    assert "You get no more mail" in html
    assert "<form" not in html


def test_the_link_of_an_erased_reader_still_answers(client, subscription):
    mailed = link(subscription)
    subscription.delete()
    assert client.get(mailed).status_code == 200
    assert one_click(client, mailed).status_code == 200
    assert client.post(mailed, {"wish": "unsubscribe"}).status_code == 200


def test_leaving_one_publication_leaves_the_others(client, subscription):
    elsewhere = Subscription.objects.create(
        subscriber=subscription.subscriber,
        publication=make_publication(),
        status="active",
        confirmed_at=subscription.confirmed_at,
    )
    one_click(client, link(subscription))
    assert status_of(elsewhere) == "active"


def test_the_page_speaks_the_language_of_the_publication(client):
    subscription = make_subscription(make_publication(language="de"))
    answer = client.get(link(subscription), HTTP_ACCEPT_LANGUAGE="fr")
    assert answer["Content-Language"] == "de"
    assert 'lang="de"' in answer.content.decode()
