"""Webhooks: the octets that ESPs post, forged ones, broken ones, in any order and number."""

import datetime as dt
import json
import random
from contextlib import suppress

import pytest
from anymail.exceptions import AnymailAPIError
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.test import Client
from django.utils import timezone

from deliveries import events
from deliveries.models import Delivery, InboundEvent
from deliveries.providers.esp import by_anymail
from deliveries.providers.esp.answers import Unclear
from deliveries.providers.esp.sessions import backend_of
from deliveries.providers.esp.table import row
from deliveries.receivers import esps
from subscribers.models import Subscriber
from tests.deliveries.returning import sent_edition, state
from tests.esp import webhooks
from tests.esp.webhooks import ESPS, KINDS, SECRET, Letter, Post, basic

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning"),
]


@pytest.fixture(autouse=True)
def _secrets(settings):
    """Know the webhooks of every ESP."""
    settings.ANYMAIL = webhooks.SETTINGS


# What a post is made of has nothing to do with the database; what follows from it has.
EACH = [
    pytest.param(esp, marks=() if esp in ("postmark", "sendgrid") else pytest.mark.sqlite_only)
    for esp in ESPS
]
# One for all: each would read all static files anew.
CLIENT = Client()


class _TakenBack(Exception):
    """Ends a transaction without a trace."""


def letters(edition) -> list[Letter]:
    """Return the letters of *edition*, as an ESP tells of them an hour ago."""
    at = (timezone.now() - dt.timedelta(hours=1)).replace(microsecond=0)
    rows = Delivery.objects.filter(edition=edition).select_related("subscriber").order_by("pk")
    return [
        Letter(
            row.pk,
            row.subscriber.address if row.subscriber else "",
            at + dt.timedelta(seconds=number),
        )
        for number, row in enumerate(rows)
    ]


def post(one: Post, **headers: str):
    """Post it as the ESP does."""
    given = {**one.signed(), **headers}
    return CLIENT.generic("POST", one.path, one.body, one.content_type, headers=given)


def what_became(edition) -> list[str]:
    rows = Delivery.objects.filter(edition=edition).order_by("pk")
    return list(rows.values_list("status", flat=True))


# What each reader's server does, several reports of one letter among them, and what they come to.
STORIES = {
    ("deferred", "hard"): "bounced",
    ("soft",): "bounced",
    ("deferred", "delivered", "unsubscribe"): "delivered",
    ("dropped",): "failed",
    ("delivered", "soft", "complaint"): "complained",
}


@pytest.mark.parametrize("esp", EACH)
def test_reports_come_to_one_end_repeated_and_in_any_order(esp):
    edition = sent_edition(readers=len(STORIES))
    posts = [
        one
        for letter, kinds in zip(letters(edition), STORIES, strict=True)
        for kind in kinds
        if (one := ESPS[esp](kind, letter)) is not None
    ]
    chance = random.Random(esp)
    ends = []
    for order in (posts, chance.sample(posts * 3, 3 * len(posts))):
        with suppress(_TakenBack), transaction.atomic():
            for one in order:
                assert post(one).status_code == 200
                if chance.random() < 0.1:
                    events.apply_due()
            events.apply_due()
            ends.append(state())
            raise _TakenBack
    assert ends[0] == ends[1]
    statuses = [row[1] for row in ends[0]["deliveries"]]
    told = {kind for kind in KINDS if ESPS[esp](kind, letters(edition)[0]) is not None}
    for status, (kinds, end) in zip(statuses, STORIES.items(), strict=True):
        assert status == end or not told.issuperset(kinds)
    assert ends[0]["waiting"] == 0
    # Permanent bounces and complaints suppress, and transient ones do not.
    gone, _full, _left, dropped, spammed = Subscriber.objects.order_by("pk")
    why = {hashed: reason for hashed, reason, *_more in ends[0]["suppressions"]}
    assert why.pop(gone.address_hash) == "bounce"
    assert why.pop(spammed.address_hash) == "complaint"
    assert why.keys() <= {dropped.address_hash}
    left = {status for _pk, status in ends[0]["subscriptions"][4:]}
    assert left == {"unsubscribed"}
    bounced = [row for row in ends[0]["events"] if row[1] == "bounced"]
    assert [row[7] for row in bounced] == ["no-mailbox", "full", "full"]


@pytest.mark.parametrize("esp", EACH)
def test_a_forged_post_changes_nothing(esp):
    edition = sent_edition(readers=1)
    before = state()
    one = ESPS[esp]("hard", letters(edition)[0])
    signature = next((name for name in one.headers if "ignature" in name), None)
    answers = [post(one, Authorization=basic("hook:guess"))]
    unsigned = CLIENT.generic("POST", one.path, one.body, one.content_type, headers=one.headers)
    answers.append(unsigned)
    if signature:
        answers.append(post(one, **{signature: "0" * 64}))
    if esp in ("mailgun", "unisender_go"):
        forged = one.body.replace(b'"signature": "', b'"signature": "0')
        forged = forged.replace(b'"auth": "', b'"auth": "0')
        answers.append(post(Post(esp, forged, one.content_type, one.headers)))
    assert {answer.status_code for answer in answers} <= {400, 401, 403}
    assert answers[1].status_code == (401 if esp == "amazon_ses" else 403)
    events.apply_due()
    assert state() == before


