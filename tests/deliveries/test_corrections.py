"""The correction mail: to exactly those who got the wrong edition, once, in a text that says so."""

import datetime as dt
import random

import pytest
from django.utils import timezone

from briefs import corrections as notices
from briefs import revisions, text_versions, workflow
from briefs.models import AuditEntry, Brief, Correction, Topic
from deliveries import (
    audience,
    compiling,
    control,
    corrections,
    embargo,
    freezing,
    letters,
    planning,
)
from deliveries.models import Delivery, Edition
from subscribers.models import Subscription
from tests.make import make_brief, make_edition, make_publication, make_readers, make_subscription

pytestmark = pytest.mark.django_db


def addresses(edition):
    return set(edition.deliveries.values_list("subscriber__address", flat=True))


def finish(edition, status="sent"):
    """Let all of the audience of *edition* have it."""
    edition.deliveries.filter(status="pending").update(status=status)
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=timezone.now())


def sent_edition(brief):
    edition = make_edition(brief)
    planning.start_due()
    finish(edition)
    brief.refresh_from_db()
    edition.refresh_from_db()
    return edition


def reword(brief, body="The cranes arrived on Tuesday, and the port is pleased."):
    Brief.objects.filter(pk=brief.pk).update(body=body)
    brief.refresh_from_db()


def corrected(brief, body="The cranes arrived on Tuesday.", notice="It was Tuesday, not Monday."):
    reword(brief, body)
    correction = corrections.issue(brief, notice, None, by_mail=True)
    planning.start_due()
    return Edition.objects.get(revision=correction.right, kind="correction")


def test_only_who_got_the_wrong_edition_is_told(publication):
    make_subscription(publication, "got@x.org")
    make_subscription(publication, "refused@x.org")
    brief = make_brief(publication)
    edition = make_edition(brief)
    planning.start_due()
    edition.deliveries.filter(subscriber__address="refused@x.org").update(
        status="failed", reason="550"
    )
    finish(edition)
    make_subscription(publication, "new@x.org")
    mail = corrected(brief)
    assert mail.corrects == [edition.pk]
    assert addresses(mail) == {"got@x.org"}


@pytest.mark.parametrize("seed", range(2))
def test_the_audience_is_the_model_set_whatever_the_ledger_says(publication, seed, monkeypatch):
    monkeypatch.setattr(freezing, "CHUNK", 7)
    monkeypatch.setattr(freezing, "GAP_SECONDS", 0)
    chance = random.Random(seed)
    make_readers(publication, 24)
    other = make_publication()
    brief = make_brief(publication)
    editions = []
    for number in range(3):
        reword(brief, f"Text number {number}.")
        if editions:
            notices.issue(brief, f"Notice {number}", None)
        edition = make_edition(brief)
        planning.start_due()
        finish(edition)
        editions.append(edition)
    statuses = list(Delivery.Status.values)
    rows = list(Delivery.objects.all())
    for row in rows:
        row.status, row.reason = chance.choice(statuses), "550"
    Delivery.objects.bulk_update(rows, ["status", "reason"])
    Delivery.objects.filter(
        pk__in=chance.sample(list(Delivery.objects.values_list("pk", flat=True)), 10)
    ).delete()
    for link in Subscription.objects.filter(publication=publication):
        link.status = chance.choice(["active"] * 4 + ["paused", "unsubscribed"])
        link.unsubscribed_at = timezone.now() if link.status == "unsubscribed" else None
        link.rhythm = chance.choice(["each", "weekly"])
        link.save()
    make_subscription(other)
    wrong = editions[:2]
    expected = {
        link.subscriber.address
        for link in Subscription.objects.filter(publication=publication, status="active")
        for states in [
            set(
                Delivery.objects.filter(edition__in=wrong, subscriber=link.subscriber).values_list(
                    "status", flat=True
                )
            )
        ]
        if states & {"sent", "delivered"} and "complained" not in states
    }
    assert expected
    mail = planning.schedule(
        editions[2].revision, kind="correction", corrects=[edition.pk for edition in wrong]
    )
    planning.start_due()
    rows = list(mail.deliveries.values_list("subscriber__address", flat=True))
    assert sorted(rows) == sorted(expected)


