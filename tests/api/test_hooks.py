"""Outgoing webhooks: what happens is told, once and signed, and nothing is lost."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import threading
import time
import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from api.hooks import collecting, delivering, endpoints, horizons, payloads, pruning, signing
from api.models import HookCursor, HookEndpoint, HookMessage
from briefs import audit, corrections
from briefs.models import AuditEntry
from deliveries import control, guard, planning, privacy, recovery
from deliveries.models import Delivery, DeliveryEvent, Installation
from subscribers import consent
from subscribers.models import ConsentRecord, Subscriber
from tests.api.hooking import echo, listening, make_endpoint, types_of
from tests.make import (
    make_brief,
    make_edition,
    make_publication,
    make_subscription,
    make_user,
)
from tests.subscribers.test_erasure import assert_forgotten

pytestmark = pytest.mark.django_db


@pytest.fixture
def listener():
    with listening() as found:
        yield found


# --- what is told -------------------------------------------------------------


def test_the_whole_way_of_a_reader_is_told(listener):
    publication = make_publication()
    # The number of a reader is not that of their subscription.
    Subscriber.objects.create(address="x@x.example", address_key="x@x.example", address_hash="x")
    endpoint = make_endpoint(publication, listener.url)
    link = consent.request(publication, "ada@example.com", source="form", name="Ada")
    consent.confirm(link, source="button")
    letter = Delivery.objects.create(
        edition=make_edition(make_brief(publication)), subscriber=link.subscriber
    )
    for number, kind in enumerate(("bounced", "complained", "deferred")):
        DeliveryEvent.objects.create(
            delivery=letter,
            type=kind,
            key=str(number),
            at=timezone.now(),
            source="mail",
            is_permanent=kind == "bounced" or None,
            code="5.1.1",
            reason="no-mailbox",
        )
    consent.unsubscribe(link, source="one-click")
    collecting.collect()
    assert set(types_of(endpoint)) == {
        f"subscriber.{word}"
        for word in ("subscribed", "confirmed", "bounced", "complained", "unsubscribed")
    }
    delivered = sum(delivering.deliver(0.2) for _turn in range(3))
    assert delivered == len(listener.got) == 5
    said = {
        body["type"]: body["data"] for body in (json.loads(raw) for _names, raw in listener.got)
    }
    assert said["subscriber.confirmed"]["subscriber"] == {
        "id": link.pk,
        "erased": False,
        "hash": link.subscriber.address_hash,
        "address": "ada@example.com",
        "name": "Ada",
        "language": link.subscriber.language,
        "status": "unsubscribed",  # what is true when it goes out
    }
    assert said["subscriber.bounced"]["permanent"] is True
    assert said["subscriber.bounced"]["edition"]["id"] == letter.edition_id
    assert said["subscriber.unsubscribed"]["source"] == "one-click"


def test_the_way_of_an_edition_and_its_brief_is_told(listener):
    publication = make_publication()
    endpoint = make_endpoint(publication, listener.url)
    brief = make_brief(publication)
    edition = make_edition(brief)
    planning.start(edition)
    control.pause(edition, "Look at this")
    control.resume(edition)
    Delivery.objects.filter(edition=edition).delete()
    recovery.finish(edition)
    brief.refresh_from_db()
    brief.body += " A further word."
    brief.save()
    corrections.issue(brief, "There are two cranes, not three.", make_user())
    collecting.collect()
    assert types_of(endpoint) == [
        *("edition.started", "brief.published", "edition.paused", "edition.resumed"),
        *("edition.finished", "brief.corrected"),
    ]
    told = {one.type: payloads.payload(one)["data"] for one in endpoint.messages.all()}
    assert told["edition.finished"]["edition"]["status"] == "finished"
    assert told["edition.finished"]["brief"]["url"].endswith(brief.web_path())
    assert told["edition.paused"]["word"] == "Look at this"
    assert told["brief.corrected"]["notice"] == "There are two cranes, not three."


def test_an_edition_that_finishes_twice_is_told_of_twice_and_each_audit_row_once():
    endpoint = make_endpoint()
    brief = make_brief(endpoint.publication)
    for _turn in range(2):
        audit.record("finished", brief=brief)
        collecting.collect()
        HookCursor.objects.update(position=0)  # as after a crash that read all once more
        collecting.collect()
    assert types_of(endpoint) == ["edition.finished"] * 2


def test_only_what_was_asked_for_of_ones_own_publication_is_told():
    mine = make_endpoint(types=["subscriber.added"])
    other = make_endpoint()
    boss = make_user()
    consent.add_by_hand(mine.publication, "ada@example.com", basis="asked", by=boss)
    audit.record("paused", brief=make_brief(mine.publication))
    collecting.collect()
    assert types_of(mine) == ["subscriber.added"]
    assert types_of(other) == []


def test_whom_an_import_did_not_let_in_is_not_told_of_as_added():
    endpoint = make_endpoint()
    link = make_subscription(endpoint.publication)
    for details in ({"import": 1}, {"import": 1, "status": "unsubscribed"}):
        ConsentRecord.objects.create(
            subscriber=link.subscriber,
            address_hash="x",
            publication=endpoint.publication,
            kind="imported",
            source="import",
            details=details,
        )
    collecting.collect()
    assert types_of(endpoint) == ["subscriber.added"]


def test_what_happened_before_anybody_listened_is_told_to_nobody():
    publication = make_publication()
    consent.request(publication, "ada@example.com", source="form")
    endpoint = make_endpoint(publication)
    collecting.collect()
    assert types_of(endpoint) == []
    endpoints.disable(endpoint, "A pause", make_user())
    consent.request(publication, "bob@example.com", source="form")
    assert collecting.collect() == 0
    endpoints.enable(endpoint)
    collecting.collect()
    assert types_of(endpoint) == []


def test_where_nobody_listens_one_question_is_asked(django_assert_num_queries):
    consent.request(make_publication(), "ada@example.com", source="form")
    with django_assert_num_queries(1):
        collecting.collect()


def test_a_long_import_is_read_in_chunks_of_a_transaction_each(monkeypatch):
    endpoint = make_endpoint()
    link = make_subscription(endpoint.publication)
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            subscriber=link.subscriber,
            address_hash="x",
            publication=endpoint.publication,
            kind="imported",
            source="import",
        )
        for _row in range(1_100)
    )
    monkeypatch.setattr(collecting, "GAP_SECONDS", 0)
    sizes = []
    take = collecting._take
    monkeypatch.setattr(
        collecting, "_take", lambda source: sizes.append(taken := take(source)) or taken
    )
    assert collecting.collect() == 1_100
    assert [count for count, _position in sizes if count] == [500, 500, 100]


# --- nothing is lost ----------------------------------------------------------


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_a_row_that_becomes_visible_after_a_higher_one_is_not_lost():
    endpoint = make_endpoint()
    publication = endpoint.publication
    wrote, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            audit.record("paused", publication=publication)
            wrote.set()
            may_commit.wait(30)
        connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert wrote.wait(30)
    audit.record("resumed", publication=publication)  # a higher number, to be seen at once
    for _turn in range(3):
        collecting.collect()
        assert types_of(endpoint) == []
    audit.record("finished", publication=publication)
    may_commit.set()
    slow.join()
    collecting.collect()
    collecting.collect()
    assert types_of(endpoint) == ["edition.paused", "edition.resumed", "edition.finished"]
    assert AuditEntry.objects.filter(verb="paused").get().pk < horizons.top(AuditEntry)


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_who_writes_elsewhere_or_without_end_holds_up_nothing_that_was_there_before():
    endpoint = make_endpoint()
    publication = endpoint.publication
    wrote, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            make_publication()  # has a transaction id, and no number of an audit entry
            wrote.set()
            may_commit.wait(30)
        connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert wrote.wait(30)
    audit.record("paused", publication=publication)
    collecting.collect()
    assert types_of(endpoint) == ["edition.paused"]
    may_commit.set()
    slow.join()


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_lose_no_event_and_tell_none_twice():
    endpoint = make_endpoint()
    publication = endpoint.publication
    over = threading.Event()

    def write(number):
        for turn in range(15):
            with transaction.atomic():
                audit.record("paused", publication=publication, words=f"{number} {turn}")
                time.sleep(0.002 * (number % 3))
        connection.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]

    def read():
        while not over.is_set():
            collecting.collect(0.2)
        connection.close()

    readers = [threading.Thread(target=read) for _number in range(2)]
    for thread in (*writers, *readers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in readers:
        thread.join()
    collecting.collect()
    collecting.collect()
    told = HookMessage.objects.filter(endpoint=endpoint).values_list("source_id", flat=True)
    assert sorted(told) == sorted(
        AuditEntry.objects.filter(verb="paused").values_list("pk", flat=True)
    )


# --- signatures ---------------------------------------------------------------


def verified(secret, names, body):
    """Verify as https://www.standardwebhooks.com says, by hand."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert 24 <= len(key) <= 64
    signed = f"{names['webhook-id']}.{names['webhook-timestamp']}.".encode() + body
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert abs(time.time() - int(names["webhook-timestamp"])) < 300
    return f"v1,{mark}" in names["webhook-signature"].split(" ")


