"""The intent to send: one per brief, started once, missed past its grace."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from briefs import revisions
from briefs.models import Brief
from briefs.workflow import WrongStatus
from deliveries import (
    control,
    freezing,
    leases,
    owners,
    planning,
    preflight,
    recovery,
    reports,
    sending,
)
from deliveries.models import Batch, Delivery, Edition
from tests.make import (
    make_brief,
    make_edition,
    make_fit_brief,
    make_publication,
    make_readers,
    make_subscription,
)


def at_once(count, work):
    """Run *work* in *count* threads that start together; return what they returned or raised."""
    barrier = threading.Barrier(count)
    results = []

    def run():
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001  (handed to the test)
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db
def test_a_click_from_before_an_edition_makes_no_second_one():
    brief = make_brief()
    first = make_edition(brief)
    Edition.objects.update(status="finished", finished_at=timezone.now())
    with pytest.raises(planning.AlreadyScheduled) as refused:
        planning.schedule(revisions.take(brief), send_at=timezone.now(), after=0)
    assert refused.value.edition == first
    assert planning.schedule(revisions.take(brief), send_at=timezone.now(), after=first.pk)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_parallel_clicks_one_makes_an_edition():
    brief = make_brief()
    now = timezone.now()

    def click():
        return planning.schedule(revisions.take(brief), send_at=now)

    results = at_once(12, click)
    assert sum(isinstance(result, Edition) for result in results) == 1
    assert sum(isinstance(result, planning.AlreadyScheduled) for result in results) == 11
    assert Edition.objects.count() == 1
    assert brief.revisions.count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_schedulers_start_an_edition_once(smtp_server):
    publication = make_publication()
    make_readers(publication, 30)
    edition = make_edition(make_brief(publication))
    results = at_once(4, planning.start_due)
    assert sorted(results) == [0, 0, 0, 1]
    edition.refresh_from_db()
    assert edition.frozen_at
    assert edition.audience == edition.deliveries.count() == 30


@pytest.mark.django_db(transaction=True)
def test_workers_that_drain_together_send_each_copy_once(smtp_server, monkeypatch):
    monkeypatch.setattr(Batch, "SIZE", 10)
    publication = make_publication()
    readers = make_readers(publication, 60)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert edition.batches.count() == 6
    results = at_once(4, lambda: sending.drain("main"))
    assert results == [False] * 4
    recovery.sweep()
    assert sorted(m.to[0] for m in smtp_server.messages) == sorted(readers)
    assert reports.summary(edition)["statuses"]["sent"] == 60


@pytest.mark.django_db(transaction=True)
def test_a_freeze_that_died_goes_on_where_it_was(smtp_server, monkeypatch):
    monkeypatch.setattr(freezing, "CHUNK", 7)
    publication = make_publication()
    readers = make_readers(publication, 20)
    edition = make_edition(make_brief(publication))
    insert, calls = freezing._insert, []

    def dies(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        insert(*arguments)

    monkeypatch.setattr(freezing, "_insert", dies)
    with pytest.raises(KeyboardInterrupt):
        planning.start_due()
    edition.refresh_from_db()
    assert edition.frozen_at is None
    assert edition.deliveries.count() == 7, "a chunk is all or nothing"
    assert recovery.waiting_lanes() == [], "nothing goes out before the audience is complete"
    assert planning.start_due() == 0
    assert edition.deliveries.count() == 7, "the lease of the dead still holds"
    Edition.objects.update(freeze_lease_until=timezone.now() - dt.timedelta(seconds=1))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.audience == 20
    sending.drain("main")
    assert sorted(m.to[0] for m in smtp_server.messages) == sorted(readers)


@pytest.mark.django_db
def test_nobody_is_dropped_who_confirms_while_the_chunk_is_read(monkeypatch):
    """A reader more than were counted would have found no batch to stand in."""
    monkeypatch.setattr(Batch, "SIZE", 5)
    publication = make_publication()
    make_readers(publication, 3)
    late = make_subscription(publication, status="unconfirmed")
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    insert = freezing._insert

    def somebody_confirms_first(*arguments):
        type(late).objects.filter(pk=late.pk).update(status="active", confirmed_at=timezone.now())
        insert(*arguments)

    monkeypatch.setattr(freezing, "_insert", somebody_confirms_first)
    planning.start_due()
    assert edition.deliveries.count() == 6
    assert not edition.deliveries.filter(batch=None).exists()


@pytest.mark.django_db
def test_batches_hold_at_most_their_size(monkeypatch):
    monkeypatch.setattr(Batch, "SIZE", 8)
    monkeypatch.setattr(freezing, "CHUNK", 20)
    publication = make_publication()
    make_readers(publication, 50)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sizes = [batch.deliveries.count() for batch in edition.batches.order_by("number")]
    assert sizes == [8, 8, 4, 8, 8, 4, 8, 2]


@pytest.mark.django_db
def test_an_edition_to_nobody_is_finished(smtp_server):
    edition = make_edition()
    planning.start_due()
    recovery.sweep()
    edition.refresh_from_db()
    assert (edition.status, edition.audience) == ("finished", 0)
    assert edition.brief.status == "published"


@pytest.mark.django_db
def test_the_web_shows_what_was_mailed():
    edition = make_edition()
    planning.start_due()
    brief = Brief.objects.get()
    assert brief.status == "published"
    assert brief.published_revision == edition.revision


@pytest.mark.django_db
def test_an_edit_after_scheduling_does_not_change_what_goes_out(smtp_server):
    publication = make_publication()
    make_readers(publication, 1)
    brief = make_brief(publication, headline="As scheduled")
    make_edition(brief)
    Brief.objects.update(headline="Edited since")
    planning.start_due()
    sending.drain("main")
    assert smtp_server.messages[0].message["Subject"] == "Harbour Brief: As scheduled"


@pytest.mark.django_db
def test_the_same_text_is_one_revision():
    brief = make_brief()
    first = revisions.take(brief)
    assert revisions.take(brief) == first
    Brief.objects.update(headline="Another")
    second = revisions.take(brief)
    assert second.number == 2
    Brief.objects.update(headline=first.snapshot["headline"])
    assert revisions.take(brief) == first


@pytest.mark.django_db
def test_two_briefs_of_a_day_with_one_headline_get_two_addresses():
    publication = make_publication()
    paths = {revisions.take(make_brief(publication)).brief.web_path() for _ in range(2)}
    assert paths == {
        f"/{publication.slug}/2026/04/06/the-ports-new-cranes/",
        f"/{publication.slug}/2026/04/06/the-ports-new-cranes-2/",
    }


@pytest.mark.django_db
def test_it_does_not_start_before_its_time():
    make_edition(send_at=timezone.now() + dt.timedelta(minutes=1))
    assert planning.start_due() == 0


@pytest.mark.django_db
def test_a_time_missed_by_hours_waits_for_a_person():
    edition = make_edition(send_at=timezone.now() - dt.timedelta(hours=3))
    assert planning.start_due() == 0
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert "60 minutes" in edition.word
    assert control.withdraw(edition)


@pytest.mark.django_db
def test_an_edition_without_a_provider_waits_for_a_person(settings):
    edition = make_edition()
    settings.PROVIDERS = {}
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert "EMAIL_PROVIDER" in edition.word


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"publication": {"postal_address": ""}}, "postal-address-empty"),
        ({"publication": {"sender_address": ""}}, "sender-empty"),
        ({"publication": {"contact_block": ""}}, "contact-empty"),
        ({"contact_block": "For more, please contact:"}, "contact-unfinished"),
        ({"headline": " "}, "headline-empty"),
        ({"headline": "x" * 200}, "subject-too-long"),
        ({"body": "", "key_points": ()}, "text-empty"),
        ({"body": "Übergrößenträger " * 4500}, "too-large"),
    ],
)
def test_preflight_stops_a_brief_that_is_not_fit(fields, rule):
    publication = make_publication(**fields.pop("publication", {}))
    brief = make_brief(publication, **fields)
    with pytest.raises(planning.PreflightFailed) as failed:
        planning.schedule(revisions.take(brief), send_at=timezone.now())
    assert [finding.rule for finding in failed.value.findings.errors] == [rule]
    assert not Edition.objects.exists()


@pytest.mark.django_db
def test_a_clean_brief_trips_no_rule():
    publication = make_publication()
    make_readers(publication, 1)
    assert preflight.check(make_fit_brief(publication)) == ([], [])


@pytest.mark.django_db
def test_a_brief_in_review_cannot_be_sent():
    brief = make_brief()
    Brief.objects.update(status="in-review", submitted_revision=revisions.take(brief))
    brief.refresh_from_db()
    with pytest.raises(WrongStatus):
        planning.schedule(revisions.take(brief), send_at=timezone.now())


@pytest.mark.django_db
def test_withdrawing_comes_before_the_first_mail_only(smtp_server):
    publication = make_publication()
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    assert control.withdraw(edition)
    assert not control.withdraw(edition)
    planning.start_due()
    sending.drain("main")
    assert not smtp_server.messages
    again = make_edition(edition.brief)
    planning.start_due()
    assert not control.withdraw(again)


@pytest.mark.django_db
def test_a_paused_edition_hands_nothing_out_until_it_is_resumed(smtp_server):
    publication = make_publication()
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert control.pause(edition)
    assert not control.pause(edition)
    sending.drain("main")
    assert not smtp_server.messages
    assert control.resume(edition)
    sending.drain("main")
    assert len(smtp_server.messages) == 3


@pytest.mark.django_db
def test_cancelling_skips_who_has_got_nothing_yet(smtp_server, monkeypatch):
    publication = make_publication()
    make_readers(publication, 5)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    monkeypatch.setattr(sending, "FIRST", 2)
    lease_slice = sending.slices.take_slice
    calls = []

    def cancelled_after_the_first(lease, size):
        calls.append(size)
        if len(calls) == 2:
            assert control.cancel(edition)
        return lease_slice(lease, size)

    monkeypatch.setattr(sending.slices, "take_slice", cancelled_after_the_first)
    sending.drain("main")
    recovery.sweep()
    report = reports.summary(edition)
    assert (report["statuses"]["sent"], report["statuses"]["skipped"]) == (2, 3)
    assert report["reasons"] == {"cancelled": 3}
    assert not Batch.objects.filter(done_at=None).exists()


@pytest.mark.django_db
def test_the_database_keeps_one_delivery_per_reader():
    publication = make_publication()
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    row = edition.deliveries.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(edition=edition, subscriber=row.subscriber)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_that_end_a_batch_at_once_one_goes_on(smtp_server, monkeypatch):
    """Each sees the other at work until it commits; both left, and the batches waited."""
    monkeypatch.setattr(Batch, "SIZE", 10)
    publication = make_publication()
    make_readers(publication, 30)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    me, other = owners.Owner(), owners.Owner()
    mine = leases.claim("main", me)
    theirs = edition.batches.exclude(pk=mine.batch_id).first()
    Batch.objects.filter(pk=theirs.pk).update(owner=other.id, lease_until=timezone.now())
    claim, views = leases.claim, []

    def sees_the_other_until_it_commits(lane, owner):
        views.append(connection.in_atomic_block)
        found = claim(lane, owner)
        Batch.objects.filter(pk=theirs.pk).update(owner=None, lease_until=None)
        return found

    monkeypatch.setattr(leases, "claim", sees_the_other_until_it_commits)
    is_left, following = leases.move_on(mine)
    assert views == [True, False]
    assert is_left
    assert following is not None