def test_topics_and_rhythm_chosen_since_keep_nobody_from_the_truth(publication):
    reader = make_subscription(publication, "ada@x.org")
    brief = make_brief(publication)
    sent_edition(brief)
    rails = Topic.objects.create(publication=publication, name="rails", slug="rails")
    ports = Topic.objects.create(publication=publication, name="ports", slug="ports")
    brief.topics.add(ports)
    reader.topics.set([rails])
    Subscription.objects.update(rhythm="weekly")
    assert addresses(corrected(brief)) == {"ada@x.org"}


@pytest.mark.sqlite_only
def test_a_correction_of_nothing_is_for_nobody(publication):
    make_readers(publication, 2)
    assert not audience.of_correction(publication, []).exists()
    with pytest.raises(ValueError):
        planning.schedule(revisions.take(make_brief(publication)), kind="correction")


@pytest.mark.sqlite_only
def test_the_mail_says_that_it_is_one_and_what_changed(publication):
    make_readers(publication, 1)
    brief = make_brief(publication, body="The cranes arrived on Monday. All is well.")
    first = sent_edition(brief)
    mail = corrected(brief, "The cranes arrived on Tuesday. All is well.", "It was **Tuesday**.")
    compiled = mail.compiled
    assert compiled.subject == "Correction: Harbour Brief: The Port’s New Cranes"
    assert "<strong>Tuesday</strong>" in compiled.html.replace(' style="', "")
    assert ">Monday</del>" in compiled.html
    assert ">Tuesday</ins>" in compiled.html
    assert "Before: The cranes arrived on ~~Monday~~." in compiled.text
    assert "Now: The cranes arrived on Tuesday." in compiled.text
    assert compiled.text.index("Now:") < compiled.text.index("KEY POINTS")
    assert letters.find(mail.pk, mail.deliveries.get().pk).message_id != (
        letters.find(first.pk, first.deliveries.get().pk).message_id
    )


@pytest.mark.sqlite_only
def test_it_speaks_the_language_of_the_publication():
    publication = make_publication(language="de")
    make_readers(publication, 1)
    brief = make_brief(publication)
    sent_edition(brief)
    mail = corrected(brief)
    assert mail.compiled.subject.startswith("Berichtigung: ")
    assert "Vorher:" in mail.compiled.text


@pytest.mark.sqlite_only
def test_a_later_edition_of_the_brief_carries_the_notice(publication):
    make_readers(publication, 1)
    brief = make_brief(publication)
    sent_edition(brief)
    finish(corrected(brief))
    again = make_edition(brief)
    planning.start_due()
    assert "It was Tuesday, not Monday." in again.compiled.text
    assert not again.compiled.subject.startswith("Correction")


def test_a_second_click_corrects_nothing_twice(publication):
    make_readers(publication, 1)
    brief = make_brief(publication)
    sent_edition(brief)
    corrected(brief)
    with pytest.raises(notices.NothingToCorrect):
        corrections.issue(brief, "Again", None, by_mail=True)
    with pytest.raises(planning.AlreadyScheduled):
        corrections.mail(Correction.objects.get(), None)
    assert Edition.objects.filter(kind="correction").count() == 1


def test_where_the_mail_is_refused_the_web_page_is_not_corrected_either(publication):
    make_readers(publication, 1)
    brief = make_brief(publication)
    make_edition(brief)
    planning.start_due()  # and is on its way still
    brief.refresh_from_db()
    reword(brief)
    with pytest.raises(planning.AlreadyScheduled):
        corrections.issue(brief, "It was Tuesday.", None, by_mail=True)
    assert not Correction.objects.exists()
    brief.refresh_from_db()
    assert brief.published_revision.snapshot["body"] != brief.body


