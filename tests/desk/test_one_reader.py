"""“I got nothing”: what became of each edition for one reader, and once more to them."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import AuditEntry, Publication
from deliveries import planning
from deliveries.models import Delivery, Edition
from subscribers.models import Suppression
from tests.make import make_brief, make_edition, make_publication, make_subscription

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.com"


@pytest.fixture
def copy(publication: Publication) -> Delivery:
    """Return Ada's copy of an edition that is over, and went well as far as we know."""
    make_subscription(publication, ADDRESS)
    edition = make_edition(make_brief(publication))
    planning.start(edition)
    edition.deliveries.update(status="sent", attempt=1, batch=None)
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=edition.send_at)
    return edition.deliveries.get()


def url(**query: object) -> str:
    return reverse("admin:deliveries_one_reader", query=query)


def again(client: Client, copy: Delivery, reason: str = "She says nothing came") -> None:
    client.post(url(), {"delivery": copy.pk, "reader": copy.subscriber_id or 0, "reason": reason})
    copy.refresh_from_db()


def test_each_edition_is_told_with_the_servers_words(paul: Client, copy: Delivery) -> None:
    Delivery.objects.update(status="failed", reason="refused", reply="550 no such <b>user</b>")
    text = paul.get(url(q=" Ada@Example.COM ")).content.decode()
    assert "550 no such &lt;b&gt;user" in text
    assert "Send it again" in text


def test_what_was_reported_of_a_copy_is_told_in_its_order(paul: Client, copy: Delivery) -> None:
    for number, (type_, words) in enumerate((("deferred", "451 later"), ("bounced", "550 <i>no"))):
        copy.events.create(
            type=type_, key=str(number), at=copy.edition.send_at, source="postmark", words=words
        )
    text = paul.get(url(q=ADDRESS)).content.decode()
    assert "told by postmark" in text
    assert text.index("451 later") < text.index("550 &lt;i&gt;no")


def test_who_was_not_in_the_audience_is_told_why_and_not_added(
    paul: Client, copy: Delivery, publication: Publication
) -> None:
    make_subscription(publication, "late@example.com")
    page = paul.get(url(q="late@example.com"))
    assert "Joined after it went out." in page.content.decode()
    assert page.context["lines"][0]["line"].why_not_again
    assert Delivery.objects.count() == 1


def test_a_copy_is_sent_again_in_its_own_row_and_written_down(paul: Client, copy: Delivery) -> None:
    again(paul, copy)
    assert (copy.status, copy.batch, copy.due_at is not None) == ("pending", None, True)
    assert Delivery.objects.count() == 1
    assert Edition.objects.get().status == "finishing"
    entry = AuditEntry.objects.get(verb="retried")
    assert "She says nothing came" in entry.words
    assert ADDRESS not in entry.words
    again(paul, copy)  # the second click
    assert AuditEntry.objects.filter(verb="retried").count() == 1


def test_without_a_reason_nothing_is_sent(paul: Client, copy: Delivery) -> None:
    again(paul, copy, reason="  ")
    assert copy.status == "sent"


@pytest.mark.parametrize("status", ["complained", "pending", "sending"])
def test_who_called_it_spam_or_waits_still_is_not_sent_another(
    paul: Client, copy: Delivery, status: str
) -> None:
    Delivery.objects.update(status=status)
    again(paul, copy)
    assert copy.status == status


def test_who_left_or_is_suppressed_is_not_sent_another(paul: Client, copy: Delivery) -> None:
    assert copy.subscriber is not None
    Suppression.objects.create(
        address_hash=copy.subscriber.address_hash, reason="bounce", address=ADDRESS
    )
    again(paul, copy)
    Suppression.objects.all().delete()
    copy.subscriber.subscriptions.update(status="paused")
    again(paul, copy)
    assert copy.status == "sent"


def test_readers_of_others_are_nobody_here(paul: Client, wanda: Client, stan: Client) -> None:
    make_subscription(make_publication(), "other@example.com")
    assert "Nobody with this address" in paul.get(url(q="other@example.com")).content.decode()
    assert wanda.get(url()).status_code == 403
    assert Client().get(url()).status_code == 302


def test_a_stranger_sends_nobody_anything(stan: Client, wanda: Client, copy: Delivery) -> None:
    again(stan, copy)
    again(wanda, copy)
    again(Client(), copy)
    assert copy.status == "sent"
