"""What pauses an edition by itself, with the figures, and tells the editors."""

import pytest
from django.db.models import Sum
from django.utils import timezone

from deliveries import brakes, control, lanes, planning, recovery, sending
from deliveries.models import Batch, Edition
from subscribers.models import Notice
from tests.make import (
    let_rest_pass,
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_readers,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory():
    """Let no edition of another test, which had the same number, be remembered."""
    brakes._began_badly.clear()


@pytest.fixture
def publication():
    found = make_publication()
    make_member(found, "publisher")
    return found


@pytest.fixture
def low_limits(settings, monkeypatch):
    """Let the brakes judge from ten letters on, in slices of five."""
    settings.BRAKE_AFTER = 10
    monkeypatch.setattr(sending, "FIRST", 5)
    monkeypatch.setattr(sending, "MOST", 5)


def go(edition):
    planning.start_due()
    let_rest_pass()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()


def counted(edition):
    return edition.batches.aggregate(sent=Sum("sent"), refused=Sum("refused"))


def test_the_counters_of_the_batches_agree_with_the_ledger(publication, smtp_server):
    readers = make_readers(publication, 30)
    smtp_server.refuse(readers[3])
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "finished"
    assert counted(edition) == {"sent": 29, "refused": 1}


def test_a_pause_between_two_slices_loses_no_count(
    publication, smtp_server, low_limits, monkeypatch
):
    """The counts went with the UPDATE that found the edition paused, and wrote nothing."""
    make_readers(publication, 20)
    edition = make_edition(make_brief(publication))
    real = brakes.watch

    def pause_meanwhile(lease):
        real(lease)
        control.pause(edition)

    monkeypatch.setattr(brakes, "watch", pause_meanwhile)
    go(edition)
    sent = edition.deliveries.filter(status="sent").count()
    assert 0 < sent < 20
    assert counted(edition)["sent"] == sent


def test_a_sound_edition_costs_no_query_for_its_brakes(publication, smtp_server, monkeypatch):
    make_readers(publication, 30)
    monkeypatch.setattr(brakes, "check", lambda _edition: pytest.fail("it was looked at"))
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "finished"


def test_an_edition_that_begins_badly_and_goes_on_well_is_judged_once_there_is_enough(
    publication, smtp_server, low_limits
):
    """Its bad slice came too early to be judged, no other was bad, and nobody looked again."""
    readers = make_readers(publication, 40)
    for reader in readers[:4]:
        smtp_server.refuse(reader)
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "paused"
    assert counted(edition)["refused"] == 4
    assert sum(counted(edition).values()) < 40


def test_too_many_refusals_pause_the_edition_with_the_figures(publication, smtp_server, low_limits):
    readers = make_readers(publication, 40)
    for number in range(0, 40, 4):
        smtp_server.refuse(readers[number])
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "paused"
    judged = sum(counted(edition).values())
    assert 10 <= judged < 40
    refused = counted(edition)["refused"]
    assert f"{refused} of {judged} letters" in edition.word
    assert "5 % is the limit" in edition.word
    assert "then resume" in edition.word
    notice = Notice.objects.get()
    assert notice.kind == "editor"
    assert edition.word in notice.text


def test_who_resumes_is_not_stopped_by_the_same_figures_again(publication, smtp_server, low_limits):
    readers = make_readers(publication, 60)
    for reader in readers[:10:2]:
        smtp_server.refuse(reader)
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "paused"
    brakes.check(edition.pk)
    control.resume(edition)
    brakes.check(edition.pk)
    go(edition)
    assert edition.status == "finished"
    assert counted(edition) == {"sent": 55, "refused": 5}


def test_who_resumes_is_stopped_by_new_figures(publication, smtp_server, low_limits):
    readers = make_readers(publication, 80)
    for reader in readers[::2]:
        smtp_server.refuse(reader)
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "paused"
    before = sum(counted(edition).values())
    control.resume(edition)
    go(edition)
    assert edition.status == "paused"
    assert before + 10 <= sum(counted(edition).values()) < 80


def test_a_few_letters_prove_nothing(publication, smtp_server):
    for reader in make_readers(publication, 30)[::2]:
        smtp_server.refuse(reader)
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "finished"


def test_a_limit_of_nothing_is_none(publication, smtp_server, low_limits, settings):
    settings.BRAKE_BOUNCES = 0
    for reader in make_readers(publication, 30)[::2]:
        smtp_server.refuse(reader)
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "finished"


def moving(publication, sent):
    """Return a batch of an edition under way, of which so many letters were taken."""
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    Batch.objects.update(sent=sent)
    return edition, edition.batches.get()


def test_complaints_pause_what_is_under_way(publication):
    edition, batch = moving(publication, sent=4000)
    for _complaint in range(4):
        brakes.report(batch.pk, complained=1)
    edition.refresh_from_db()
    assert edition.status == "sending", "four people are four people"
    brakes.report(batch.pk, complained=1)
    edition.refresh_from_db()
    assert edition.status == "paused"
    assert "5 of 4,000 readers (0.12%) called it spam; 0.1 % is the limit" in edition.word


def test_bounces_that_come_back_later_count_as_refusals_do(publication):
    edition, batch = moving(publication, sent=1000)
    brakes.report(batch.pk, bounced=50)
    edition.refresh_from_db()
    assert edition.status == "sending"
    brakes.report(batch.pk, bounced=1)
    edition.refresh_from_db()
    assert edition.status == "paused"


def test_complaints_about_what_has_gone_out_are_told_once(publication):
    edition, batch = moving(publication, sent=4000)
    Edition.objects.update(status="finished", finished_at=timezone.now())
    for _complaint in range(7):
        brakes.report(batch.pk, complained=1)
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("code", ["5.7.515", "5.7.26"])
@pytest.mark.parametrize("at", ["refuse", "reject"])
def test_a_refused_sender_pauses_at_once_and_fails_nobody(publication, smtp_server, code, at):
    for reader in make_readers(publication, 8):
        getattr(smtp_server, at)(reader, f"550 {code} The sending domain does not authenticate")
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "paused"
    assert code in edition.word
    assert "then resume" in edition.word
    assert set(edition.deliveries.values_list("status", flat=True)) == {"pending"}
    assert Notice.objects.count() == 1
    assert not lanes.broken()


def test_a_text_that_is_refused_three_times_alike_pauses_before_it_fails_more(
    publication, smtp_server
):
    for reader in make_readers(publication, 40):
        smtp_server.reject(reader, "554 5.6.0 We do not like this text")
    edition = make_edition(make_brief(publication))
    go(edition)
    assert edition.status == "paused"
    assert "We do not like this text" in edition.word
    assert edition.deliveries.filter(status="failed").count() < 12


def test_an_edition_that_is_paused_already_is_not_told_of_again(publication):
    edition, _batch = moving(publication, sent=0)
    assert brakes.pause(edition.pk, "It will not do.")
    assert not brakes.pause(edition.pk, "It will not do.")
    assert Notice.objects.count() == 1
