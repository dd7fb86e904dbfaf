"""What is for client groups is mailed to their members alone, and nothing once its time is over."""

import datetime as dt

import pytest
from django.utils import timezone

from briefs import workflow
from briefs.models import Brief, ClientGroup
from deliveries import audience, embargo, freezing, planning, readership
from deliveries.models import Edition
from subscribers import groups
from subscribers.models import GroupMember
from tests.make import (
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
    make_user,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def brief():
    publication = make_publication()
    make_readers(publication, 3)
    group = ClientGroup.objects.create(publication=publication, name="The bank")
    make_subscription(publication, "ada@bank.example")
    make_subscription(publication, "grace@home.example")
    make_subscription(publication, "paused@bank.example", "paused")
    make_subscription(make_publication(), "elsewhere@bank.example")
    editor = make_user()
    groups.add(group, "@bank.example", editor)
    groups.add(group, "grace@home.example", editor)
    brief = make_brief(publication, access="groups")
    brief.groups.add(group)
    return brief


def addresses(edition):
    return set(edition.deliveries.values_list("subscriber__address", flat=True))


def accept(address):
    member = GroupMember.objects.get(key=address)
    return groups.accept(member, origin={"ip": None, "user_agent": ""})


def test_only_members_get_it_and_who_accepts_later_gets_the_next(brief):
    first = make_edition(brief)
    planning.start_due()
    assert addresses(first) == {"ada@bank.example"}
    assert accept("grace@home.example").status == "active"
    assert audience.of_brief(brief).count() == 2
    assert readership.quick(brief.publication, groups=audience.groups_of(brief)).readers == 2
    assert readership.of_edition(first).readers == 2


def test_whom_it_is_for_counts_when_it_is_frozen_and_not_when_it_was_scheduled(brief):
    edition = make_edition(brief)
    brief.groups.clear()
    planning.start_due()
    assert addresses(edition) == set()
    assert freezing._reach(edition) == freezing.REACH


def test_a_correction_goes_to_nobody_who_may_not_read_it_any_more(brief):
    edition = make_edition(brief)
    planning.start_due()
    edition.deliveries.update(status="sent")
    correction = Edition(
        brief=brief, publication=brief.publication, kind="correction", corrects=[edition.pk]
    )
    assert audience.of_edition(correction).count() == 1
    GroupMember.objects.all().delete()
    assert audience.of_edition(correction).count() == 0


def test_nothing_is_planned_or_begun_once_it_is_over():
    publication = make_publication()
    make_readers(publication, 1)
    brief = make_brief(publication, readable_until=timezone.now() + HOUR)
    with pytest.raises(embargo.PastItsEnd, match="may be read until"):
        make_edition(brief, send_at=timezone.now() + HOUR)
    # Nobody states a zone, so that of the publication is the last: later than the end.
    late = f"{timezone.now() + 2 * HOUR:%Y-%m-%dT%H:%M}"
    with pytest.raises(embargo.PastItsEnd):
        make_edition(brief, clock="reader", send_at=None, local_time=late)
    edition = make_edition(brief)
    Brief.objects.update(readable_until=timezone.now() - HOUR)
    with pytest.raises(workflow.WrongStatus):
        embargo.require_over_now(edition)
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert not edition.deliveries.exists()
