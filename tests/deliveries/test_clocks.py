"""Readers' clocks: each zone at its own moment, and what missed it waits for a person."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count, F
from django.utils import timezone

from briefs import revisions
from deliveries import (
    clocks,
    control,
    freezing,
    missed,
    planning,
    recovery,
    reports,
    sending,
    zones,
)
from deliveries.models import Batch, Delivery, Edition
from subscribers.models import Notice, Subscriber
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db

EAST, HOME, WEST = "Asia/Tokyo", "Europe/Berlin", "America/New_York"


def readers_in(publication, **counts):
    """Store readers by zone; return their ids by zone."""
    ids = {}
    for zone, count in counts.items():
        addresses = make_readers(publication, count)
        found = Subscriber.objects.filter(address__in=addresses)
        found.update(time_zone=zone)
        ids[zone] = set(found.values_list("pk", flat=True))
    return ids


def hours(count):
    return dt.timedelta(hours=count)


def wall(zone, ahead):
    """Return what the wall in *zone* shows after the timedelta *ahead*."""
    return f"{timezone.now().astimezone(ZoneInfo(zone)) + ahead:%Y-%m-%dT%H:%M}"


def by_clock(publication, local_time, **options):
    brief = make_brief(publication)
    return planning.schedule(
        revisions.take(brief), clock="reader", local_time=local_time, **options
    )


def let_pass(time):
    """Do as if *time* had passed: all that is planned lies so much further back."""
    for edition in Edition.objects.all():
        edition.send_at -= time
        edition.save()
    for batch in Batch.objects.all():
        batch.not_before -= time
        for field in ("planned_at", "worked_at", "done_at"):
            value = getattr(batch, field)
            setattr(batch, field, value and value - time)
        batch.save()


def started(publication, local_time):
    """Return an edition by the readers' clocks whose first zone has struck."""
    edition = by_clock(publication, local_time)
    Edition.objects.filter(pk=edition.pk).update(send_at=timezone.now() - dt.timedelta(minutes=1))
    assert planning.start_due() == 1
    edition.refresh_from_db()
    return edition


def planned(edition):
    """Return {moment: readers} of the ledger."""
    rows = edition.deliveries.values_list("batch__planned_at").annotate(n=Count("pk")).order_by()
    return dict(rows)


# --- scheduling -------------------------------------------------------------


def test_it_starts_with_the_first_zone_that_has_a_reader():
    publication = make_publication(time_zone=HOME)
    readers_in(publication, **{HOME: 2, WEST: 1})
    make_subscription(publication, status="unconfirmed", time_zone=EAST)
    edition = by_clock(publication, "2030-07-01T06:00")
    assert edition.local_time == "2030-07-01T06:00"
    assert edition.send_at == zones.moment("2030-07-01T06:00", HOME)


def test_where_the_first_zone_has_passed_it_starts_now():
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{EAST: 1, WEST: 1})
    edition = by_clock(publication, wall(WEST, hours(2)))
    assert abs(edition.send_at - timezone.now()) < dt.timedelta(seconds=5)


def test_a_time_that_has_passed_in_every_zone_is_refused():
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{EAST: 1, WEST: 1})
    with pytest.raises(planning.TimeHasPassed):
        by_clock(publication, wall(WEST, hours(-2)))
    with pytest.raises(zones.NotALocalTime):
        by_clock(publication, "tomorrow at six")
    assert not Edition.objects.exists()


def test_a_moment_is_read_on_the_walls_of_the_publication():
    publication = make_publication(time_zone=HOME)
    brief = make_brief(publication)
    at = dt.datetime(2030, 7, 1, 6, 0, tzinfo=ZoneInfo(HOME))
    edition = planning.schedule(revisions.take(brief), clock="reader", send_at=at)
    assert (edition.local_time, edition.send_at) == ("2030-07-01T06:00", at)


# --- freezing ---------------------------------------------------------------


def test_each_zone_gets_its_own_moment_and_the_unknown_ones_the_publications():
    publication = make_publication(time_zone=HOME)
    readers_in(publication, **{HOME: 2, WEST: 3, "": 4, "Mars/Olympus": 1})
    edition = started(publication, wall(WEST, hours(3)))
    assert edition.audience == 10
    assert planned(edition) == {
        edition.send_at: 7,  # there it has been that time already
        zones.moment(edition.local_time, WEST): 3,
    }
    assert not Batch.objects.exclude(not_before=F("planned_at")).exists()


def test_whatever_stands_in_place_of_a_zone_costs_no_parameter_of_the_statement():
    publication = make_publication(time_zone=HOME)
    make_readers(publication, 300)
    for reader in Subscriber.objects.all():
        Subscriber.objects.filter(pk=reader.pk).update(time_zone=f"junk {reader.pk}")
    edition = started(publication, wall(HOME, hours(2)))
    assert list(planned(edition).values()) == [300]