@pytest.mark.sqlite_only
@pytest.mark.parametrize("esp", ESPS)
def test_nothing_that_is_posted_ends_in_an_error_of_ours(esp, settings):
    settings.ANYMAIL = {**webhooks.SETTINGS, "MAILTRAP_TRACKING_SECRET": None}
    one = ESPS[esp]("hard", letters(sent_edition(readers=1))[0])
    bodies = [
        b"",
        b"\xff\xfe{",
        b"null",
        b"[]",
        b"[null]",
        b'"text"',
        b"[" * 20_000,
        b"9" * 6_000,
        b'{"event-data": 7, "data": [], "events": {}, "Message": "x", "auth": null}',
        b"mandrill_events=%5B7%5D",
        one.body[: len(one.body) // 2],
    ]
    for body in bodies:
        answer = post(Post(esp, body, one.content_type, one.headers))
        assert answer.status_code in (200, 400, 403), body
    assert InboundEvent.objects.count() == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("esp", ["sendgrid", "mailjet", "sparkpost"])
def test_an_event_that_cannot_be_read_takes_no_other_with_it(esp):
    edition = sent_edition(readers=1)
    good = json.loads(ESPS[esp]("hard", letters(edition)[0]).body)
    broken = [None, {}, {"event": [], "timestamp": {}}, {"msys": {"a": 1, "b": 2}}]
    answer = post(Post(esp, json.dumps([*broken, *good]).encode()))
    assert answer.status_code == 200
    events.apply_due()
    assert what_became(edition) == ["bounced"]


@pytest.mark.sqlite_only
@pytest.mark.sqlite_only
def test_a_post_of_a_million_broken_events_is_not_tried_one_by_one(monkeypatch):
    monkeypatch.setattr(esps, "MOST_PARTS", 10)
    for number, status in ((10, 200), (11, 400)):
        body = json.dumps([*[0] * (number - 1), {"event": "open"}]).encode()
        assert post(Post("sendgrid", body)).status_code == status


def test_a_webhook_is_taken_by_few_statements_and_without_a_session(django_assert_max_num_queries):
    edition = sent_edition(readers=1)
    one = ESPS["postmark"]("delivered", letters(edition)[0])
    with django_assert_max_num_queries(3):  # a savepoint, one INSERT, and its end
        answer = post(one)
    assert not answer.cookies


@pytest.mark.sqlite_only
def test_a_post_that_is_too_large_is_not_read():
    body = b"[" + b" " * 5_000_001 + b"]"
    assert post(Post("sendgrid", body)).status_code == 413
    assert post(Post("sendgrid", b"[" + b" " * 3_000_000 + b"]")).status_code == 200


@pytest.mark.sqlite_only
@pytest.mark.parametrize("esp", [*ESPS, "postal", "scaleway", "nobody", "smtp"])
def test_without_a_secret_and_a_key_nobody_is_heard(esp, settings):
    settings.ANYMAIL = {}
    one = Post(esp, b"{}")
    answer = post(one)
    assert answer.status_code == 404
    assert CLIENT.get(one.path).status_code == 404


@pytest.mark.sqlite_only
def test_an_address_is_tried_by_head_and_get_and_changes_nothing():
    for method in ("head", "get"):
        assert getattr(CLIENT, method)("/webhooks/mandrill/").status_code == 200
    assert CLIENT.put("/webhooks/mandrill/").status_code == 405
    assert esps.opened("mandrill").signal is None


@pytest.mark.sqlite_only
def test_amazon_is_confirmed_by_a_person_at_its_own_host_only(caplog):
    for url, is_shown in (
        ("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc", True),
        ("https://sns.us-east-1.amazonaws.com.evil.example/?Token=abc", False),
        ("http://169.254.169.254/latest/", False),
    ):
        caplog.clear()
        body = {
            "Type": "SubscriptionConfirmation",
            "MessageId": "m",
            "TopicArn": "arn:aws:sns:us-east-1:1:t",
            "Token": "abc",
            "SubscribeURL": url,
        }
        kind = {
            "X-Amz-Sns-Message-Type": "SubscriptionConfirmation",
            "X-Amz-Sns-Message-Id": "m",
        }
        one = Post("amazon_ses", json.dumps(body).encode(), "text/plain; charset=UTF-8", kind)
        assert post(one).status_code == 200
        assert (url in caplog.text) is is_shown


@pytest.mark.sqlite_only
def test_a_further_secret_is_known_while_it_is_replaced(settings):
    settings.ANYMAIL = {**webhooks.SETTINGS, "WEBHOOK_SECRET": ["hook:new", SECRET]}
    one = ESPS["brevo"]("delivered", letters(sent_edition(readers=1))[0])
    assert post(one).status_code == 200
    assert post(one, Authorization=basic("hook:new")).status_code == 200


@pytest.mark.sqlite_only
@pytest.mark.parametrize("esp", ["mailersend", "postal"])
def test_where_no_metadata_can_travel_a_tag_does(esp, settings):
    settings.ANYMAIL = {
        "MAILERSEND_API_TOKEN": "t",
        "POSTAL_API_KEY": "k",
        "POSTAL_API_URL": "http://127.0.0.1:9/",
    }
    backend = backend_of(esp)
    posted = {}

    def post_to_esp(payload, _message):
        posted.update(payload.data)
        raise AnymailAPIError("enough")

    backend.post_to_esp = post_to_esp
    message = EmailMultiAlternatives("s", "b", "brief@harbour.example", ["a@example.com"])
    message.metadata = {"delivery": "7", "attempt": "2"}
    with suppress(Unclear):
        by_anymail.send(row(esp), backend, message)
    assert posted.get("tags") == ["delivery-7-2"] or posted["tag"] == "delivery-7-2"
