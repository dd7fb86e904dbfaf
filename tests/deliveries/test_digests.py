"""The weekly digest: once a week, to who chose it, of what was published."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from briefs import revisions
from briefs.models import Brief, Publication
from deliveries import control, digests, planning, recovery, sending
from deliveries.models import Edition
from subscribers.models import Notice, Subscription
from tests.deliveries.test_planning import at_once
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db


def weekly(publication, address="weekly@x.org"):
    link = make_subscription(publication, address)
    Subscription.objects.filter(pk=link.pk).update(rhythm="weekly")


def due_now(**fields):
    """Store a publication whose digest is due within this hour."""
    now = timezone.now()
    return make_publication(digest_weekday=now.weekday(), digest_hour=now.hour, **fields)


def published(publication, headline, ago=dt.timedelta(days=1), **fields):
    brief = make_brief(publication, headline=headline, **fields)
    edition = make_edition(brief)
    planning.start(edition)
    control.cancel(edition)
    Brief.objects.filter(pk=brief.pk).update(published_at=timezone.now() - ago)
    return brief


def test_the_week_goes_to_who_chose_the_rhythm_and_to_nobody_else(smtp_server):
    publication = due_now()
    weekly(publication)
    make_readers(publication, 2)
    published(publication, "A *starred* headline", key_points=("One [point](https://x.org/)",))
    published(publication, "Later in the week", ago=dt.timedelta(hours=2))
    published(publication, "Long ago", ago=dt.timedelta(days=9))
    make_brief(publication, headline="Still a draft")
    assert digests.make_due() == 1
    assert digests.make_due() == 0
    assert planning.start_due() == 1
    sending.drain("main")
    recovery.sweep()
    (message,) = smtp_server.messages
    assert list(message.to) == ["weekly@x.org"]
    assert message.message["Subject"] == "Harbour Brief: The week at a glance"
    text = message.message.get_body(("plain",)).get_content()
    assert text.index("A *starred* headline") < text.index("Later in the week")
    assert "One point" in text
    assert "Long ago" not in text
    assert "draft" not in text
    assert Edition.objects.get(kind="digest").status == "finished"


@pytest.mark.django_db(transaction=True)
def test_of_many_ticks_one_makes_the_digest():
    publication = due_now()
    weekly(publication)
    published(publication, "The port")
    assert sorted(at_once(4, digests.make_due)) == [0, 0, 0, 1]
    assert Edition.objects.filter(kind="digest").count() == 1


def test_without_briefs_or_readers_there_is_none():
    publication = due_now()
    weekly(publication)
    assert digests.make_due() == 0
    other = due_now()
    published(other, "For nobody")
    assert digests.make_due() == 0
    assert not Brief.with_digests.filter(digest_of__isnull=False).exists()


def test_past_its_hour_none_is_made_and_the_next_makes_up_for_it():
    publication = due_now()
    weekly(publication)
    published(publication, "Before the outage", ago=dt.timedelta(days=3))
    now = timezone.now()
    late = now - dt.timedelta(hours=3)
    Publication.objects.update(digest_weekday=late.weekday(), digest_hour=late.hour)
    assert digests.make_due() == 0
    end = digests.week_end(publication, now)
    assert digests.make(publication, end)
    body = Brief.with_digests.get(digest_of=end).body
    assert "Before the outage" in body


def test_the_next_digest_begins_where_the_last_one_ended():
    publication = due_now()
    weekly(publication)
    end = digests.week_end(publication, timezone.now())
    Brief.with_digests.create(
        publication=publication, headline="The week", digest_of=end - dt.timedelta(days=14)
    )
    published(publication, "Twelve days ago", ago=timezone.now() - end + dt.timedelta(days=12))
    published(publication, "Fifteen days ago", ago=timezone.now() - end + dt.timedelta(days=15))
    assert digests.make_due() == 1
    body = Brief.with_digests.get(digest_of=end).body
    assert "Twelve days" in body
    assert "Fifteen days" not in body


def test_a_week_ends_by_the_calendar_of_the_publication():
    publication = make_publication(time_zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    friday = dt.datetime(2026, 11, 27, 16, 0, tzinfo=berlin)
    assert digests.week_end(publication, friday) == friday
    before = digests.week_end(publication, friday - dt.timedelta(seconds=1))
    assert before == dt.datetime(2026, 11, 20, 16, 0, tzinfo=berlin)
    # Clocks changed between the two Fridays: a week of 169 hours.
    spring = dt.datetime(2026, 3, 29, 12, 0, tzinfo=berlin)
    assert digests.week_end(publication, spring).astimezone(berlin).hour == 16
    assert digests.week_end(publication, friday, weeks_ago=1) == before


def test_what_stands_against_it_is_told_once():
    publication = due_now(postal_address="")
    make_member(publication, "publisher")
    weekly(publication)
    brief = make_brief(publication)
    Brief.objects.filter(pk=brief.pk).update(
        status="published", published_at=timezone.now(), published_revision=revisions.take(brief)
    )
    Brief.objects.update(published_at=timezone.now() - dt.timedelta(days=1))
    digests.make_due()
    Notice.objects.update(status="sent", sent_at=timezone.now())
    digests.make_due()
    assert Notice.objects.filter(kind="editor").count() == 1
    assert not Edition.objects.exists()


def test_a_digest_stands_on_no_page(client, django_user_model):
    publication = due_now()
    weekly(publication)
    brief = published(publication, "On the web")
    digests.make_due()
    planning.start_due()
    digest = Brief.with_digests.get(digest_of__isnull=False)
    assert digest.status == "draft"
    assert digest not in Brief.objects.all()
    assert list(publication.briefs.all()) == [brief]
    assert client.get(digest.web_path()).status_code == 404
    assert "glance" not in client.get(f"/{publication.slug}/").content.decode()
    client.force_login(django_user_model.objects.create_superuser("r@x.org", "x" * 20))
    edition = Edition.objects.get(kind="digest")
    assert client.get(f"/admin/briefs/brief/{digest.pk}/change/").status_code in (302, 404)
    assert "glance" not in client.get("/admin/briefs/brief/").content.decode()
    page = reverse("admin:deliveries_edition_change", args=[edition.pk])
    assert client.get(page).status_code == 200
    assert client.get("/admin/deliveries/edition/").status_code == 200
