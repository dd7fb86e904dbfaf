"""What a mail that came back does to the letter, the reader and the subscription it is about."""

import io
import json
import sys

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from deliveries import events, incoming, letters, privacy, returnpaths
from deliveries.models import CompiledMail, DeliveryEvent, Edition, InboundEvent
from subscribers import tokens
from subscribers.models import Notice, Subscription, Suppression
from tests.deliveries.returned import shapes
from tests.deliveries.returning import sent_edition

pytestmark = pytest.mark.django_db

GONE = shapes.dsn("failed", "5.1.1", "550 5.1.1 User unknown")


@pytest.fixture
def letter():
    edition = sent_edition(readers=1)
    Edition.objects.update(message_domain="harbour.example")
    CompiledMail.objects.create(
        edition=edition, subject="News", slot_prefix="x", message_key="k" * 64
    )
    return edition.deliveries.select_related("subscriber", "edition").get()


def take(raw):
    """Take *raw* in, apply what it says, and return the delivery that was found."""
    found = incoming.keep(incoming.sort(raw), timezone.now())
    events.apply_due()
    return found


def to_its_address(letter, raw):
    path = returnpaths.return_path(letter.pk, "bounces.harbour.example")
    return raw.replace(shapes.US.encode(), path.encode())


def with_its_message_id(letter, raw):
    message_id = letters.find(letter.edition_id, letter.pk).message_id
    return raw.replace(b"abc@harbour.example", message_id.encode())


def from_its_reader(letter, raw):
    return raw.replace(shapes.ADA.encode(), letter.subscriber.address.encode())


@pytest.mark.parametrize("prove", [to_its_address, with_its_message_id])
def test_a_report_that_names_a_letter_of_ours_suppresses_its_reader_once(letter, prove):
    raw = prove(letter, GONE)
    assert [take(raw), take(raw)] == [letter.pk, letter.pk]
    letter.refresh_from_db()
    assert letter.status == "bounced"
    event = DeliveryEvent.objects.get()
    assert (event.source, event.code, event.reason) == ("mail", "5.1.1", "no-mailbox")
    assert Suppression.objects.get().reason == "bounce"
    assert not InboundEvent.objects.exists()


def test_a_report_that_anybody_could_have_written_suppresses_nobody(letter):
    assert take(from_its_reader(letter, GONE)) == letter.pk
    assert not DeliveryEvent.objects.get().is_permanent
    assert not Suppression.objects.exists()


def test_a_complaint_that_anybody_could_have_written_only_unsubscribes(letter):
    take(from_its_reader(letter, shapes.arf("abuse", f"Original-Rcpt-To: {shapes.ADA}")))
    assert Subscription.objects.get().status == "unsubscribed"
    assert not Suppression.objects.exists()


def test_a_complaint_that_returns_the_letter_suppresses(letter):
    raw = shapes.arf("abuse", original="Message-ID: <abc@harbour.example>")
    take(with_its_message_id(letter, raw))
    assert Subscription.objects.get().status == "unsubscribed"
    assert Suppression.objects.get().reason == "complaint"


def test_a_forged_token_names_no_letter(letter):
    path = returnpaths.return_path(letter.pk, "bounces.harbour.example")
    digit = "0" if path[-30] != "0" else "1"
    raw = GONE.replace(shapes.US.encode(), (path[:-30] + digit + path[-29:]).encode())
    assert take(from_its_reader(letter, raw)) == letter.pk
    assert not Suppression.objects.exists()


def test_a_delay_and_an_answer_harm_nobody(letter):
    take(to_its_address(letter, shapes.dsn("delayed", "4.4.1", "timed out")))
    away = next(shape.raw for shape in shapes.OTHERS if shape.name.startswith("away: Autosvar"))
    take(to_its_address(letter, away))
    assert {event.type for event in DeliveryEvent.objects.all()} == {"deferred", "replied"}
    assert Subscription.objects.get().status == "active"


