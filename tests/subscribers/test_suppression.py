"""Suppressed addresses, known by a keyed hash."""

import pytest

from briefs.addresses import InvalidAddress
from briefs.models.append_only import RowsAreFinal
from deliveries import planning, privacy, sending
from subscribers import consent, notices, preferences
from subscribers.models import Notice, Suppression, SuppressionRelease
from subscribers.suppression import (
    NoReason,
    ReadersOwnWord,
    address_hash,
    is_suppressed,
    release,
    suppress,
)
from tests.make import make_brief, make_edition, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db


def test_the_hash_depends_on_the_key_of_the_installation(settings):
    settings.SUPPRESSION_KEY = "one"
    first = address_hash("ada@example.com")
    settings.SUPPRESSION_KEY = "two"
    assert len(first) == 32
    assert address_hash("ada@example.com") != first


def test_a_suppressed_address_is_known_however_it_is_written():
    publication = make_publication()
    assert suppress("Ada@Example.COM", "manual")
    assert is_suppressed(address_hash("ada@example.com"), publication)


def test_suppressing_twice_keeps_the_first_reason():
    assert suppress("ada@example.com", "bounce")
    assert not suppress("ADA@example.com", "manual")
    assert Suppression.objects.get().reason == "bounce"


def test_a_suppression_of_one_publication_leaves_the_others():
    here, elsewhere = make_publication(), make_publication()
    suppress("ada@example.com", "complaint", publication=here)
    hashed = address_hash("ada@example.com")
    assert is_suppressed(hashed, here)
    assert not is_suppressed(hashed, elsewhere)


def test_an_erased_address_is_kept_as_its_hash_alone():
    suppress("ada@example.com", "erasure")
    assert Suppression.objects.get().address == ""


def test_what_is_no_address_or_no_reason_is_refused():
    with pytest.raises(InvalidAddress):
        suppress("ada@", "manual")
    with pytest.raises(ValueError, match="no reason"):
        suppress("ada@example.com", "whim")


def test_a_whole_domain_is_suppressed_wherever_mail_begins(publication, mailoutbox):
    assert suppress("@Blocked.Example", "manual", note="asked by its postmaster")
    assert not suppress("@blocked.example", "manual")
    row = Suppression.objects.get()
    assert (row.address, row.domain) == ("@blocked.example", "blocked.example")
    assert consent.request(publication, "ada@blocked.example", source="form") is None
    with pytest.raises(consent.SuppressedAddress):
        consent.add_by_hand(publication, "ada@blocked.example", basis="Fair", by=make_user())
    reader = make_subscription(publication, "eve@blocked.example")
    Notice.objects.create(kind="welcome", subscription=reader)
    assert notices.sweep() == 0
    assert consent.request(publication, "ada@not.blocked.example", source="form")


def test_readers_of_a_suppressed_domain_are_skipped_when_their_turn_comes(smtp_server):
    publication = make_publication()
    for address in ("ada@blocked.example", "eve@example.com", "zoe@elsewhere.example"):
        make_subscription(publication, address)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    suppress("@blocked.example", "manual")
    suppress("@elsewhere.example", "manual", publication=make_publication())
    while sending.drain("main", 20):
        pass
    found = dict(edition.deliveries.values_list("subscriber__address", "reason"))
    assert found == {
        "ada@blocked.example": "suppressed",
        "eve@example.com": "",
        "zoe@elsewhere.example": "",
    }


def test_a_release_says_why_and_by_whom(publication):
    editor = make_user()
    suppress("ada@example.com", "bounce", publication)
    row = Suppression.objects.get()
    with pytest.raises(NoReason):
        release(row, why="  ", by=editor)
    assert release(row, why="The mailbox is back; she called.", by=editor)
    assert not release(row, why="Again.", by=editor)
    assert not Suppression.objects.exists()
    kept = SuppressionRelease.objects.get()
    assert (kept.reason, kept.why, kept.by, kept.publication) == (
        "bounce",
        "The mailbox is back; she called.",
        editor,
        publication,
    )
    with pytest.raises(RowsAreFinal):
        kept.delete()


@pytest.mark.parametrize("reason", ["complaint", "erasure"])
def test_no_editor_takes_back_a_readers_own_word(reason):
    suppress("ada@example.com", reason)
    with pytest.raises(ReadersOwnWord):
        release(Suppression.objects.get(), why="They will not mind.", by=make_user())


def test_who_was_erased_comes_back_only_by_confirming_anew(publication, mailoutbox):
    suppress("ada@example.com", "erasure")
    with pytest.raises(consent.SuppressedAddress):
        consent.add_by_hand(publication, "ada@example.com", basis="Fair", by=make_user())
    asked = consent.request(publication, "ada@example.com", source="form")
    assert notices.sweep() == 1
    assert Suppression.objects.exists()  # asking alone releases nothing
    assert consent.confirm(asked, source="form")
    assert not Suppression.objects.exists()
    assert "confirmed" in SuppressionRelease.objects.get().why
    assert notices.sweep() == 1
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]] * 2


def test_who_was_erased_and_came_back_to_one_publication_is_not_imported_to_another(publication):
    other = make_publication()
    consent.add_by_hand(publication, "ada@example.com", basis="asked", by=make_user())
    both = consent.add_by_hand(other, "ada@example.com", basis="asked", by=make_user())
    privacy.erase(both.subscriber, source="own page")
    asked = consent.request(publication, "ada@example.com", source="form")
    assert consent.confirm(asked, source="form")
    hashed = address_hash("ada@example.com")
    assert not is_suppressed(hashed, publication)
    assert is_suppressed(hashed, other)
    assert preferences.join(asked, other, origin={"ip": None, "user_agent": ""})
    assert not is_suppressed(hashed, other)
