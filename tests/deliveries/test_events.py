"""What reports do to a delivery, its reader and its edition; once, whatever their order."""

import dataclasses
import datetime as dt
import os
import random
import signal
import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.utils import timezone

from deliveries import bounces, control, events, ledger, matching, privacy
from deliveries import letters as mails
from deliveries.ledger import Fate, Outcome
from deliveries.models import (
    Batch,
    BounceCount,
    CompiledMail,
    Delivery,
    DeliveryEvent,
    Edition,
    InboundEvent,
)
from deliveries.told import Told
from subscribers import suppression
from subscribers.models import ConsentRecord, Notice, Subscription, Suppression
from tests.deliveries.returning import sent_edition, state
from tests.make import make_member, make_publication, make_readers

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class _TakenBack(Exception):
    """Ends a transaction without a trace."""


def tell(type_: str, delivery: Delivery | int = 0, *, source: str = "postmark", **fields) -> Told:
    """Let *source* report and apply it; return the report."""
    told = report(type_, delivery, **fields)
    events.receive(source, [told])
    events.apply_due()
    return told


def report(type_: str, delivery: Delivery | int = 0, **fields) -> Told:
    """Return a report of an hour ago."""
    number = delivery.pk if isinstance(delivery, Delivery) else delivery
    if type_ == "bounced":
        fields = {"is_permanent": False, "reason": "full", **fields}
    return Told(type_, fields.pop("at", timezone.now() - HOUR), delivery=number, **fields)


def only_letter(**fields) -> Delivery:
    return sent_edition(readers=1, **fields).deliveries.select_related("subscriber").get()


# --- one letter ---------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "sending", "sent", "in-doubt", "failed", "skipped"])
def test_a_report_of_arrival_advances_whatever_the_ledger_believed(status):
    copy = only_letter(status=status, reason="" if status == "sent" else "why", attempt=1)
    tell("delivered", copy, attempt=1)
    copy.refresh_from_db()
    assert (copy.status, copy.reason, copy.due_at) == ("delivered", "", None)


def test_a_report_that_comes_before_the_settle_is_not_undone_by_it():
    copy = only_letter(status="sending")
    tell("delivered", copy, attempt=1)
    ledger.settle([Outcome(copy.pk, 1, Fate.SENT)])
    ledger.settle([Outcome(copy.pk, 1, Fate.FAILED, "refused", "550 no")])
    copy.refresh_from_db()
    assert copy.status == "delivered"


def test_a_bounce_of_an_older_attempt_says_nothing_of_a_newer_one():
    copy = only_letter(status="sent", attempt=2)
    tell("bounced", copy, attempt=1)
    copy.refresh_from_db()
    assert copy.status == "sent"
    assert DeliveryEvent.objects.filter(delivery=copy).count() == 1


def test_what_a_person_sends_again_is_not_taken_back_by_the_bounce_they_know_of():
    copy = only_letter()
    Edition.objects.update(status="finished", finished_at=timezone.now())
    tell("refused", copy, attempt=1, reason="policy")
    copy.refresh_from_db()
    assert copy.status == "failed"
    control.retry_failed(copy.edition)
    tell("bounced", copy, attempt=1)
    copy.refresh_from_db()
    assert copy.status == "pending"


@pytest.mark.sqlite_only
def test_the_worst_report_gives_the_reason_whichever_came_first():
    tolds = [
        ("full", False, "452 full"),
        ("no-mailbox", True, "550 no such user"),
        ("busy", False, "421 later"),
    ]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        copy = only_letter()
        for index in order:
            reason, permanent, words = tolds[index]
            tell("bounced", copy, reason=reason, is_permanent=permanent, words=words)
        copy.refresh_from_db()
        assert (copy.reason, copy.reply) == ("no-mailbox", "550 no such user")


# --- which letter -------------------------------------------------------------


def test_the_message_id_that_we_gave_finds_the_letter_and_a_forged_one_does_not():
    copy = only_letter()
    Edition.objects.update(message_domain="harbour.example")
    CompiledMail.objects.create(edition=copy.edition, message_key="k" * 43)
    token = mails.message_id.maker("k" * 43)(copy.pk).decode()
    good = f"{token}@harbour.example"
    other = mails.message_id.maker("j" * 43)(copy.pk).decode()
    found = matching.match(
        [
            report("delivered", message_id=one)
            for one in (f"<{good}>", f"{token}@evil.example", f"{other}@harbour.example", "x@y")
        ]
    )
    assert found == [copy.pk, 0, 0, 0]