def test_zones_that_strike_together_share_their_batches_and_chunks_fill_them_up(monkeypatch):
    monkeypatch.setattr(freezing, "CHUNK", 10)
    monkeypatch.setattr(Batch, "SIZE", 8)
    publication = make_publication(time_zone="UTC")
    for _ in range(6):
        readers_in(publication, **{HOME: 2, "Europe/Rome": 2, "Europe/Paris": 1, WEST: 1})
    edition = started(publication, wall(WEST, hours(9)))
    sizes = edition.batches.annotate(n=Count("deliveries")).order_by("planned_at", "number")
    assert [batch.n for batch in sizes] == [8, 8, 8, 6, 6]
    numbers = sorted(edition.batches.values_list("number", flat=True))
    assert numbers == list(range(5))


def test_who_changes_zones_or_confirms_in_mid_chunk_still_finds_a_place(monkeypatch):
    monkeypatch.setattr(Batch, "SIZE", 5)
    publication = make_publication(time_zone="UTC")
    ids = readers_in(publication, **{HOME: 5, WEST: 5})
    late = make_subscription(publication, status="unconfirmed", time_zone=HOME)
    readers_in(publication, **{WEST: 1})
    count = freezing.audience.by_zone

    def somebody_moves(found):
        counts = count(found)
        Subscriber.objects.filter(pk__in=list(ids[WEST])[:2]).update(time_zone="Asia/Kathmandu")
        type(late).objects.filter(pk=late.pk).update(status="active", confirmed_at=timezone.now())
        return counts

    edition = by_clock(publication, "2030-07-01T06:00")
    Edition.objects.update(send_at=timezone.now() - dt.timedelta(minutes=1))
    monkeypatch.setattr(freezing.audience, "by_zone", somebody_moves)
    planning.start_due()
    assert edition.deliveries.count() == 12
    assert not edition.deliveries.filter(batch=None).exists()


def test_a_freeze_by_the_clock_that_died_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(freezing, "CHUNK", 7)
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{HOME: 10, WEST: 10})
    edition = by_clock(publication, wall(WEST, hours(8)))
    Edition.objects.update(send_at=timezone.now() - dt.timedelta(minutes=1))
    insert, calls = freezing._insert, []

    def dies(*arguments):
        calls.append(arguments)
        insert(*arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(freezing, "_insert", dies)
    with pytest.raises(KeyboardInterrupt):
        planning.start_due()
    assert edition.deliveries.count() == 7
    Edition.objects.update(freeze_lease_until=timezone.now() - dt.timedelta(seconds=1))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.audience == edition.deliveries.count() == 20
    assert set(planned(edition).values()) == {10}


def test_only_the_zones_that_have_struck_are_sent(smtp_server):
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{EAST: 2, WEST: 3})
    edition = started(publication, wall(WEST, hours(5)))
    sending.drain("main")
    assert len(smtp_server.messages) == 2
    recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "sending"
    let_pass(hours(5))
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    assert (len(smtp_server.messages), edition.status) == (5, "finished")


def test_it_can_be_taken_back_before_the_first_zone_only():
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{EAST: 1, WEST: 1})
    assert control.withdraw(by_clock(publication, "2030-07-01T06:00"))
    edition = started(publication, wall(WEST, hours(5)))
    assert not control.withdraw(edition)
    assert control.cancel(edition)
    assert reports.summary(edition)["reasons"] == {"cancelled": 2}


# --- missed -----------------------------------------------------------------


def test_what_an_outage_made_late_waits_and_what_is_in_time_goes(smtp_server):
    publication = make_publication(time_zone="UTC")
    make_member(publication, "publisher")
    readers_in(publication, **{EAST: 2, HOME: 3, WEST: 4})
    edition = started(publication, wall(WEST, hours(8)))
    sending.drain("main")
    assert len(smtp_server.messages) == 2, "Tokyo's time had passed"
    let_pass(zones.moment(edition.local_time, HOME) - timezone.now() + hours(3))
    sending.drain("main")
    recovery.sweep()
    assert len(smtp_server.messages) == 2
    assert missed.readers(edition) == 3
    assert Notice.objects.filter(kind="editor").count() == 1
    let_pass(edition.batches.get(done_at=None, missed_at=None).not_before - timezone.now())
    sending.drain("main")
    recovery.sweep()
    assert len(smtp_server.messages) == 6, "New York gets it in time"
    assert missed.readers(edition) == 3
    edition.refresh_from_db()
    assert edition.status == "sending", "it is not finished while somebody waits"