def test_a_receiver_verifies_what_it_got(listener):
    endpoint = make_endpoint(url=listener.url)
    endpoints.ping(endpoint)
    assert delivering.deliver(0.2) == 1
    names, body = listener.got[0]
    assert verified(signing.shown_secret(endpoint), names, body)
    assert not verified(signing.shown_secret(endpoint), names, body + b" ")
    assert names["content-type"] == "application/json"
    assert names["webhook-id"] == HookMessage.objects.get().webhook_id
    told = json.loads(body)
    assert told["type"] == "ping"
    assert dt.datetime.fromisoformat(told["timestamp"]).tzinfo


def test_after_a_rotation_both_secrets_sign_for_a_day(listener, settings):
    endpoint = make_endpoint(url=listener.url)
    old = signing.shown_secret(endpoint)
    seen = HookEndpoint.objects.get(pk=endpoint.pk)
    assert endpoints.rotate(endpoint, make_user())
    assert not endpoints.rotate(seen)  # who pressed twice
    new = signing.shown_secret(endpoint)
    assert new != old
    headers = signing.headers(endpoint, "msg_1", b"{}", int(time.time()))
    assert verified(old, headers, b"{}")
    assert verified(new, headers, b"{}")
    HookEndpoint.objects.update(old_until=timezone.now() - dt.timedelta(seconds=1))
    endpoint.refresh_from_db()
    headers = signing.headers(endpoint, "msg_1", b"{}", int(time.time()))
    assert not verified(old, headers, b"{}")
    # A key of the server that is replaced ends no secret as long as it is kept.
    settings.TOKEN_KEYS = ["a-newer-key", *settings.TOKEN_KEYS]
    headers = signing.headers(endpoint, "msg_1", b"{}", int(time.time()))
    assert verified(new, headers, b"{}")
    assert verified(signing.shown_secret(endpoint), headers, b"{}")


