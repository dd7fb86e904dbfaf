"""Who turns out to have the wrong text after its correction was frozen: told by a person, once."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from briefs import corrections as notices
from briefs.models import AuditEntry
from deliveries import control, corrections, planning, recovery, tallies
from deliveries.models import Batch, Delivery, Edition, Tally
from tests.deliveries.test_corrections import addresses, corrected, finish, reword
from tests.make import make_brief, make_edition, make_member, make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail():
    """Return a finished correction; of its brief Ada's copy was in doubt when it was frozen."""
    publication = make_publication()
    for name in ("ada", "bob", "carl"):
        make_subscription(publication, f"{name}@x.org")
    brief = make_brief(publication)
    edition = make_edition(brief)
    planning.start_due()
    edition.deliveries.filter(subscriber__address="ada@x.org").update(
        status="in-doubt", reason="lost"
    )
    edition.deliveries.filter(subscriber__address="carl@x.org").update(status="failed", reason="x")
    finish(edition)
    brief.refresh_from_db()
    found = corrected(brief)
    finish(found)
    found.refresh_from_db()
    assert addresses(found) == {"bob@x.org"}
    return found


def settle(mail, name="ada"):
    """Let it turn out that *name* got the wrong edition."""
    wrong = Delivery.objects.filter(edition__in=mail.corrects, subscriber__address=f"{name}@x.org")
    wrong.update(status="sent", reason="", changed_at=timezone.now())
    tallies.stale(mail.corrects, at_once=False)


def test_who_is_found_later_is_counted_and_told_once(mail, client):
    paul = make_member(mail.publication, "publisher", name="Paul")
    client.force_login(paul)
    page = reverse("admin:deliveries_edition_change", args=[mail.pk])
    tallies.renew(mail)
    assert Tally.objects.get(edition=mail).is_final
    assert "too</button>" not in client.get(page).content.decode()
    settle(mail)
    make_subscription(mail.publication, "new@x.org")
    shown = client.get(page).content.decode()
    assert "1 reader is known to have the wrong text" in shown
    url = reverse("admin:deliveries_verb", args=[mail.pk, "tell-late"])
    for _click in range(2):
        client.post(url)
    mail.refresh_from_db()
    assert (mail.status, mail.audience) == ("finishing", 2)
    assert addresses(mail) == {"bob@x.org", "ada@x.org"}
    assert [(e.words, e.by) for e in AuditEntry.objects.filter(verb="told-late")] == [
        ("1 readers", paul)
    ]
    recovery.sweep()
    batch = Batch.objects.get(edition=mail, deliveries__subscriber__address="ada@x.org")
    assert batch.done_at is None, "due like any copy that is tried again"
    finish(mail)
    mail.refresh_from_db()
    assert tallies.count(mail)["late"] == 0
    assert not corrections.tell_late(mail)


def test_nobody_is_told_who_left_complained_or_where_the_text_is_wrong_again(mail):
    settle(mail)
    reader = mail.publication.subscriptions.filter(subscriber__address="ada@x.org")
    reader.update(status="paused")
    assert tallies.count(mail)["late"] == 0
    assert not corrections.tell_late(mail)
    reader.update(status="active")
    assert tallies.count(mail)["late"] == 1
    reword(mail.brief, "It was a Wednesday.")
    corrections.issue(mail.brief, "A Wednesday.", None, by_mail=False)
    with pytest.raises(notices.Superseded):
        corrections.tell_late(mail)
    assert addresses(mail) == {"bob@x.org"}


def test_not_while_another_edition_of_the_brief_is_under_way(mail):
    settle(mail)
    make_edition(mail.brief, send_at=timezone.now() + dt.timedelta(hours=1))
    with pytest.raises(control.StillOpen):
        corrections.tell_late(mail)
    assert addresses(mail) == {"bob@x.org"}
    Edition.objects.filter(status="scheduled").update(status="withdrawn")
    Edition.objects.filter(pk__in=mail.corrects).update(pruning_at=timezone.now())
    assert not corrections.tell_late(mail), "who got what is not known any more"