def test_a_scheduled_text_that_was_corrected_meanwhile_goes_to_nobody(publication):
    make_readers(publication, 1)
    brief = make_brief(publication)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    edition = make_edition(brief, send_at=timezone.now() + dt.timedelta(hours=1))
    brief.refresh_from_db()
    reword(brief)
    notices.issue(brief, "It was Tuesday.", None)
    Edition.objects.update(send_at=timezone.now() - dt.timedelta(seconds=1))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert "corrected since" in edition.word
    with pytest.raises(notices.Superseded):
        planning.schedule(edition.revision)


@pytest.mark.sqlite_only
def test_a_corrected_edition_is_not_tried_again_with_the_wrong_text(publication):
    make_readers(publication, 1)
    brief = make_brief(publication)
    edition = make_edition(brief)
    planning.start_due()
    edition.deliveries.update(status="failed", reason="550")
    finish(edition)
    brief.refresh_from_db()
    reword(brief)
    notices.issue(brief, "It was Tuesday.", None)
    with pytest.raises(notices.Superseded):
        control.retry_failed(edition)
    assert edition.deliveries.get().status == "failed"


def test_an_embargo_refuses_an_earlier_time_and_names_the_first_one(publication):
    until = timezone.now() + dt.timedelta(hours=2)
    brief = make_brief(publication, embargo_until=until)
    for send_at in (None, until - dt.timedelta(minutes=1)):
        with pytest.raises(embargo.UnderEmbargo, match="under embargo until") as refused:
            planning.schedule(revisions.take(brief), send_at=send_at)
        assert refused.value.until == until
    assert planning.schedule(revisions.take(brief), send_at=until).send_at == until


def test_an_embargo_counts_for_the_first_zone_of_the_readers_clock():
    publication = make_publication(time_zone="Europe/Berlin")
    make_subscription(publication, "tokyo@x.org", time_zone="Asia/Tokyo")
    make_subscription(publication, "berlin@x.org", time_zone="Europe/Berlin")
    six = timezone.now().replace(hour=5, minute=0, second=0, microsecond=0) + dt.timedelta(days=2)
    brief = make_brief(publication, embargo_until=six)
    wall = f"{six:%Y-%m-%d}T09:00"  # in Tokyo it is midnight UTC
    with pytest.raises(embargo.UnderEmbargo):
        planning.schedule(revisions.take(brief), clock="reader", local_time=wall)


def test_an_embargo_that_was_set_after_scheduling_lets_the_edition_wait_for_a_person(publication):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    Brief.objects.update(embargo_until=timezone.now() + dt.timedelta(hours=1))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert "under embargo until" in edition.word
    assert not edition.deliveries.exists()
    assert AuditEntry.objects.filter(verb="missed", edition=edition.pk).exists()


@pytest.mark.sqlite_only
def test_an_edition_that_was_paused_is_not_resumed_into_an_embargo(publication):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert control.pause(edition)
    Brief.objects.update(embargo_until=timezone.now() + dt.timedelta(hours=1))
    with pytest.raises(embargo.UnderEmbargo):
        control.resume(edition)
    Brief.objects.update(embargo_until=None)
    assert control.resume(edition)


@pytest.fixture
def publication():
    return make_publication()


@pytest.mark.sqlite_only
def test_a_notice_makes_no_mail_so_large_that_it_is_cut_off(publication, monkeypatch):
    monkeypatch.setattr(compiling, "_ROOM", 5_000)
    make_readers(publication, 1)
    brief = make_brief(publication)
    sent_edition(brief)
    mail = corrected(brief)
    assert "It was Tuesday, not Monday." in mail.compiled.html
    assert "Before:" not in mail.compiled.text
    assert "More has changed" in mail.compiled.text


def test_a_text_that_was_saved_since_the_page_was_shown_is_not_issued_unseen(publication):
    brief = make_brief(publication)
    sent_edition(brief)
    reword(brief, "What the publisher has looked at.")
    seen = brief.text_version
    text_versions.advance(brief)
    reword(brief, "What somebody saved a moment later.")
    with pytest.raises(text_versions.SavedMeanwhile):
        corrections.issue(brief, "It was Tuesday.", None, by_mail=False, seen=seen)
    assert not Correction.objects.exists()
