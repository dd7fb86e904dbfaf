"""Consent: every change once, with its evidence."""

import datetime as dt
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from briefs.addresses import InvalidAddress
from briefs.models.append_only import RowsAreFinal
from subscribers import consent, notices, wordings
from subscribers.models import ConsentRecord, ConsentWording, Notice, Subscriber, Subscription
from subscribers.suppression import suppress
from tests.make import make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    return make_publication()


@pytest.fixture
def clock():
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as traveller:
        yield traveller


def kinds():
    return list(ConsentRecord.objects.values_list("kind", flat=True))


def confirmations():
    return Notice.objects.filter(kind="confirmation")


def ask(publication, address="ada@example.com", **details):
    return consent.request(publication, address, source="form", **details)


def test_a_request_is_noted_with_its_evidence(publication):
    subscription = ask(publication, name="Ada", ip="192.0.2.7", user_agent="Firefox")
    record = ConsentRecord.objects.get()
    assert subscription.status == "unconfirmed"
    assert (record.kind, record.source, record.ip) == ("requested", "form", "192.0.2.7")
    assert record.user_agent == "Firefox"
    assert record.wording.text == publication.consent_wording
    assert record.address_hash == subscription.subscriber.address_hash
    assert confirmations().get().subscription == subscription


def test_the_same_person_written_in_another_way_is_no_second_reader(publication):
    ask(publication, "Ada@Example.com")
    ask(publication, " ada@EXAMPLE.com ")
    assert Subscriber.objects.count() == 1
    assert kinds() == ["requested"]
    assert confirmations().count() == 1


def test_what_is_no_address_stores_nothing(publication):
    with pytest.raises(InvalidAddress):
        ask(publication, "ada@")
    assert not Subscriber.objects.exists()


def test_a_confirmation_starts_the_mail_once(publication):
    subscription = ask(publication)
    assert consent.confirm(subscription, source="form", ip="192.0.2.7")
    assert not consent.confirm(subscription, source="form")
    subscription.refresh_from_db()
    assert subscription.status == "active"
    assert subscription.confirmed_at is not None
    assert kinds() == ["requested", "confirmed"]
    assert Notice.objects.filter(kind="welcome").count() == 1


def test_a_confirmation_keeps_the_wording_that_was_read_when_asking(publication):
    subscription = ask(publication)
    publication.consent_wording = "Other words."
    publication.save()
    consent.confirm(subscription, source="form")
    assert ConsentRecord.objects.get(kind="confirmed").wording.text == (
        "Send me the daily brief by e-mail."
    )


def test_leaving_stops_the_mail_once(publication):
    subscription = make_subscription(publication)
    assert consent.unsubscribe(subscription, source="one-click", delivery_id=17)
    assert not consent.unsubscribe(subscription, source="one-click", delivery_id=17)
    record = ConsentRecord.objects.get()
    assert subscription.status == "unsubscribed"
    assert (record.kind, record.source, record.delivery_id) == ("unsubscribed", "one-click", 17)


def test_who_left_stays_away_until_the_button_is_pressed(publication, clock):
    subscription = make_subscription(publication)
    clock.shift(60)
    consent.unsubscribe(subscription, source="page")
    clock.shift(60)
    ask(publication, subscription.subscriber.address)
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"
    assert consent.confirm(subscription, source="form")
    assert subscription.status == "active"
    assert subscription.unsubscribed_at is None
    assert kinds() == ["unsubscribed", "requested", "confirmed"]


def test_who_left_is_not_brought_back_by_an_old_link(publication, clock):
    subscription = ask(publication)
    clock.shift(60)
    consent.confirm(subscription, source="form")
    clock.shift(60)
    consent.unsubscribe(subscription, source="page")
    clock.shift(60)
    assert not consent.confirm(subscription, source="form")
    assert subscription.status == "unsubscribed"


@pytest.mark.parametrize("status", ["active", "paused"])
def test_asking_again_changes_nothing_for_who_is_subscribed(publication, status):
    subscription = make_subscription(publication, status=status)
    ask(publication, subscription.subscriber.address, name="Mallory")
    subscription.refresh_from_db()
    assert subscription.status == status
    assert not ConsentRecord.objects.exists()
    assert not Notice.objects.exists()
    assert Subscriber.objects.get().name == ""


def test_a_suppressed_address_is_not_even_stored(publication):
    suppress("ada@example.com", "complaint")
    assert ask(publication, "ADA@example.com") is None
    assert not Subscriber.objects.exists()
    assert not Notice.objects.exists()


def test_a_suppressed_address_cannot_be_confirmed(publication):
    subscription = ask(publication)
    suppress("ada@example.com", "complaint")
    assert not consent.confirm(subscription, source="form")
    assert subscription.status == "unconfirmed"


