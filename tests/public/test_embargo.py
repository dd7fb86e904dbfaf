"""Until its embargo is over a brief is nowhere; then it appears by itself."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from briefs import access, embargo, revisions, workflow
from briefs.models import AuditEntry, Brief
from deliveries import digests, planning
from deliveries.models import Edition
from subscribers import tokens
from tests.make import make_brief, make_edition, make_publication, make_readers, make_user

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def published(publication, **fields):
    brief = make_brief(publication, **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    return brief


def test_it_is_published_and_not_there_and_then_there(client):
    publication = make_publication()
    brief = published(publication, embargo_until=timezone.now() + HOUR)
    published(publication, headline="Another one")
    assert client.get(brief.web_path()).status_code == 404
    for page in ("/", f"/{publication.slug}/", f"/s/{publication.slug}/"):
        assert brief.headline not in client.get(page).content.decode()
    Brief.objects.filter(pk=brief.pk).update(embargo_until=timezone.now() - HOUR)
    assert client.get(brief.web_path()).status_code == 200
    assert brief.headline in client.get(f"/{publication.slug}/").content.decode()


def test_page_and_list_follow_one_policy_to_the_moment():
    now = timezone.now()
    brief = published(make_publication(), embargo_until=now + HOUR)
    subscribed = access.Reader(frozenset({brief.publication_id}))
    for reader in (access.ANONYMOUS, subscribed):
        for at in (now, now + HOUR - dt.timedelta(microseconds=1), now + HOUR, now + 2 * HOUR):
            listed = access.readable(reader, at).filter(pk=brief.pk).exists()
            assert access.may_read(brief, reader, at) == listed == (at >= now + HOUR)


def test_a_brief_without_an_embargo_is_read_as_ever(client):
    assert client.get(published(make_publication()).web_path()).status_code == 200


def test_the_copy_in_a_browser_waits_too(client):
    publication = make_publication()
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    address = f"/v/{tokens.view.make(edition.pk, edition.deliveries.get().pk)}"
    assert client.get(address).status_code == 200
    Brief.objects.update(embargo_until=timezone.now() + HOUR)
    assert client.get(address).status_code == 404
    Brief.objects.update(embargo_until=timezone.now() - HOUR)
    assert client.get(address).status_code == 200


def test_the_digest_brings_it_in_the_week_in_which_its_embargo_ends():
    publication = make_publication(time_zone="UTC")
    make_readers(publication, 1)
    publication.subscriptions.update(rhythm="weekly")
    now = timezone.now()
    published(publication, headline="Open one")
    held = published(publication, headline="Held one", embargo_until=now + 2 * HOUR)
    assert digests.make(publication, now + HOUR)
    first = Edition.objects.get(kind="digest").brief.body
    assert "Open one" in first
    assert held.headline not in first
    assert digests.make(publication, now + 3 * HOUR)
    second = Edition.objects.filter(kind="digest").order_by("pk").last().brief.body
    assert held.headline in second
    assert "Open one" not in second


def test_a_change_is_recorded_with_who_made_it_and_a_save_of_the_same_is_none():
    brief, user = make_brief(), make_user(name="Wanda")
    brief.embargo_until = timezone.now() + HOUR
    assert embargo.note(brief, None, user)
    assert not embargo.note(brief, brief.embargo_until, user)
    before, brief.embargo_until = brief.embargo_until, None
    assert embargo.note(brief, before, user)
    entries = AuditEntry.objects.filter(verb="embargoed").order_by("pk")
    assert [entry.by for entry in entries] == [user, user]
    assert entries[1].words.endswith("→ none")


def test_it_is_told_by_both_clocks_and_in_the_night_of_two_half_past_twos():
    brief = make_brief(make_publication(time_zone="Europe/Berlin"))
    berlin = ZoneInfo("Europe/Berlin")
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    second = first.replace(fold=1)
    said = [embargo.in_zone(moment.astimezone(dt.UTC), brief) for moment in (first, second)]
    assert said == [
        "25 October 2026, 02:30 (Europe/Berlin, CEST)",
        "25 October 2026, 02:30 (Europe/Berlin, CET)",
    ]
    brief.embargo_until = first.astimezone(dt.UTC)
    assert embargo.in_words(brief) == (
        "25 October 2026, 00:30 (UTC) · 25 October 2026, 02:30 (Europe/Berlin, CEST)"
    )
    with timezone.override("Europe/Paris"):
        assert "·" not in embargo.in_words(brief)