def test_no_secret_stands_in_the_database(listener):
    endpoint = make_endpoint(url=listener.url)
    secret = signing.shown_secret(endpoint).removeprefix("whsec_")
    assert_forgotten((secret, base64.b64decode(secret).hex()))


# --- readers who are erased ---------------------------------------------------


def test_an_erased_reader_is_in_no_message_try_or_answer(listener):
    publication = make_publication()
    endpoint = make_endpoint(publication, listener.url)
    listener.answers = echo  # a careless program says back what it was told
    address = "Quetzalcoatl@rare-domain.example"
    link = consent.request(publication, address, source="form", name="Ada Lovelace")
    collecting.collect()
    assert delivering.deliver(0.2) == 1
    assert b"Quetzalcoatl@rare-domain.example" in listener.got[0][1]
    kept = HookMessage.objects.get().attempts.get().answer
    assert "[erased]" in kept
    assert "subscriber.subscribed" in kept
    consent.confirm(link, source="button")
    collecting.collect()  # and this one waits
    hashed = link.subscriber.address_hash
    privacy.erase(link.subscriber, source="own page")
    assert_forgotten()
    collecting.collect()
    while delivering.deliver(0.2):
        pass
    waited, erased = (json.loads(body) for _names, body in listener.got[1:])
    assert waited["data"]["subscriber"] == {
        "id": None,
        "erased": True,
        "hash": hashed,
    }
    assert erased["type"] == "subscriber.erased"
    assert erased["data"]["subscriber"] == {"id": None, "erased": True, "hash": hashed}
    assert_forgotten()
    assert endpoint.messages.filter(status="delivered").count() == 3


def test_an_address_in_the_word_of_a_pause_is_not_kept_with_the_answer(listener):
    endpoint = make_endpoint(url=listener.url)
    listener.answers = echo
    said = "550 <q@rare-domain.example>?"
    audit.record("paused", publication=endpoint.publication, edition=1, words=said)
    collecting.collect()
    assert delivering.deliver(0.2) == 1
    assert "550 <[erased]>?" in HookMessage.objects.get().attempts.get().answer


# --- what goes, and who is held -----------------------------------------------


def test_old_messages_and_their_tries_are_forgotten(listener, settings):
    endpoint = make_endpoint(url=listener.url)
    for _turn in range(2):
        endpoints.ping(endpoint)
        delivering.deliver(0.1)
    first = HookMessage.objects.order_by("pk").first()
    HookMessage.objects.filter(pk=first.pk).update(
        created_at=timezone.now() - dt.timedelta(days=31)
    )
    assert pruning.prune() == 1
    assert pruning.prune() == 0
    assert HookMessage.objects.get().pk != first.pk
    settings.HOOK_DAYS = 0
    HookMessage.objects.update(created_at=timezone.now() - dt.timedelta(days=3000))
    assert pruning.prune() == 0


def test_a_copy_of_the_database_tells_nobody_anything(listener):
    endpoint = make_endpoint(url=listener.url)
    endpoints.ping(endpoint)
    guard.beat()
    Installation.objects.update(held_since=timezone.now())
    guard._here.yes = None
    assert delivering.deliver(0.1) == 0
    assert listener.got == []


def test_a_message_whose_event_is_gone_fails_and_says_so():
    endpoint = make_endpoint()
    letter = Delivery.objects.create(
        edition=make_edition(make_brief(endpoint.publication)),
        subscriber=make_subscription(endpoint.publication).subscriber,
    )
    DeliveryEvent.objects.create(
        delivery=letter, type="bounced", key="1", at=timezone.now(), source="mail"
    )
    collecting.collect()
    DeliveryEvent.objects.all().delete()
    assert delivering.deliver(0.1) == 0
    message = HookMessage.objects.get()
    assert message.status == "failed"
    assert message.attempts.get().error == "What it tells of is not stored any more."


def test_the_same_event_never_has_two_rows_for_one_endpoint():
    endpoint = make_endpoint()
    audit.record("paused", publication=endpoint.publication)
    collecting.collect()
    row = HookMessage.objects.get()
    row.pk, row.uid = None, uuid.uuid4()
    HookMessage.objects.bulk_create([row], ignore_conflicts=True)
    assert HookMessage.objects.count() == 1