def test_an_address_alone_is_enough_for_a_bounce_of_the_only_recent_letter():
    copy = only_letter()
    address = copy.subscriber.address
    tell("delivered", address=address)  # of a confirmation perhaps
    copy.refresh_from_db()
    assert copy.status == "sent"
    tell("bounced", address=address.upper())
    copy.refresh_from_db()
    assert copy.status == "bounced"
    assert not InboundEvent.objects.exists()


@pytest.mark.sqlite_only
def test_an_address_alone_that_two_recent_letters_went_to_bounces_neither():
    publication = make_publication()
    make_readers(publication, 1)
    for _edition in range(2):
        sent_edition(publication, is_over=True, readers=1)
    tell("bounced", address=Delivery.objects.first().subscriber.address)
    assert not DeliveryEvent.objects.exists()


@pytest.mark.sqlite_only
def test_a_number_with_somebody_elses_address_is_another_installations_letter():
    copy = only_letter()
    reader = copy.subscriber
    tell("bounced", copy, address="stranger@example.org", is_permanent=True)
    copy.refresh_from_db()
    assert copy.status == "sent"
    tell("delivered", copy, address=f"  {reader.address.upper()} ")
    copy.refresh_from_db()
    assert copy.status == "delivered"
    tell("bounced", copy, source="mail", address="forwarded@example.org")
    copy.refresh_from_db()
    assert copy.status == "bounced"
    assert not InboundEvent.objects.exists()


def test_a_report_that_is_faster_than_its_row_waits_and_one_of_nothing_is_dropped(caplog):
    told = report("delivered", 999_999)
    events.receive("postmark", [told, report("delivered", address="a@b.example")])
    with caplog.at_level("INFO", "deliveries.events"):
        assert events.apply_due() == 0
    assert InboundEvent.objects.get().tries == 1
    assert "1 events were about no letter" in caplog.text
    InboundEvent.objects.update(
        due_at=timezone.now() - HOUR, received_at=timezone.now() - dt.timedelta(days=4)
    )
    events.apply_due()
    assert not InboundEvent.objects.exists()


@pytest.mark.sqlite_only
def test_an_event_that_cannot_be_applied_holds_up_no_other_and_ends_nowhere(monkeypatch):
    bad, good = sent_edition(readers=2).deliveries.order_by("pk")
    real = events.aftermath.heed

    def heed(news, source):
        if bad.pk in news.rows:
            raise ZeroDivisionError(f"{source} broke")
        real(news, source)

    monkeypatch.setattr(events.aftermath, "heed", heed)
    events.receive("postmark", [report("delivered", bad), report("delivered", good)])
    for _try in range(events.MOST_TRIES + 1):
        events.apply_due()
        InboundEvent.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - HOUR)
    good.refresh_from_db()
    assert good.status == "delivered"
    left = InboundEvent.objects.get()
    assert (left.due_at, left.error, left.tries) == (None, "ZeroDivisionError", events.MOST_TRIES)


@pytest.mark.sqlite_only
def test_what_a_later_version_wrote_waits_for_its_worker():
    copy = only_letter()
    events.receive("postmark", [report("delivered", copy)])
    payload = InboundEvent.objects.get().payload
    InboundEvent.objects.update(payload={**payload, "colour": "green"})
    events.apply_due()
    InboundEvent.objects.update(payload=payload, due_at=timezone.now() - HOUR)
    events.apply_due()
    copy.refresh_from_db()
    assert copy.status == "delivered"


# --- the reader ---------------------------------------------------------------


def test_a_complaint_names_its_letter_in_the_evidence_and_a_repeat_leaves_no_second():
    copy = only_letter()
    told = tell("complained", copy)
    events.receive("postmark", [told])
    events.apply_due()
    record = ConsentRecord.objects.get(kind="unsubscribed")
    assert (record.delivery_id, record.source) == (copy.pk, "complaint (postmark)")
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.sqlite_only
def test_a_release_is_not_taken_back_by_a_repeat_of_what_it_released():
    copy = only_letter()
    told = tell("bounced", copy, is_permanent=True, reason="no-mailbox")
    suppression.release(Suppression.objects.get(), why="The reader called.", by=None)
    events.receive("postmark", [told])
    events.apply_due()
    assert not Suppression.objects.exists()