def test_a_refusal_for_a_fault_of_ours_is_not_held_against_the_reader(letter):
    take(to_its_address(letter, shapes.dsn("failed", "5.7.1", "554 5.7.1 Spam rejected")))
    assert not Suppression.objects.exists()


def test_a_mail_to_the_address_of_the_header_unsubscribes_and_its_owner_can_undo_it(
    letter, settings
):
    settings.UNSUBSCRIBE_MAILBOX = "unsubscribe@bounces.harbour.example"
    header = letters.find(letter.edition_id, letter.pk).as_email().extra_headers["List-Unsubscribe"]
    url, mailto = header.split(", ")
    assert url.startswith("<https://" if settings.HTTPS else "<http://")
    address = mailto.removeprefix("<mailto:").partition("?")[0]
    assert len(mailto) < 200
    assert len(address.partition("@")[0]) <= 64
    raw = shapes.mail("", "unsubscribe", "Bob <bob@example.org>").replace(
        shapes.US.encode(), address.encode()
    )
    assert [take(raw), take(raw)] == [letter.pk, letter.pk]
    assert Subscription.objects.get().status == "unsubscribed"
    assert Notice.objects.count() == 1


def test_a_mail_that_asks_to_leave_ends_what_its_sender_reads(letter):
    take(from_its_reader(letter, shapes.mail("", "Unsubscribe", f"Ada <{shapes.ADA}>")))
    assert Subscription.objects.get().status == "unsubscribed"


def test_whoever_answers_a_letter_with_the_wish_to_leave_need_not_write_from_its_address(letter):
    raw = shapes.mail(
        "Unsubscribe", "Re: News", "bob@example.org", "In-Reply-To: <abc@harbour.example>"
    )
    assert take(with_its_message_id(letter, raw)) == letter.pk
    assert Subscription.objects.get().status == "unsubscribed"


def test_a_token_that_is_not_ours_ends_nothing(letter):
    token = tokens.view.make(letter.edition_id, letter.pk)
    raw = shapes.mail("", "unsubscribe", "bob@example.org").replace(
        b"To: b+00@", f"To: unsubscribe+{token}@".encode()
    )
    assert take(raw) == 0
    assert Subscription.objects.get().status == "active"


def test_a_report_about_an_erased_reader_is_forgotten(letter):
    raw = to_its_address(letter, from_its_reader(letter, GONE))
    address = letter.subscriber.address
    incoming.keep(incoming.sort(raw), timezone.now())
    privacy.erase_address(address, source="command")
    events.apply_due()
    assert address not in str(list(InboundEvent.objects.values()))
    assert address not in str(list(DeliveryEvent.objects.values()))


# --- the command ----------------------------------------------------------------


def bounce(monkeypatch, raw, *arguments):
    """Pipe *raw* into the command; return what it printed and what it complained of."""
    stream = io.TextIOWrapper(io.BytesIO(raw), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", stream)
    out, err = io.StringIO(), io.StringIO()
    call_command("bounce", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_one_object_and_records(letter, monkeypatch):
    out, err = bounce(monkeypatch, to_its_address(letter, GONE), "--json")
    said = json.loads(out)
    assert (said["kind"], said["address"], said["status"]) == ("permanent", shapes.ADA, "5.1.1")
    assert (said["delivery"], err) == (letter.pk, "")
    assert InboundEvent.objects.count() == 1


def test_the_command_says_what_is_unknown_and_records_nothing_when_asked_not_to(monkeypatch):
    out, _ = bounce(monkeypatch, b"\xff\0PK\x03\x04", "--json", "--dry-run")
    said = json.loads(out)
    assert said["kind"] == "not-a-bounce"
    assert {said["address"], said["status"], said["delivery"]} == {None}


def test_the_command_lets_the_mail_server_try_again_where_the_database_is_away(monkeypatch):
    def is_away(*_arguments):
        raise OperationalError("connection refused\nmore")

    monkeypatch.setattr(incoming, "keep", is_away)
    with pytest.raises(SystemExit) as ended:
        bounce(monkeypatch, GONE, "--json")
    assert ended.value.code == 75
