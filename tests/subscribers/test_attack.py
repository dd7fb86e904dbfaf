"""Attack mode: when it goes on and off, and what it asks of whom."""

import base64
import datetime as dt
import hashlib
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from subscribers import attack, proof_of_work
from subscribers.models import Defence, Notice, Subscriber, Subscription
from tests.make import make_member, make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(settings):
    settings.PROOF_OF_WORK = 50
    settings.ATTACK_VOLUME = 5


def solve(puzzle, **wrong):
    """Do what the widget does."""
    number = next(
        n
        for n in range(puzzle["maxnumber"] + 1)
        if hashlib.sha256(f"{puzzle['salt']}{n}".encode()).hexdigest() == puzzle["challenge"]
    )
    solution = {**puzzle, "number": number, **wrong}
    return base64.b64encode(json.dumps(solution).encode()).decode()


def sign_ups(publication, unconfirmed, confirmed=0, minutes=1):
    for number in range(unconfirmed + confirmed):
        status = "active" if number < confirmed else "unconfirmed"
        subscription = make_subscription(publication, status=status)
        at = timezone.now() - dt.timedelta(minutes=minutes)
        Subscription.objects.filter(pk=subscription.pk).update(source="form", requested_at=at)


def test_many_sign_ups_that_nobody_confirms_switch_it_on_and_tell_the_editors(publication):
    make_member(publication, "owner")
    sign_ups(publication, unconfirmed=5)
    attack.look([publication.pk])
    attack.look([publication.pk])
    assert attack.is_up([publication.pk])
    notice = Notice.objects.get(kind="editor")
    assert "Robots are signing up" in notice.subject


@pytest.mark.parametrize(
    ("unconfirmed", "confirmed", "minutes"), [(4, 0, 1), (5, 5, 1), (9, 0, 20)]
)
def test_few_or_confirmed_or_old_ones_do_not(publication, unconfirmed, confirmed, minutes):
    sign_ups(publication, unconfirmed, confirmed, minutes)
    attack.look([publication.pk])
    assert not attack.is_up([publication.pk])


def test_it_ends_after_half_an_hour_of_calm(publication):
    sign_ups(publication, unconfirmed=5)
    attack.look([publication.pk])
    attack.calm_down()
    assert attack.is_up([publication.pk])
    long_ago = timezone.now() - dt.timedelta(minutes=31)
    Subscription.objects.update(requested_at=long_ago)
    attack.calm_down()
    assert attack.is_up([publication.pk])
    Defence.objects.update(last_seen_at=long_ago)
    attack.calm_down()
    assert not attack.is_up([publication.pk])


@pytest.mark.parametrize(("mode", "is_up"), [("on", True), ("off", False)])
def test_an_editor_has_the_last_word(publication, mode, is_up):
    Defence.objects.create(publication=publication, mode=mode)
    sign_ups(publication, unconfirmed=5)
    attack.look([publication.pk])
    assert attack.is_up([publication.pk]) is is_up
    assert not Notice.objects.filter(kind="editor").exists()


def test_under_attack_nothing_is_taken_in_without_a_proof(client, publication, fill_in):
    Defence.objects.create(publication=publication, mode="on")
    answer = fill_in()
    assert answer.status_code == 422
    assert "<altcha-widget challengeurl=" in answer.text
    assert "<noscript>" in answer.text
    assert not Subscriber.objects.exists()


def test_a_reader_with_a_proof_gets_through_and_it_serves_once(client, publication, fill_in):
    Defence.objects.create(publication=publication, mode="on")
    assert "<altcha-widget" in client.get(f"/s/{publication.slug}/").text
    puzzle = client.get(f"/s/{publication.slug}/challenge").json()
    solution = solve(puzzle)
    assert fill_in(altcha=solution).status_code == 303
    assert Subscriber.objects.count() == 1
    assert fill_in("eve@example.com", altcha=solution).status_code == 422


def test_a_proof_is_bound_to_its_form_and_its_time(publication, monkeypatch):
    puzzle = proof_of_work.challenge("one")
    assert not proof_of_work.is_solved(solve(puzzle), "other")
    with monkeypatch.context() as patched:
        real = proof_of_work.time.time
        patched.setattr(proof_of_work.time, "time", lambda: real() + 1201)
        assert not proof_of_work.is_solved(solve(puzzle), "one")
    assert proof_of_work.is_solved(solve(puzzle), "one")


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 51},
        {"number": "1"},
        {"number": True},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"salt": "x?expires=99999999999&for=one&"},
        {"salt": None},
        {"algorithm": "MD5"},
    ],
)
def test_a_forged_proof_is_none(wrong):
    assert not proof_of_work.is_solved(solve(proof_of_work.challenge("one"), **wrong), "one")


@pytest.mark.parametrize("text", ["", "x", "é", "W10=", "bnVsbA==", "W" * 5000, "W1tb" * 400])
def test_what_is_no_proof_is_none(text):
    assert not proof_of_work.is_solved(text, "one")


def test_digits_that_are_moved_into_the_salt_make_no_second_proof():
    puzzle = proof_of_work.challenge("one")
    solution = solve(puzzle)
    found = json.loads(base64.b64decode(solution))
    digits = str(found["number"])
    found |= {"salt": found["salt"] + digits[:-1], "number": int(digits[-1])}
    spliced = base64.b64encode(json.dumps(found).encode()).decode()
    assert proof_of_work.is_solved(spliced, "one")
    assert not proof_of_work.is_solved(solution, "one")


def test_a_full_publication_asks_for_a_proof_and_refuses_nobody(
    client, publication, fill_in, settings
):
    settings.SIGN_UPS_PER_HOUR = settings.SIGN_UPS_PER_HOUR | {"publication": 1}
    assert fill_in("a@example.com").status_code == 303
    assert "<altcha-widget" in fill_in("b@example.com").text
    solution = solve(client.get(f"/s/{publication.slug}/challenge").json())
    assert fill_in("b@example.com", altcha=solution).status_code == 303
    assert Subscriber.objects.count() == 2


def test_the_page_of_all_asks_where_one_is_under_attack(client):
    make_publication()
    attacked = make_publication()
    Defence.objects.create(publication=attacked, mode="on")
    html = client.get(reverse("subscribers:choose")).text
    assert 'challengeurl="/s/challenge"' in html
