"""The intake: stored before the answer, noted once, whatever is killed between."""

import datetime as dt
import threading

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from briefs.models import Topic
from subscribers import consent, fresh, intake, wordings
from subscribers.models import ConsentRecord, Notice, SignUp, Subscriber, Subscription
from subscribers.suppression import suppress
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db


def wish_of(publication, **more):
    return {"publication": publication.pk, "wording": wordings.text_of(publication), **more}


def sign_up(publication, address="ada@example.com", topics=(), **fields):
    wish = wish_of(publication, **({"topics": list(topics)} if topics else {}))
    row = intake.make([wish], address, source="form", **fields)
    intake.accept(row)
    return row


def evidence_of(address):
    """Return all that a sign-up leaves, without keys and clocks."""
    reader = Subscriber.objects.get(address=address)
    ours = ("id", "subscriber_id", "subscription_id", "address", "address_key", "address_hash")
    times = ("at", "created_at", "due_at")

    def plain(rows):
        return [{k: v for k, v in row.items() if k not in (*ours, *times)} for row in rows.values()]

    subscriptions = reader.subscriptions.all()
    return (
        plain(Subscriber.objects.filter(pk=reader.pk)),
        plain(subscriptions),
        sorted(subscriptions.values_list("topics__slug", flat=True)),
        plain(ConsentRecord.objects.filter(subscriber=reader)),
        plain(Notice.objects.filter(subscription__in=subscriptions)),
    )


def test_a_fresh_sign_up_leaves_what_consent_would_have_left(monkeypatch):
    publication = make_publication()
    topics = [
        Topic.objects.create(publication=home, name=name, slug=name).pk
        for home, name in ((publication, "ports"), (publication, "ice"), (make_publication(), "x"))
    ]
    details = {
        "name": "Ada", "language": "de", "time_zone": "Europe/Berlin",
        "ip": "192.0.2.1", "user_agent": "Mozilla/5.0", "topics": [*topics, 2**31],
    }  # fmt: skip
    at = timezone.now()
    monkeypatch.setattr(intake.timezone, "now", lambda: at)
    sign_up(publication, "many@example.com", **details)
    assert sum(intake.note_waiting().values()) == 1
    monkeypatch.setattr(fresh, "note", lambda rows: ())
    sign_up(publication, "one@example.com", **details)
    assert sum(intake.note_waiting().values()) == 1
    assert evidence_of("many@example.com") == evidence_of("one@example.com")
    asked = ConsentRecord.objects.first()
    assert asked.details == {"topics": [[], ["ice", "ports"]]}


def test_a_sign_up_is_noted_once_and_then_gone():
    publication = make_publication()
    sign_up(publication)
    assert intake.is_waiting()
    assert intake.note_waiting() == {publication.pk: 1}
    assert not intake.is_waiting()
    assert not intake.note_waiting()
    assert Subscription.objects.count() == Notice.objects.count() == 1


def test_two_sign_ups_of_one_address_in_one_chunk_are_one_request():
    publication = make_publication()
    sign_up(publication, "ada@example.com")
    sign_up(publication, "Ada@Example.com")
    intake.note_waiting()
    assert Subscriber.objects.count() == ConsentRecord.objects.count() == 1
    assert Notice.objects.count() == 1


def test_a_crash_while_noting_leaves_the_sign_up(monkeypatch):
    publication = make_publication()
    sign_up(publication)

    def die(found):
        real(found)
        raise KeyboardInterrupt

    real = fresh._write
    monkeypatch.setattr(fresh, "_write", die)
    with pytest.raises(KeyboardInterrupt):
        intake.note_waiting()
    assert SignUp.objects.count() == 1
    assert not Subscriber.objects.exists()
    monkeypatch.undo()
    intake.note_waiting()
    assert Subscription.objects.count() == 1


def test_a_sign_up_that_cannot_be_noted_holds_up_no_other(monkeypatch):
    publication = make_publication()
    make_subscription(publication, "poison@example.com", status="unconfirmed")
    sign_up(publication, "poison@example.com")
    sign_up(publication, "ada@example.com")
    real = consent.request

    def refuse(publication, address, **more):
        if address == "poison@example.com":
            raise RuntimeError("no")
        return real(publication, address, **more)

    monkeypatch.setattr(consent, "request", refuse)
    for _try in range(intake.TRIES + 1):
        intake.note_waiting()
    assert Subscriber.objects.filter(address="ada@example.com").exists()
    assert SignUp.objects.get().failures == intake.TRIES
    assert not intake.is_waiting()


@pytest.mark.parametrize("reason", ["complaint", "manual"])
def test_a_suppressed_address_is_left_alone(reason):
    publication = make_publication()
    suppress("ada@example.com", reason)
    sign_up(publication)
    intake.note_waiting()
    assert not Subscriber.objects.exists()
    assert not SignUp.objects.exists()


