"""Many reports wait while a reader is erased: nobody waits for them, and none brings them back."""

from typing import Any

import pytest
from django.utils import timezone

from deliveries import events, privacy
from deliveries.models import Delivery, DeliveryEvent, InboundEvent
from deliveries.told import Told
from subscribers import redaction
from tests.deliveries.returning import sent_edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy() -> Delivery:
    """Return the letter of the reader who is to be erased."""
    return sent_edition(readers=2).deliveries.select_related("subscriber").order_by("pk")[0]


def told(copy: Delivery, **fields: Any) -> Told:
    assert copy.subscriber
    words = f"550 5.7.26 <{copy.subscriber.address}>: unauthenticated sender"
    return Told("refused", timezone.now(), delivery=copy.pk, code="5.7.26", words=words, **fields)


def waiting() -> str:
    return str(list(InboundEvent.objects.values_list("payload", flat=True)))


def test_what_is_told_of_an_erased_reader_pauses_the_edition_without_their_address(copy):
    late = told(copy, reason="auth", is_senders_fault=True)
    privacy.erase(copy.subscriber, source="test")
    events.receive("postmark", [late])
    events.apply_due()
    copy.edition.refresh_from_db()
    assert copy.edition.status == "paused"
    assert "@" not in copy.edition.word
    assert not DeliveryEvent.objects.exclude(words="").exists()


def test_reports_that_waited_before_are_not_read_under_the_lock(copy, monkeypatch):
    events.receive("postmark", [told(copy), told(copy, key="2")])
    newest = InboundEvent.objects.latest("pk").pk
    looked: list[int] = []
    strip = privacy._strip_what_waits

    def looks(theirs: set[int], traces: redaction.Traces, after: int = 0) -> int:
        looked.append(after)
        stripped: int = strip(theirs, traces, after)
        return stripped

    monkeypatch.setattr(privacy, "_strip_what_waits", looks)
    privacy.erase(copy.subscriber, source="test")
    assert looked == [0, newest, 0]
    assert copy.subscriber.address not in waiting()


@pytest.mark.parametrize("names", ["the letter", "the address", "in the words of others"])
def test_a_report_that_comes_in_the_midst_of_it_is_stripped_as_well(copy, names, monkeypatch):
    address = copy.subscriber.address.upper()
    late = {
        "the letter": told(copy),
        "the address": Told("complained", timezone.now(), address=address, message_id="x@y"),
        "in the words of others": Told("bounced", timezone.now(), message_id="x@y", words=address),
    }[names]
    erase = privacy.privacy.erase_reader

    def comes(*given: Any, **named: Any) -> dict[str, int]:
        events.receive("postmark", [late])
        found: dict[str, int] = erase(*given, **named)
        return found

    monkeypatch.setattr(privacy.privacy, "erase_reader", comes)
    privacy.erase(copy.subscriber, source="test")
    assert copy.subscriber.address.lower() not in waiting().lower()
    assert InboundEvent.objects.count() == 1


@pytest.mark.sqlite_only
def test_an_address_is_found_however_json_writes_it():
    odd = ("O'Hara+x_%@münchen.example", '"a\\"b"@port.example', "jörg@port.example")
    for address in odd:
        InboundEvent.objects.create(
            source="mail", key=address, payload={"type": "bounced", "words": f"<{address.upper()}>"}
        )
    others = InboundEvent.objects.create(source="mail", key="x", payload={"words": "<a@b.example>"})
    privacy._strip_what_waits(set(), redaction.Traces(frozenset(odd)))
    others.refresh_from_db()
    assert others.payload["words"]
    left = InboundEvent.objects.exclude(pk=others.pk).values_list("payload", flat=True)
    assert [row for row in left if "words" in row] == []