@pytest.mark.sqlite_only
def test_who_left_at_the_provider_and_confirmed_anew_since_stays():
    copy = only_letter()
    Subscription.objects.update(confirmed_at=timezone.now())
    tell("unsubscribed", copy)
    assert Subscription.objects.get().status == "active"


@pytest.mark.sqlite_only
def test_an_address_that_its_reader_has_left_behind_suppresses_nothing():
    copy = only_letter()
    link = Subscription.objects.get()
    ConsentRecord.objects.create(
        subscriber=link.subscriber,
        address_hash=link.subscriber.address_hash,
        publication=link.publication,
        kind="changed",
        source="test",
        moved_from="0" * 32,
    )
    tell("bounced", copy, is_permanent=True, reason="no-mailbox")
    copy.refresh_from_db()
    assert copy.status == "bounced"
    assert not Suppression.objects.exists()


def a_reader_of(editions: int) -> list[Delivery]:
    """Return the letters of one reader in so many editions, the oldest first."""
    publication = make_publication()
    make_readers(publication, 1)
    for _number in range(editions):
        sent_edition(publication, is_over=True, readers=1)
    return list(Delivery.objects.order_by("pk"))


def bounces_of(copies: list[Delivery], days: float = 2, **fields) -> list[Told]:
    start = timezone.now() - 30 * DAY
    return [
        report("bounced", copy, at=start + number * days * DAY, **fields)
        for number, copy in enumerate(copies)
    ]


def test_five_bounces_in_a_row_over_a_week_suppress_in_whatever_order_they_are_told():
    copies = a_reader_of(7)
    tolds = bounces_of(copies[:5])
    reports = [*tolds, *tolds[:2], report("delivered", copies[6])]
    ends = []
    for seed in range(4):
        random.Random(seed).shuffle(reports)
        with suppress(_TakenBack), transaction.atomic():
            for told in reports:
                events.receive("postmark", [told])
                events.apply_due()
            ends.append({**state(), "notes": None})
            raise _TakenBack
    assert all(end == ends[0] for end in ends)
    assert [row[1] for row in ends[0]["suppressions"]] == ["bounce"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "a letter between them arrived"),
        ({"days": 1}, "they came within four days"),
        ({"reason": "spam"}, "they are the sender's fault"),
    ],
    ids=["arrived", "short", "ours"],
)
@pytest.mark.sqlite_only
def test_bounces_that_are_no_long_row_of_the_readers_own_suppress_nobody(changes, why):
    copies = a_reader_of(6)
    if not changes:
        copies.pop(2)
    for told in bounces_of(copies[:5], **changes):
        events.receive("postmark", [told])
    events.apply_due()
    assert not Suppression.objects.exists(), why


def test_a_delivery_ends_the_count_and_a_release_begins_a_new_one():
    copies = a_reader_of(8)
    events.receive("postmark", bounces_of(copies[:5]))
    events.apply_due()
    assert BounceCount.objects.get().bounces == 5
    suppression.release(Suppression.objects.get(), why="The mailbox has room.", by=None)
    tell("bounced", copies[5], at=timezone.now())
    assert not Suppression.objects.exists()
    assert BounceCount.objects.get().bounces == 1
    tell("delivered", copies[6])
    assert not BounceCount.objects.exists()


def test_an_erased_reader_is_named_by_no_report():
    copy, other = sent_edition(readers=2).deliveries.select_related("subscriber").order_by("pk")
    address = copy.subscriber.address
    tell("bounced", copy, words=f"550 {address} is full")
    waiting = [
        report("delivered", copy, address=address, words=f"for {address}"),
        report("complained", address=address, message_id="x@y"),
        report("delivered", other, address=other.subscriber.address),
    ]
    events.receive("postmark", waiting)
    told = privacy.export(copy.subscriber)["deliveries"][0]["reports"]
    assert told[0]["server_said"] == f"550 {address} is full"
    privacy.erase(copy.subscriber, source="test")
    assert address not in str(list(InboundEvent.objects.values_list("payload", flat=True)))
    events.apply_due()
    assert not DeliveryEvent.objects.exclude(words="").exists()
    tell("complained", copy, words=f"{address} pressed the button")
    copy.refresh_from_db()
    assert copy.status == "complained"
    assert not DeliveryEvent.objects.exclude(words="").exists()