def test_topics_are_kept_and_those_of_another_publication_are_not():
    publication, other = make_publication(), make_publication()
    ours = publication.topics.create(name="Ports", slug="ports")
    theirs = other.topics.create(name="Grain", slug="grain")
    for address in ("new@example.com", "known@example.com"):
        if address.startswith("known"):
            make_subscription(other, address)
        wish = wish_of(publication, topics=[ours.pk, theirs.pk])
        intake.accept(intake.make([wish], address, source="form"))
    intake.note_waiting()
    for subscription in Subscription.objects.filter(publication=publication):
        assert list(subscription.topics.all()) == [ours]


def test_several_publications_ask_with_one_mail():
    publications = [make_publication() for _ in range(3)]
    make_subscription(publications[0], "ada@example.com")
    row = intake.make([wish_of(one) for one in publications], "ada@example.com", source="form")
    intake.accept(row)
    intake.note_waiting()
    asked = Subscription.objects.filter(status="unconfirmed")
    assert {one.publication for one in asked} == set(publications[1:])
    assert {one.requested_at for one in asked} == {SignUp(asked_at=row.asked_at).asked_at}
    assert Notice.objects.get().subscription in asked
    assert ConsentRecord.objects.filter(kind="requested").count() == 2


def test_the_wording_and_the_time_are_those_of_the_asking(monkeypatch):
    publication = make_publication(consent_wording="Old words.")
    row = sign_up(publication)
    publication.consent_wording = "New words."
    publication.save()
    intake.note_waiting()
    record = ConsentRecord.objects.get()
    assert record.wording.text == "Old words."
    assert record.at == row.asked_at


def test_a_sign_up_for_a_deleted_publication_is_dropped():
    publication = make_publication()
    sign_up(publication)
    publication.delete()
    intake.note_waiting()
    assert not SignUp.objects.exists()


def test_what_cannot_be_stored_is_said_to_who_brought_it(monkeypatch):
    def full(rows):
        raise DatabaseError("disk full")

    monkeypatch.setattr(intake, "_insert", full)
    with pytest.raises(DatabaseError):
        sign_up(make_publication())


@pytest.mark.django_db(transaction=True)
def test_what_many_bring_at_once_is_all_stored_in_fewer_transactions():
    publication = make_publication()
    writes = []
    real = intake._store

    def store(tickets):
        writes.append(len(tickets))
        while len(writes) == 1 and len(intake._desk.waiting) < 11:
            pass  # the first one is slow enough for all others to come
        real(tickets)

    def bring(number):
        try:
            sign_up(publication, f"reader{number}@example.com")
        finally:
            connection.close()

    intake._store = store
    try:
        threads = [threading.Thread(target=bring, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        intake._store = real
    assert SignUp.objects.count() == 12
    assert writes == [1, 11]
    assert sum(intake.note_waiting().values()) == 12


def test_a_row_that_cannot_be_stored_takes_no_other_with_it(monkeypatch):
    publication = make_publication()
    wish = [wish_of(publication)]
    good = intake._Ticket(intake.make(wish, "ada@example.com", source="form"))
    bad = intake._Ticket(intake.make(wish, "eve@example.com", source="form"))
    bad.row.source = None
    intake._store([good, bad])
    assert good.error is None
    assert isinstance(bad.error, DatabaseError)
    assert SignUp.objects.get().address == "ada@example.com"


def test_whoever_dies_while_storing_for_others_tells_them_and_calls_the_next(monkeypatch):
    monkeypatch.setattr(intake, "_desk", intake._Desk())
    others = [intake._Ticket(intake.make([], f"{n}@example.com", source="form")) for n in range(2)]

    def die(rows):
        intake._desk.waiting.append(others[1])
        raise KeyboardInterrupt

    intake._desk.waiting.append(others[0])
    monkeypatch.setattr(intake, "_insert", die)
    with pytest.raises(KeyboardInterrupt):
        intake.accept(intake.make([], "ada@example.com", source="form"))
    assert others[0].is_done
    assert others[0].error is not None
    assert not others[1].is_done
    assert not others[1].call.locked()


def test_what_could_not_be_noted_is_forgotten_after_a_week():
    sign_up(make_publication())
    old = timezone.now() - dt.timedelta(days=8)
    SignUp.objects.update(asked_at=old)
    intake.forget_what_failed()
    assert SignUp.objects.exists()
    SignUp.objects.update(failures=intake.TRIES)
    intake.forget_what_failed()
    assert not SignUp.objects.exists()


def test_a_busy_database_is_no_fault_of_a_row(monkeypatch):
    publication = make_publication()
    make_subscription(publication, "ada@example.com", status="unconfirmed")
    sign_up(publication)

    def busy(*_args, **_more):
        raise OperationalError("database is locked")

    monkeypatch.setattr(consent, "request", busy)
    with pytest.raises(OperationalError):
        intake.note_waiting()
    assert SignUp.objects.get().failures == 0


def test_storing_a_sign_up_asks_for_nothing_that_is_known_of_the_address():
    publication = make_publication()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        sign_up(publication)
    (insert,) = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert insert.startswith('INSERT INTO "subscribers_signup"')