def test_one_confirmation_an_hour_and_three_a_day(publication, clock):
    for _minute in range(36 * 60 // 10):
        ask(publication)
        Notice.objects.filter(status="unsent", due_at__lte=timezone.now()).update(
            status="sent", sent_at=timezone.now()
        )
        clock.shift(600)
    sent = sorted(confirmations().values_list("sent_at", flat=True))
    assert len(sent) == 6  # three in the first day, three in the second
    for earlier, later in pairwise(sent):
        assert later - earlier >= dt.timedelta(hours=1)
    for first, fourth in zip(sent, sent[3:], strict=False):
        assert fourth - first >= dt.timedelta(hours=24)
    assert len(kinds()) == 6


def test_a_wish_for_a_second_publication_waits_an_hour_and_is_not_lost(publication, clock):
    ask(publication)
    clock.shift(60)
    ask(make_publication())
    first, second = confirmations().order_by("id")
    assert dt.timedelta(hours=1) <= second.due_at - first.due_at < dt.timedelta(hours=2)
    assert kinds() == ["requested", "requested"]


def test_a_confirmation_that_still_waits_is_not_joined_by_another(publication, clock):
    ask(publication)
    clock.shift(3 * 3600)  # the workers were away
    ask(publication)
    assert confirmations().count() == 1


def test_a_name_counts_with_the_mail_that_asks_and_until_somebody_has_confirmed(publication, clock):
    subscription = ask(publication, name="Wrong")
    notices.sweep()
    ask(publication, name="Mallory")
    ask(make_publication(), name="Mallory")
    assert Subscriber.objects.get().name == "Wrong"
    clock.shift(7200)
    notices.sweep()
    clock.shift(7200)
    ask(publication, name="Ada  \x00 Lovelace")
    assert Subscriber.objects.get().name == "Ada Lovelace"
    consent.confirm(subscription, source="form")
    consent.unsubscribe(subscription, source="page")
    clock.shift(7200)
    ask(publication, name="Mallory")
    assert Subscriber.objects.get().name == "Ada Lovelace"


def test_a_reader_is_added_by_hand_with_a_basis(publication):
    editor = make_user()
    subscription = consent.add_by_hand(
        publication, "Ada@example.com", basis="Asked me at the fair on 2 April.", by=editor
    )
    record = ConsentRecord.objects.get()
    assert subscription.status == "active"
    assert (record.kind, record.by, record.basis) == (
        "added",
        editor,
        "Asked me at the fair on 2 April.",
    )
    again = consent.add_by_hand(publication, "ada@example.com", basis="Again.", by=editor)
    assert again == subscription
    assert kinds() == ["added"]
    assert not Notice.objects.exists()


def test_nobody_is_added_by_hand_without_a_basis(publication):
    with pytest.raises(consent.NoBasis):
        consent.add_by_hand(publication, "ada@example.com", basis=" \n", by=make_user())
    assert not Subscription.objects.exists()


def test_a_suppressed_reader_is_not_added_by_hand(publication):
    suppress("ada@example.com", "complaint")
    with pytest.raises(consent.SuppressedAddress):
        consent.add_by_hand(publication, "ada@example.com", basis="Asked.", by=make_user())


def test_each_version_of_the_wording_is_kept_once(publication):
    first = wordings.current(publication)
    assert wordings.current(publication) == first
    publication.consent_wording = "New words."
    assert wordings.current(publication) != first
    assert ConsentWording.objects.count() == 2


def test_a_publication_without_wording_has_one_in_its_language():
    publication = make_publication(consent_wording="", name="Harbour Watch")
    assert "Harbour Watch" in wordings.text_of(publication)


def test_evidence_cannot_be_changed_or_deleted(publication):
    subscription = ask(publication)
    record = ConsentRecord.objects.get()
    record.source = "elsewhere"
    for change in (
        record.save,
        record.delete,
        lambda: ConsentRecord.objects.update(source="elsewhere"),
        lambda: ConsentRecord.objects.all().delete(),
        lambda: subscription.subscriber.consent_records.all().delete(),
        lambda: subscription.subscriber.consent_records.update(source="elsewhere"),
        lambda: ConsentRecord.objects.bulk_update([record], ["source"]),
        lambda: ConsentRecord.objects.update_or_create(
            pk=record.pk, defaults={"source": "elsewhere"}
        ),
        lambda: ConsentRecord.objects.bulk_create(
            [record], update_conflicts=True, unique_fields=["pk"], update_fields=["source"]
        ),
    ):
        with pytest.raises(RowsAreFinal):
            change()
    impostor = ConsentRecord(
        pk=record.pk, publication=publication, kind="requested", source="elsewhere"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        impostor.save()
    assert ConsentRecord.objects.get().source == "form"


def test_only_truncation_and_erasure_open_the_evidence():
    root = Path(__file__).resolve().parent.parent.parent
    apps = ("briefs", "subscribers", "deliveries", "analytics", "intelbrief")
    files = [file for app in apps for file in (root / app).rglob("*.py")]
    users = {f.relative_to(root).as_posix() for f in files if "import opened" in f.read_text()}
    assert users == {"briefs/accounts.py", "subscribers/origins.py", "subscribers/privacy.py"}


def test_the_change_and_its_evidence_stand_or_fall_together(publication, monkeypatch):
    subscription = ask(publication)

    def fail(*_args, **_fields):
        raise IntegrityError("the disk is full")

    monkeypatch.setattr(ConsentRecord.objects, "create", fail)
    with pytest.raises(IntegrityError), transaction.atomic():
        consent.confirm(subscription, source="form")
    subscription.refresh_from_db()
    assert subscription.status == "unconfirmed"
    assert not Notice.objects.filter(kind="welcome").exists()
