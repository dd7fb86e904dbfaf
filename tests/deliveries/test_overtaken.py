"""What a correction has overtaken: it goes out no more, whoever or whatever would let it."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from briefs import corrections as notices
from briefs import revisions, workflow
from briefs.models import Brief, Correction
from deliveries import (
    control,
    corrections,
    freezing,
    leases,
    ledger,
    owners,
    planning,
    recovery,
    slices,
)
from deliveries.ledger import Fate, Outcome
from deliveries.models import Edition
from tests.deliveries.test_doubt import Late
from tests.make import make_brief, make_edition, make_member, make_publication, make_readers

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    return make_publication()


def reword(brief, body):
    Brief.objects.filter(pk=brief.pk).update(body=body)
    brief.refresh_from_db()


def test_a_text_between_the_wrong_one_and_the_right_one_goes_to_nobody(publication):
    """It was scheduled before the correction, and stood on no page: yet it is wrong as well."""
    make_readers(publication, 1)
    brief = make_brief(publication)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    reword(brief, "The cranes arrived on Monday, in the morning.")
    edition = make_edition(brief, send_at=timezone.now() + dt.timedelta(hours=1))
    reword(brief, "The cranes arrived on Tuesday.")
    right = notices.issue(brief, "It was Tuesday.", None).right
    Edition.objects.update(send_at=timezone.now() - dt.timedelta(seconds=1))
    planning.start_due()
    edition.refresh_from_db()
    brief.refresh_from_db()
    assert (edition.status, brief.published_revision) == ("missed", right)


def test_what_was_paused_with_a_text_that_a_correction_has_overtaken_stays_so(publication):
    make_readers(publication, 2)
    brief = make_brief(publication)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    reword(brief, "The cranes arrived on Monday, in the morning.")
    edition = make_edition(brief)
    Edition.objects.update(status="paused")
    reword(brief, "The cranes arrived on Tuesday.")
    notices.issue(brief, "It was Tuesday.", None)
    with pytest.raises(notices.Superseded):
        control.resume(edition)


def test_a_new_text_after_a_correction_goes_out(publication):
    make_readers(publication, 1)
    brief = make_brief(publication)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    reword(brief, "The cranes arrived on Tuesday.")
    notices.issue(brief, "It was Tuesday.", None)
    reword(brief, "The cranes arrived on Tuesday, and work.")
    edition = make_edition(brief)
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "sending"


def test_a_late_no_did_not_mail_the_wrong_text_after_its_correction():
    late = Late()
    brief = Brief.objects.get()
    reword(brief, "The cranes arrived on Tuesday.")
    notices.issue(brief, "It was Tuesday.", None)
    late.says(Fate.NOT_ACCEPTED)
    assert late.statuses() == {"failed": 3}
    assert late.edition.status == "finished"


def test_a_refused_correction_mail_did_not_break_its_page(client):
    """The brief in memory pointed at a revision that had been rolled back."""
    publication = make_publication()
    paul = make_member(publication, "publisher")
    client.force_login(paul)
    make_readers(publication, 1)
    brief = make_brief(publication)
    make_edition(brief)
    planning.start_due()  # and is on its way still
    reword(brief, "The cranes arrived on Tuesday.")
    fields = {"notice": "It was Tuesday.", "by_mail": "1", "text_version": brief.text_version}
    address = reverse("admin:deliveries_correct", args=[brief.pk])
    body = client.post(address, fields).content.decode()
    assert "Stop it first" in body
    assert "Tuesday</ins>" in body, "it shows still what would be corrected"
    assert not Correction.objects.exists()


@pytest.mark.sqlite_only
def test_a_chunk_of_a_correction_to_few_of_many_is_over_soon(publication, monkeypatch):
    """It asked the ledger of 200,000 readers, several times each, while others could not write."""
    make_readers(publication, 40)
    brief = make_brief(publication)
    first = make_edition(brief)
    planning.start_due()
    first.deliveries.update(status="failed", reason="550")
    got = first.deliveries.order_by("pk").last().pk
    first.deliveries.filter(pk=got).update(status="sent", reason="")
    Edition.objects.update(status="finished", finished_at=timezone.now())
    brief.refresh_from_db()
    reword(brief, "The cranes arrived on Tuesday.")
    mail = planning.schedule(revisions.take(brief), kind="correction", corrects=[first.pk])
    monkeypatch.setattr(freezing, "CHUNK", 5)
    monkeypatch.setattr(freezing, "REACH", 40)
    monkeypatch.setattr(freezing, "GAP_SECONDS", 0)
    widths = []
    between = freezing._between

    def noted(edition, after, last):
        widths.append(last - after)
        return between(edition, after, last)

    monkeypatch.setattr(freezing, "_between", noted)
    planning.start_due()
    assert max(widths) == 10
    assert mail.deliveries.count() == 1


def test_who_was_in_hand_when_the_wrong_edition_was_stopped_is_told_too(publication):
    """Their copies were on the wire: frozen at once, the correction went to none of them."""
    make_readers(publication, 3)
    brief = make_brief(publication)
    first = make_edition(brief)
    planning.start_due()
    lease = leases.claim("main", owners.mine())
    turns = slices.take_slice(lease, 2)
    control.cancel(first)
    brief.refresh_from_db()
    reword(brief, "The cranes arrived on Tuesday.")
    corrections.issue(brief, "It was Tuesday.", None, by_mail=True)
    mail = Edition.objects.get(kind="correction")
    planning.start_due()
    mail.refresh_from_db()
    assert mail.status == "scheduled", "it waits for the worker that has them in hand"
    ledger.settle([Outcome(turn.delivery, turn.attempt, Fate.SENT) for turn in turns])
    leases.close_or_give_back(lease)
    recovery.sweep()
    planning.start_due()
    told = set(mail.deliveries.values_list("subscriber__address", flat=True))
    assert told == {turn.address for turn in turns}


@pytest.mark.sqlite_only
def test_while_somebody_is_due_later_no_tick_reads_the_whole_ledger(publication):
    """One deferred reader of a million had each tick, for a day, look at all the others."""
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    edition.refresh_from_db()
    edition.deliveries.update(status="sent")
    late = edition.deliveries.order_by("pk").last()
    edition.deliveries.filter(pk=late.pk).update(
        status="pending", reason="deferred", batch=None, due_at=timezone.now() + dt.timedelta(1)
    )
    with CaptureQueriesContext(connection) as asked:
        assert not recovery.finish(edition)
    assert not [one["sql"] for one in asked if "'finished'" in one["sql"]]
    edition.refresh_from_db()
    assert edition.status == "finishing"
    edition.deliveries.filter(pk=late.pk).update(status="sent", due_at=None)
    assert recovery.finish(edition)
