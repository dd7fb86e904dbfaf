"""The pixel and the link that nobody sees: in which mails they stand, and in which copies not."""

import dataclasses
import re

import pytest

from deliveries import compiling, letters, testing
from deliveries.models import CompiledMail, Delivery
from deliveries.tracking import door
from subscribers import tokens
from tests.deliveries.hitting import ask, make_mailed, taken
from tests.make import make_brief, make_publication, make_subscription

pytestmark = pytest.mark.django_db


def letter_of(edition):
    subscription = make_subscription(edition.publication)
    delivery = Delivery.objects.create(
        edition=edition, subscriber=subscription.subscriber, status="sent"
    )
    return letters.find(edition.pk, delivery.pk)


def pixels(html):
    return re.findall(r"/o/([\w-]+)", html)


@pytest.mark.parametrize("tracking", ["totals", "per-reader"])
def test_a_link_that_nobody_can_see_follows_the_first_and_a_pixel_ends_the_mail(tracking):
    edition = make_mailed(tracking)
    letter = letter_of(edition)
    html, text = letter.filled()
    (token,) = pixels(html)
    begin, end = html[html.index("<body") :], html[html.rindex("</table>") :]
    # Before all but one: who takes them in turn comes to it soon.
    assert re.findall(r"/c/([\w-]+)", begin)[1] == token
    assert 'tabindex="-1" aria-hidden="true" style="display:none"></a>' in begin
    assert 'alt="" aria-hidden="true"' in end
    assert end.index(f"/o/{token}") < end.index("</body>")
    delivery = letter.delivery if tracking == "per-reader" else 0
    assert tokens.pixel.load(token) == (edition.pk, delivery)
    assert token not in text
    # The very same octets, joined on the wire.
    assert letter.as_bytes().replace(b"=\r\n", b"").count(token.encode()) == 2


def test_nothing_of_the_kind_is_mailed_where_nothing_is_counted():
    html, _text = letter_of(make_mailed("off")).filled()
    assert "/o/" not in html
    assert 'display:none"></a>' not in html


def test_the_copy_in_a_browser_counts_nobody(client):
    for tracking in ("totals", "per-reader"):
        letter = letter_of(make_mailed(tracking))
        for delivery in (letter.delivery, 0):
            page = client.get(f"/v/{tokens.view.make(letter.mail.edition_id, delivery)}")
            assert page.status_code == 200
            assert not pixels(page.text)
            assert 'display:none"></a>' not in page.text
    assert taken() == []


def test_a_test_mail_counts_nobody(smtp_server):
    brief = make_brief(make_publication(tracking="per-reader"))
    testing.send_test(brief, "desk@harbour.example")
    html = smtp_server.messages[0].message.get_body(("html",)).get_content()
    assert not pixels(html)


def test_what_was_compiled_before_there_were_pixels_goes_out_as_it_is():
    edition = make_mailed("per-reader")
    compiled = CompiledMail.objects.get(edition=edition)
    compiled.html = compiling.unmarked(compiled.html)
    compiled.save()
    letter = letter_of(edition)
    assert letter.mail.pixel == ""
    assert not pixels(letter.filled()[0])
    assert len(letter.values()) == 2 + letter.mail.links
    assert letter.as_bytes()


def test_as_many_links_as_there_may_be_leave_the_other_slots_alone():
    mail = letters.load(make_mailed("per-reader").pk)
    many = dataclasses.replace(mail, links=5_000)
    assert len(many.clicks) == compiling.MOST_LINKS
    assert len(set(many.slots)) == len(many.slots) == compiling.FIRST_FIELD + 1


def test_who_follows_the_link_that_nobody_sees_finds_nothing_and_is_noted():
    letter = letter_of(make_mailed("per-reader"))
    (token,) = pixels(letter.filled()[0])
    door.memory.forget()
    status, headers, body = ask(f"/c/{token}")
    assert (status, headers["Content-Type"]) == ("200 OK", "text/plain; charset=utf-8")
    assert body == b"There is nothing here for you to do.\n"
    assert [hit.delivery for hit in taken()] == [letter.delivery]
