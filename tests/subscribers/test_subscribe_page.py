"""The subscribe page: for people, and alike for all addresses."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from subscribers import consent, intake
from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription
from subscribers.suppression import suppress
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db


def page_of(publication):
    return reverse("subscribers:subscribe", args=[publication.slug])


def test_a_visitor_subscribes_and_is_told_to_look_for_the_mail(
    client, publication, fill_in, django_capture_on_commit_callbacks, monkeypatch
):
    rung = []
    monkeypatch.setattr("subscribers.doorbell.ring_now", lambda task, *args: rung.append(task.name))
    with django_capture_on_commit_callbacks(execute=True):
        answer = fill_in("Ada@Example.com", name="Ada")
    assert answer.status_code == 303
    assert answer["Location"] == f"/s/{publication.slug}/thanks/"
    assert "Check your inbox" in client.get(answer["Location"]).content.decode()
    subscription = Subscription.objects.get()
    assert subscription.status == "unconfirmed"
    assert subscription.subscriber.address == "Ada@example.com"
    assert subscription.subscriber.name == "Ada"
    assert rung == ["subscribers.tasks.note_sign_ups"]


def test_the_page_shows_the_form_its_wording_and_the_links_beside_it(client, publication):
    html = client.get(page_of(publication)).content.decode()
    assert '<label for="id_address">' in html
    assert publication.consent_wording in html
    assert f'href="/s/{publication.slug}/privacy/"' in html
    assert f'href="/s/{publication.slug}/imprint/"' in html
    assert re.findall("<script[^>]*>", html) == ['<script src="/static/site/signup.js" defer>']


def test_a_publications_own_privacy_notice_and_imprint_are_linked(client):
    publication = make_publication(
        privacy_url="https://harbour.example/privacy", imprint_url="https://harbour.example/imprint"
    )
    html = client.get(page_of(publication)).content.decode()
    assert 'href="https://harbour.example/privacy"' in html
    assert 'href="https://harbour.example/imprint"' in html


def test_no_page_sets_a_cookie(client, publication, fill_in):
    answers = [client.get(page_of(publication)), fill_in(), fill_in("nonsense")]
    assert not client.cookies
    assert not any(answer.cookies for answer in answers)


def test_the_answer_is_one_for_all_addresses(client, publication, fill_in):
    asked = consent.request(publication, "asked@example.com", source="form")
    active = make_subscription(publication, "active@example.com")
    paused = make_subscription(publication, "paused@example.com", status="paused")
    left = make_subscription(publication, "left@example.com", status="unsubscribed")
    suppress("suppressed@example.com", "complaint")
    answers = [
        fill_in(address)
        for address in (
            "new@example.com",
            asked.subscriber.address,
            active.subscriber.address,
            paused.subscriber.address,
            left.subscriber.address,
            "suppressed@example.com",
        )
    ]
    seen = {(a.status_code, a.content, str(sorted(a.headers.items()))) for a in answers}
    assert len(seen) == 1
    thanks = {client.get(answer["Location"]).content for answer in answers}
    assert len(thanks) == 1


def test_nothing_that_is_known_of_an_address_is_asked_before_the_answer(client, publication, stamp):
    """The same statements for all: so the time of an answer can tell nothing."""
    consent.request(publication, "asked@example.com", source="form")
    make_subscription(publication, "active@example.com")
    make_subscription(publication, "left@example.com", status="unsubscribed")
    suppress("suppressed@example.com", "complaint")
    shapes = set()
    for name in ("new", "asked", "active", "left", "suppressed"):
        data = {"address": f"{name}@example.com", "stamp": stamp(publication, 60)}
        with CaptureQueriesContext(connection) as queries:
            assert client.post(page_of(publication), data).status_code == 303
        statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        shapes.add(tuple(sql.partition(" VALUES ")[0] for sql in statements))
    (shape,) = shapes
    tables = set(re.findall(r'(?:FROM|INTO|UPDATE) "(\w+)"', " ".join(shape)))
    assert tables == {"briefs_publication", "subscribers_defence", "subscribers_signup"}


def test_a_name_is_not_asked_for_and_may_be_left_out_altogether(client, publication, stamp):
    data = {"address": "ada@example.com", "stamp": stamp(publication, 60)}
    assert client.post(page_of(publication), data).status_code == 303
    intake.note_waiting()
    assert Subscriber.objects.get().name == ""


def test_a_robot_that_fills_in_every_field_is_thanked_and_forgotten(fill_in):
    answer = fill_in(website="https://pills.example")
    assert answer.status_code == 303
    assert not Subscriber.objects.exists()


def test_a_robot_that_is_too_quick_is_asked_to_press_again(client, publication, fill_in):
    answer = fill_in(seconds_ago=0.1)
    assert answer.status_code == 422
    assert "press the button again" in answer.content.decode()
    assert 'value="ada@example.com"' in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_who_was_too_quick_gets_through_by_waiting(client, publication, fill_in, stamp):
    early = stamp(publication, 0.5)
    answer = fill_in(stamp=early)
    assert f'value="{early}"' in answer.content.decode()


@pytest.mark.parametrize("bad", ["", "x", "1:2:3", "é", "\x00", "A" * 10_000])
def test_a_forged_stamp_is_refused_with_a_fresh_one(fill_in, bad):
    answer = fill_in(stamp=bad)
    assert answer.status_code == 422
    assert re.search(r'name="stamp" value="[\w:-]{40,}"', answer.content.decode())
    assert not Subscriber.objects.exists()


def test_a_form_that_was_open_for_days_is_shown_again(fill_in):
    answer = fill_in(seconds_ago=3 * 24 * 3600)
    assert answer.status_code == 422
    assert "open for long" in answer.content.decode()


def test_consent_is_kept_with_the_wording_that_was_shown(client, publication, stamp):
    shown = stamp(publication, 60)
    publication.consent_wording = "Other words."
    publication.save()
    data = {"address": "ada@example.com", "stamp": shown}
    answer = client.post(page_of(publication), data)
    assert answer.status_code == 422
    assert "Other words." in answer.content.decode()
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("address", ["", " ", "ada", "ada@", "@example.com", "a b@example.com"])
def test_a_mistyped_address_is_shown_again_with_the_reason_beside_it(fill_in, address):
    answer = fill_in(address)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="address-error"' in html
    assert re.search(r'id="address-error">Write|id="address-error">This is not', html)
    assert html.startswith("<!doctype html>")


def test_the_second_press_of_the_button_sends_no_second_mail(fill_in):
    fill_in()
    fill_in()
    assert Notice.objects.count() == 1
    assert ConsentRecord.objects.count() == 1


def test_evidence_says_from_where(client, publication, stamp):
    client.post(
        page_of(publication),
        {"address": "ada@example.com", "stamp": stamp(publication, 60)},
        REMOTE_ADDR="2001:db8::7",
        HTTP_USER_AGENT="Mozilla/5.0\x00 " + "x" * 1000,
    )
    intake.note_waiting()
    record = ConsentRecord.objects.get()
    assert record.ip == "2001:db8::7"
    assert record.user_agent.startswith("Mozilla/5.0 xxx")
    assert len(record.user_agent) == 300


def test_behind_a_proxy_only_its_own_word_counts(client, publication, stamp, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = False
    client.post(
        page_of(publication),
        {"address": "ada@example.com", "stamp": stamp(publication, 60)},
        HTTP_X_FORWARDED_FOR="203.0.113.66, 198.51.100.4",
    )
    intake.note_waiting()
    assert ConsentRecord.objects.get().ip == "198.51.100.4"


def test_a_publication_that_is_not_public_has_no_form(client):
    publication = make_publication(is_public=False)
    assert client.get(page_of(publication)).status_code == 404
    assert client.post(page_of(publication), {"address": "ada@example.com"}).status_code == 404
    assert not Subscriber.objects.exists()


def test_an_unknown_publication_has_no_page(client):
    for name in ("", "thanks/", "privacy/", "imprint/", "look.css"):
        assert client.get(f"/s/nowhere/{name}").status_code == 404


def test_the_page_speaks_the_language_of_the_publication(client):
    publication = make_publication(language="fr")
    answer = client.get(page_of(publication), HTTP_ACCEPT_LANGUAGE="es")
    assert answer["Content-Language"] == "fr"
    assert '<html lang="fr" dir="ltr">' in answer.content.decode()


def test_the_built_in_privacy_notice_says_what_is_tracked(client):
    for tracking, words in [
        ("off", "go straight to their target"),
        ("totals", "does not tell one reader from another"),
        ("per-reader", "notes which reader followed which link"),
    ]:
        publication = make_publication(tracking=tracking)
        answer = client.get(f"/s/{publication.slug}/privacy/")
        assert words in answer.content.decode()
        assert "1 Quay Street" in answer.content.decode()


def test_the_built_in_imprint_names_the_publisher(client, publication):
    html = client.get(f"/s/{publication.slug}/imprint/").content.decode()
    assert "1 Quay Street" in html
    assert "mailto:brief@harbour.example" in html
