"""The weekly summary: to who wants it, on Monday, once."""

import datetime as dt

import pytest
import time_machine
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import weekly
from analytics.models import WeeklySummary
from briefs.models import Membership, Publication
from deliveries import guard
from subscribers import notices
from subscribers.models import Notice
from tests.analytics.conftest import answered, ended
from tests.make import make_member, make_publication, make_readers

pytestmark = pytest.mark.django_db

# A Monday; in Auckland it is seven when it is still Sunday evening in Europe.
MONDAY = dt.datetime(2026, 11, 30, 7, 5, tzinfo=dt.UTC)


@pytest.fixture
def publication(monkeypatch) -> Publication:
    """Return a publication that sent an edition on the Friday before."""
    monkeypatch.setattr(weekly, "_now", lambda _publication: timezone.now())
    monkeypatch.setattr(guard, "may_send", lambda: True)
    publication = make_publication(tracking="per-reader")
    make_readers(publication, 30)
    with time_machine.travel(MONDAY - dt.timedelta(days=3), tick=False):
        answered(ended(publication, hours=0))
    return publication


def write(at: dt.datetime = MONDAY) -> int:
    with time_machine.travel(at, tick=False):
        return weekly.write_due()


def test_it_goes_once_to_each_editor_who_wants_it(publication):
    wants = [make_member(publication, role) for role in ("editor", "publisher", "owner")]
    make_member(publication, "writer")
    opted_out = make_member(publication, "editor")
    Membership.objects.filter(user=opted_out).update(weekly_summary=False)
    make_member(publication, "owner", is_active=False)
    make_member(make_publication(), "owner")
    assert write() == 1
    assert write() == 0
    assert set(Notice.objects.values_list("user", flat=True)) == {user.pk for user in wants}
    [row] = WeeklySummary.objects.filter(publication=publication)
    assert (row.week, row.editors) == (dt.date(2026, 11, 23), 3)
    notice = Notice.objects.first()
    assert "23 Nov – 29 Nov" in notice.subject
    assert "The Port’s New Cranes" in notice.text
    assert "Bounced: 4 (15.4 % of 26)" in notice.text
    assert reverse("admin:analytics_publication_report", args=[publication.pk]) in notice.text


def test_the_time_is_the_databases():
    make_publication()
    found = Publication.objects.annotate(at=Now()).get()
    assert abs(weekly._now(found) - timezone.now()) < dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "hours", "is_due"),
    [("UTC", -1, False), ("UTC", 47, True), ("UTC", 49, False), ("Pacific/Auckland", -12, True)],
)
def test_its_hour_is_the_publications_own(publication, zone, hours, is_due):
    Publication.objects.update(time_zone=zone)
    make_member(publication, "owner")
    assert write(MONDAY + dt.timedelta(hours=hours)) == int(is_due)


def test_where_there_is_nothing_to_tell_nobody_is_written_to():
    publication = make_publication()
    make_member(publication, "owner")
    with time_machine.travel(MONDAY, tick=False):
        assert weekly._write(publication, dt.date(2026, 11, 23)) == 0
    assert not Notice.objects.exists()
    assert WeeklySummary.objects.get().editors == 0


def test_a_crash_between_the_row_and_the_mail_leaves_neither(publication, monkeypatch):
    make_member(publication, "owner")
    monkeypatch.setattr(notices, "tell", lambda *_: 1 / 0)
    assert write() == 0
    assert not WeeklySummary.objects.exists()
    monkeypatch.undo()
    monkeypatch.setattr(weekly, "_now", lambda _publication: timezone.now())
    monkeypatch.setattr(guard, "may_send", lambda: True)
    assert write() == 1


def test_whoever_finds_the_week_written_writes_no_second_mail(publication, monkeypatch):
    make_member(publication, "owner")
    assert write() == 1
    # As another worker sees it that looked before the first had committed.
    monkeypatch.setattr(weekly, "_is_written", lambda *_: False)
    assert write() == 0
    assert Notice.objects.count() == 1


@pytest.mark.sqlite_only
def test_a_copy_of_an_installation_writes_to_nobody(publication, monkeypatch):
    make_member(publication, "owner")
    monkeypatch.setattr(guard, "may_send", lambda: False)
    assert write() == 0


def test_a_member_turns_only_their_own_off(publication):
    mine, other = make_member(publication, "editor"), make_member(publication, "owner")
    writer = make_member(publication, "writer")
    client = Client()
    path = reverse("admin:analytics_publication_report", args=[publication.pk])
    client.force_login(writer)
    assert client.post(path, {"weekly": "off"}).status_code == 403
    client.force_login(mine)
    for word, wants in (("off", False), ("on", True), ("off", False)):
        client.post(path, {"weekly": word})
        assert Membership.objects.get(user=mine).weekly_summary is wants
    assert Membership.objects.get(user=other).weekly_summary