def test_a_worker_that_comes_before_the_sweep_sends_nothing_late(smtp_server):
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{WEST: 3})
    edition = started(publication, wall(WEST, hours(1)))
    let_pass(hours(4))
    assert sending.drain("main") is False
    assert smtp_server.messages == []
    assert missed.readers(edition) == 3


def test_what_queues_on_a_lane_at_work_has_missed_nothing(smtp_server, monkeypatch):
    monkeypatch.setattr(Batch, "SIZE", 2)
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{WEST: 6})
    edition = started(publication, wall(WEST, hours(1)))
    let_pass(hours(4))
    first = edition.batches.order_by("number")[0]
    Batch.objects.filter(pk=first.pk).update(worked_at=timezone.now())
    assert clocks.mark_missed() == 0
    Batch.objects.filter(pk=first.pk).update(worked_at=None, done_at=timezone.now())
    Delivery.objects.filter(batch=first).update(status="sent")
    assert clocks.mark_missed() == 0
    Batch.objects.filter(pk=first.pk).update(done_at=timezone.now() - hours(2))
    assert clocks.mark_missed() == 2


def test_a_pause_over_night_makes_late_and_a_short_one_does_not(smtp_server):
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{WEST: 3})
    edition = started(publication, wall(WEST, hours(1)))
    control.pause(edition)
    let_pass(dt.timedelta(minutes=100))
    assert clocks.mark_missed() == 0
    let_pass(hours(9))
    # Another edition keeps the lane at work meanwhile.
    other = make_edition(make_brief(publication))
    Batch.objects.create(edition=other, number=0, not_before=timezone.now(), done_at=timezone.now())
    assert clocks.mark_missed() == 1
    assert clocks.mark_missed() == 0
    control.resume(edition)
    sending.drain("main")
    assert smtp_server.messages == []


def test_by_one_clock_for_all_nothing_on_its_way_is_missed():
    publication = make_publication()
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    let_pass(hours(9))
    assert clocks.mark_missed() == 0
    assert missed.readers(edition) == 0


def test_a_person_sends_to_those_who_missed_it(smtp_server):
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{WEST: 3})
    edition = started(publication, wall(WEST, hours(1)))
    let_pass(hours(4))
    clocks.mark_missed()
    assert missed.send(edition) == 3
    assert missed.send(edition) == 0
    assert clocks.mark_missed() == 0
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    assert (len(smtp_server.messages), edition.status) == (3, "finished")


def test_a_person_skips_those_who_missed_it(smtp_server):
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{WEST: 3})
    edition = started(publication, wall(WEST, hours(1)))
    let_pass(hours(4))
    clocks.mark_missed()
    assert missed.skip_them(edition) == 3
    assert missed.skip_them(edition) == missed.send(edition) == 0
    recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "finished"
    assert reports.summary(edition)["reasons"] == {"missed": 3}
    sending.drain("main")
    assert smtp_server.messages == []


def test_what_a_person_skips_does_not_make_the_next_zone_go_late(smtp_server):
    """The lane was taken to be at work, and what was three hours late went out unasked."""
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{HOME: 1, WEST: 3})
    edition = started(publication, wall(WEST, hours(1)))
    let_pass(hours(4))
    west = edition.batches.order_by("planned_at").last()
    Batch.objects.filter(pk=west.pk).update(planned_at=timezone.now())
    clocks.mark_missed()
    assert missed.skip_them(edition) == 1
    Batch.objects.filter(pk=west.pk).update(planned_at=timezone.now() - hours(3))
    sending.drain("main")
    assert smtp_server.messages == []
    assert missed.readers(edition) == 3


def test_an_edition_that_starts_late_keeps_the_zones_that_are_ahead(smtp_server):
    publication = make_publication(time_zone="UTC")
    ids = readers_in(publication, **{EAST: 2, WEST: 3})
    edition = by_clock(publication, wall(WEST, hours(3)))
    Edition.objects.update(send_at=timezone.now() - hours(5))  # nothing ran since
    planning.start_due()
    recovery.sweep()
    edition.refresh_from_db()
    assert edition.status == "sending"
    late = Delivery.objects.filter(batch__missed_at__isnull=False)
    assert set(late.values_list("subscriber", flat=True)) == ids[EAST]


def test_an_edition_that_is_late_in_the_last_zone_too_waits_as_a_whole():
    publication = make_publication(time_zone="UTC")
    readers_in(publication, **{EAST: 2, WEST: 3})
    edition = by_clock(publication, wall(WEST, hours(1)))
    Edition.objects.update(send_at=timezone.now() - hours(20), local_time=wall(WEST, hours(-2)))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "missed"
