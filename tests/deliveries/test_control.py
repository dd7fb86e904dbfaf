"""What an operator may do to an edition that has been sent."""

import pytest
from django.db.models.functions import Now

from briefs.preflight import Finding, Findings
from deliveries import (
    control,
    leases,
    owners,
    planning,
    preflight,
    recovery,
    reports,
    sending,
)
from tests.make import make_brief, make_edition, make_publication, make_readers

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    return make_publication()


def send(edition):
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    return {k: v for k, v in reports.summary(edition)["statuses"].items() if v}


def go_on(edition):
    recovery.sweep()
    return send(edition)


def test_the_refused_are_tried_once_more(publication, smtp_server):
    readers = make_readers(publication, 3)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"sent": 2, "failed": 1}
    smtp_server.refusals.clear()
    assert control.retry_failed(edition) == 1
    assert edition.status == "finishing"
    assert control.retry_failed(edition) == 0, "a second click finds nothing"
    assert go_on(edition) == {"sent": 3}
    assert edition.status == "finished"
    assert len(smtp_server.messages) == 3


def test_those_in_doubt_are_sent_it_again_by_a_person_only(publication, smtp_server):
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"sent": 2}
    row = edition.deliveries.first()
    type(row).objects.filter(pk=row.pk).update(status="in-doubt", reason="worker-lost")
    assert go_on(edition) == {"sent": 1, "in-doubt": 1}
    assert control.send_again(edition) == 1
    assert go_on(edition) == {"sent": 2}
    assert len(smtp_server.to(row.subscriber.address)) == 2
    ids = {m.message["Message-ID"] for m in smtp_server.to(row.subscriber.address)}
    assert len(ids) == 1, "one delivery, one Message-ID"


def test_an_edition_is_not_opened_again_beside_another_of_its_brief(publication, smtp_server):
    readers = make_readers(publication, 1)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"failed": 1}
    make_edition(edition.brief)
    with pytest.raises(control.StillOpen, match="another edition"):
        control.retry_failed(edition)
    assert reports.summary(edition)["statuses"]["failed"] == 1


def test_a_cancelled_edition_stays_cancelled(publication, smtp_server):
    readers = make_readers(publication, 1)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert control.cancel(edition)
    assert control.retry_failed(edition) == 0


def test_who_is_left_in_doubt_stays_so_and_asks_for_nothing_more(publication, smtp_server):
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    send(edition)
    edition.deliveries.update(status="in-doubt", reason="no-reply")
    assert control.leave(edition) == 3
    assert control.leave(edition) == 0, "a second click finds nothing"
    report = reports.summary(edition)
    assert report["reasons"] == {"left: no-reply": 3}
    assert reports.left(report) == 3
    assert go_on(edition) == {"in-doubt": 3}
    assert edition.status == "finished"
    assert control.send_again(edition) == 3, "a person may think better of it"
    assert go_on(edition) == {"sent": 3}


def test_those_in_doubt_are_told_by_name(publication, smtp_server):
    readers = make_readers(publication, 5)
    edition = make_edition(make_brief(publication))
    send(edition)
    edition.deliveries.update(status="in-doubt", reason="no-reply", reply="mx.example: silence")
    named = list(reports.in_doubt(edition, 2))
    assert [row["address"] for row in named] == readers[:2]
    assert named[0]["reply"] == "mx.example: silence"
    assert len(list(reports.in_doubt(edition))) == 5


def test_a_pause_says_why_and_the_word_goes_when_it_is_over(publication):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert control.pause(edition, "a brake")
    assert (edition.status, edition.word) == ("paused", "a brake")
    assert control.resume(edition)
    assert (edition.status, edition.word) == ("sending", "")


def test_a_publication_may_be_renamed_while_an_edition_waits(publication, smtp_server):
    """The edition was paused as soon as it started: it was frozen under the old web address."""
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    publication.slug = "quite-another"
    publication.save()
    assert send(edition) == {"sent": 1}
    assert edition.status == "finished"
    edition.brief.refresh_from_db()
    assert edition.brief.status == "published"


def test_a_brief_that_moved_to_another_publication_is_not_sent_to_the_first(publication):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    type(edition.brief).objects.update(publication=make_publication())
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "paused"
    assert "Cancel its edition" in edition.word


@pytest.fixture
def stopped_before_its_start(publication, monkeypatch):
    """Return an edition of two readers that was paused because looking at it failed."""
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    with monkeypatch.context() as broken:
        broken.setattr(preflight, "check_revision", lambda _revision: 1 / 0)
        planning.start_due()
    edition.refresh_from_db()
    assert (edition.status, edition.started_at) == ("paused", None)
    return edition


def test_what_could_not_be_started_is_started_whole_once_it_is_resumed(
    stopped_before_its_start, smtp_server
):
    edition = stopped_before_its_start
    assert control.resume(edition)
    assert not control.resume(edition), "a second click finds nothing"
    assert send(edition) == {"sent": 2}
    assert edition.started_at is not None
    ids = [sent.message["Message-ID"] for sent in smtp_server.messages]
    assert all(message_id.endswith("@harbour.example>") for message_id in ids)


def test_what_could_not_be_started_is_looked_at_again_once_it_is_resumed(
    stopped_before_its_start, smtp_server, monkeypatch
):
    unfit = Findings(errors=[Finding("stale", "Its sender is gone.", "publication")], warnings=[])
    monkeypatch.setattr(preflight, "check_revision", lambda _revision: unfit)
    control.resume(stopped_before_its_start)
    assert send(stopped_before_its_start) == {}
    assert stopped_before_its_start.status == "missed"
    assert not smtp_server.messages


def test_what_is_given_back_while_a_cancelled_edition_is_swept_is_skipped_by_the_next(
    publication, monkeypatch
):
    """Its batch was ended with the readers in it still pending."""
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    lease = leases.claim("main", owners.mine())
    control.cancel(edition)
    real = control.skip_unsent

    def give_back_meanwhile(of):
        skipped = real(of)
        leases.close_or_give_back(lease)
        return skipped

    with monkeypatch.context() as patch:
        patch.setattr(control, "skip_unsent", give_back_meanwhile)
        recovery.sweep()
    assert edition.batches.get().done_at is None
    recovery.sweep()
    assert edition.batches.get().done_at is not None
    assert set(edition.deliveries.values_list("status", "reason")) == {("skipped", "cancelled")}


def test_who_is_put_off_when_an_edition_is_cancelled_is_skipped(publication, smtp_server):
    readers = make_readers(publication, 2)
    smtp_server.refuse(readers[0], "450 4.2.1 Later")
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"sent": 1, "pending": 1}
    with_due = edition.deliveries.filter(status="pending")
    type(edition).objects.filter(pk=edition.pk).update(status="cancelled", finished_at=Now())
    assert with_due.exists()
    recovery.sweep()
    assert not with_due.exists()