# --- the edition --------------------------------------------------------------


def test_a_domain_without_proof_pauses_the_edition_and_bounces_nobody():
    edition = sent_edition(readers=2)
    make_member(edition.publication, "publisher")
    first, second = edition.deliveries.order_by("pk")
    verdict = bounces.judge(
        "postmark", {"Type": "HardBounce", "Details": "550 5.7.26 unauthenticated sender"}
    )
    words = {"code": verdict.code, "reason": verdict.reason, "words": verdict.words}
    fault = {"is_permanent": verdict.is_permanent, "is_senders_fault": verdict.is_senders_fault}
    tell(verdict.type, first, **words, **fault)
    edition.refresh_from_db()
    first.refresh_from_db()
    assert (edition.status, first.status, first.reason) == ("paused", "failed", "auth")
    assert "5.7.26" in edition.word
    assert not Suppression.objects.exists()
    assert not BounceCount.objects.exists()
    assert Notice.objects.count() == 1
    control.resume(edition)
    tell(verdict.type, second, **words, **fault)  # told of before it was resumed
    edition.refresh_from_db()
    assert edition.status == "sending"


def test_the_brakes_count_each_letter_once_whatever_is_told_of_it():
    edition = sent_edition(readers=2)
    first, second = edition.deliveries.order_by("pk")
    for _again in range(2):
        tell("bounced", first, at=timezone.now() - 2 * HOUR)
        tell("bounced", first, is_permanent=True, reason="no-mailbox")
        tell("complained", first)
        tell("complained", second)
    batch = edition.batches.get()
    assert (batch.bounced, batch.complained) == (1, 2)


# --- workers ------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["advancing.apply", "aftermath.heed", "_wait_or_drop", "_apply"])
def test_a_worker_that_is_killed_behind_any_step_loses_and_doubles_nothing(where, monkeypatch):
    first, second = sent_edition(readers=2).deliveries.order_by("pk")
    events.receive("postmark", [report("complained", first), report("delivered", second)])
    before = state()
    connection.close()
    child = os.fork()
    if child == 0:
        module, _, name = where.rpartition(".")
        holder = getattr(events, module) if module else events
        step = getattr(holder, name)

        def then_die(*given, **named):
            step(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        try:
            monkeypatch.setattr(holder, name, then_die)
            events.apply_due()
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    done = not InboundEvent.objects.exists()
    assert done is (where == "_apply")  # behind the commit
    assert done or state() == before
    events.apply_due()
    assert what_became_of(first, second) == ["complained", "delivered"]
    assert not InboundEvent.objects.exists()
    assert DeliveryEvent.objects.count() == Suppression.objects.count() == 1
    assert ConsentRecord.objects.filter(kind="unsubscribed").count() == 1
    assert Batch.objects.get().complained == 1


def what_became_of(*copies: Delivery) -> list[str]:
    return [Delivery.objects.values_list("status", flat=True).get(pk=copy.pk) for copy in copies]


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_apply_each_event_once():
    edition = sent_edition(readers=30)
    tolds = [
        report("complained" if number % 3 else "bounced", copy, is_permanent=True)
        for number, copy in enumerate(edition.deliveries.order_by("pk"))
    ]
    for told in tolds:
        again = dataclasses.replace(told, at=told.at + HOUR / 2, key="")
        events.receive("postmark", [told, again])
    failed: list[Exception] = []

    def work() -> None:
        try:
            for _round in range(20):
                events.apply_due()
        except Exception as error:  # noqa: BLE001  (asserted below)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    InboundEvent.objects.update(due_at=timezone.now() - HOUR)
    events.apply_due()
    assert not failed
    assert not InboundEvent.objects.exists()
    assert DeliveryEvent.objects.count() == 60
    assert Suppression.objects.count() == 30
    assert ConsentRecord.objects.filter(kind="unsubscribed").count() == 20
    batch = edition.batches.get()
    assert (batch.bounced, batch.complained) == (10, 20)
