"""A brief on its way: from the intent to the socket and back into the ledger."""

import datetime as dt
import email.utils
import re
import threading

import pytest
from django.db import connection
from django.utils import timezone

from deliveries import (
    leases,
    letters,
    owners,
    planning,
    recovery,
    reports,
    sending,
    slices,
    takeover,
)
from deliveries.compiling import unmarked
from deliveries.models import Batch, Delivery, Edition
from subscribers import consent, suppression
from tests.make import (
    let_rest_pass,
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    return make_publication()


def send(edition):
    """Do what the tick and a worker do, until there is nothing left."""
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    return reports.summary(edition)


def test_three_readers_get_the_brief(publication, smtp_server):
    readers = make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    report = send(edition)
    assert edition.status == "finished"
    assert report["audience"] == 3
    assert report["statuses"]["sent"] == 3
    assert sorted(m.to[0] for m in smtp_server.messages) == sorted(readers)


def test_the_statuses_are_a_partition_of_the_audience(publication, smtp_server):
    readers = make_readers(publication, 5)
    smtp_server.refuse(readers[0])
    smtp_server.reject(readers[1])
    smtp_server.refuse(readers[2], "450 4.2.1 Later")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    report = send(edition)
    assert sum(report["statuses"].values()) == report["audience"] == 5
    assert {k: v for k, v in report["statuses"].items() if v} == {
        "sent": 2,
        "failed": 2,
        "pending": 1,
    }
    assert report["reasons"] == {"refused": 2, "deferred": 1}
    assert edition.status == "finishing"


def test_a_refused_reader_fails_with_the_servers_words(publication, smtp_server):
    (reader,) = make_readers(publication, 1)
    smtp_server.refuse(reader, "550 5.1.1 No such user here")
    edition = make_edition(make_brief(publication))
    send(edition)
    row = edition.deliveries.get()
    assert (row.status, row.reason) == ("failed", "refused")
    assert row.reply == "550 5.1.1 No such user here"


def test_a_deferred_reader_is_tried_again_when_due(publication, smtp_server):
    (reader,) = make_readers(publication, 1)
    smtp_server.refuse(reader, "451 4.7.1 Greylisted")
    edition = make_edition(make_brief(publication))
    send(edition)
    row = edition.deliveries.get()
    assert row.batch is None
    assert row.due_at > timezone.now() + dt.timedelta(minutes=4)
    smtp_server.reset()
    send(edition)
    assert not smtp_server.messages, "not before it is due"
    Delivery.objects.update(due_at=timezone.now())
    recovery.sweep()
    send(edition)
    assert edition.status == "finished"
    row.refresh_from_db()
    assert (row.status, row.attempt) == ("sent", 2)


def test_a_reader_deferred_for_a_day_fails_with_the_last_words(publication, smtp_server):
    (reader,) = make_readers(publication, 1)
    smtp_server.refuse(reader, "451 4.7.1 Greylisted")
    edition = make_edition(make_brief(publication))
    send(edition)
    a_day_ago = timezone.now() - dt.timedelta(hours=25)
    Delivery.objects.update(due_at=timezone.now(), deferred_since=a_day_ago)
    recovery.sweep()
    send(edition)
    row = edition.deliveries.get()
    assert (row.status, row.reason) == ("failed", "deferred-too-long")
    assert row.reply == "451 4.7.1 Greylisted"
    assert edition.status == "finished"


def test_an_expired_password_fails_no_reader(publication, smtp_server):
    make_readers(publication, 3)
    smtp_server.refuse_all("535 5.7.8 Bad credentials")
    edition = make_edition(make_brief(publication))
    report = send(edition)
    assert report["statuses"]["pending"] == 3
    assert edition.status == "sending"
    assert "535 5.7.8" in edition.word
    smtp_server.refuse_all("")
    let_rest_pass()
    report = send(edition)
    assert report["statuses"]["sent"] == 3


def test_a_lane_in_trouble_rests(publication, smtp_server):
    make_readers(publication, 1)
    smtp_server.refuse_all()
    make_edition(make_brief(publication))
    planning.start_due()
    assert recovery.waiting_lanes() == ["main"]
    sending.drain("main")
    assert recovery.waiting_lanes() == []


def test_who_left_after_the_freeze_gets_nothing(publication, smtp_server):
    leaves = make_subscription(publication)
    suppressed = make_subscription(publication)
    erased = make_subscription(publication)
    paused = make_subscription(publication)
    make_subscription(publication, "stays@example.com")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    consent.unsubscribe(leaves, source="test")
    suppression.suppress(suppressed.subscriber.address, "bounce")
    erased.delete()
    type(paused).objects.filter(pk=paused.pk).update(status="paused")
    report = send(edition)
    assert [m.to for m in smtp_server.messages] == [("stays@example.com",)]
    assert report["reasons"] == {"unsubscribed": 1, "suppressed": 1, "erased": 1, "paused": 1}
    assert report["statuses"]["skipped"] == 4


def test_only_active_readers_are_in_the_audience(publication, smtp_server):
    for status in ("active", "unconfirmed", "paused", "unsubscribed"):
        make_subscription(publication, status=status)
    make_subscription(make_publication())
    assert send(make_edition(make_brief(publication)))["audience"] == 1


def test_the_mail_carries_the_list_headers(publication, smtp_server):
    make_subscription(publication, "ada@example.com", name="Ada Lovelace")
    edition = make_edition(make_brief(publication, headline="The Port’s New Cranes"))
    send(edition)
    (received,) = smtp_server.messages
    message = received.message
    for once in ["From", "Date", "Message-ID", "Subject", "To", "MIME-Version", "Content-Type"]:
        assert len(message.get_all(once)) == 1, once
    assert message["Subject"] == "Harbour Brief: The Port’s New Cranes"
    assert message["To"] == "Ada Lovelace <ada@example.com>"
    assert message["Message-ID"].endswith("@harbour.example>")
    head = received.raw.partition(b"\r\n\r\n")[0]
    url = re.search(rb"(?m)^List-Unsubscribe: <(https?://[^>\r\n]+)>\r$", head)
    assert url, "the raw header is one plain URI"
    assert len(url[1]) <= 60
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
    assert message["List-ID"] == f"<{publication.slug}.127.0.0.1>"
    assert message["List-Archive"].endswith(f"/{publication.slug}/>")
    assert message["List-Help"]
    assert abs(email.utils.parsedate_to_datetime(message["Date"]) - timezone.now()) < dt.timedelta(
        minutes=1
    )
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_the_mail_of_a_publication_that_is_not_public_links_to_no_closed_page(smtp_server, client):
    publication = make_publication(is_public=False)
    make_readers(publication, 1)
    send(make_edition(make_brief(publication)))
    (received,) = smtp_server.messages
    html = received.message.get_body(("html",)).get_content()
    text = received.message.get_body(("plain",)).get_content()
    links = set(re.findall(r"http://127\.0\.0\.1:8000(/[^\s\"<>]+)", html + text))
    links.add(received.message["List-Help"].strip("<>").removeprefix("http://127.0.0.1:8000"))
    assert "List-Archive" not in received.message
    for link in links:
        assert client.get(link).status_code in (200, 302), link


def test_the_wire_is_clean(publication, smtp_server):
    make_subscription(publication)
    body = "\n\n".join([".a line that begins with a dot", "x" * 3000, "naïve — “quoted”", "a\rb"])
    send(make_edition(make_brief(publication, body=body)))
    (received,) = smtp_server.messages
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", received.raw)
    assert max(map(len, received.raw.split(b"\r\n"))) <= 998
    assert received.raw.decode("ascii")
    assert "begins with a dot" in received.message.get_body(("plain",)).get_content()


def test_each_copy_bears_its_own_links(publication, smtp_server, client):
    make_readers(publication, 2)
    send(make_edition(make_brief(publication)))
    seen = set()
    for received in smtp_server.messages:
        html = received.message.get_body(("html",)).get_content()
        text = received.message.get_body(("plain",)).get_content()
        assert not re.search(r"ib[0-9a-f]{12}x\d{3}", html + text), "an unfilled slot"
        header = received.message["List-Unsubscribe"].strip("<>")
        assert header in html
        assert header in text
        seen.add(header)
        view = re.search(r"/v/[\w-]+", html).group()
        assert client.get(view).status_code == 200
    assert len(seen) == 2


def test_links_lead_through_the_stored_rows(publication, smtp_server, client):
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    send(edition)
    pages = [m.message.get_body(("html",)).get_content() for m in smtp_server.messages]
    clicks = {url for page in pages for url in re.findall(r"/c/[\w-]+", unmarked(page))}
    assert len(clicks) == 1, "totals only: no reader can be told from another"
    response = client.get(clicks.pop())
    assert response.status_code == 302
    assert response["Location"] == "https://port.example/cranes"
    assert response["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("tracking", "different"), [("off", 0), ("per-reader", 2)])
def test_tracking_is_what_the_publication_says(smtp_server, tracking, different, client):
    publication = make_publication(tracking=tracking)
    make_readers(publication, 2)
    send(make_edition(make_brief(publication)))
    pages = [m.message.get_body(("html",)).get_content() for m in smtp_server.messages]
    clicks = {url for page in pages for url in re.findall(r"/c/[\w-]+", unmarked(page))}
    assert len(clicks) == different
    assert all(("https://port.example/cranes" in page) is (not different) for page in pages)
    for url in clicks:
        assert client.get(url)["Location"] == "https://port.example/cranes"


@pytest.mark.parametrize("path", ["/c/", "/v/"])
@pytest.mark.parametrize("token", ["x", "//evil.example", "javascript:alert(1)", "A" * 40])
def test_a_forged_link_leads_nowhere(client, path, token):
    assert client.get(path + token).status_code == 404


def test_looking_at_a_mailed_link_changes_nothing(publication, smtp_server, client):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    send(edition)
    html = smtp_server.messages[0].message.get_body(("html",)).get_content()
    before = list(Delivery.objects.values()), list(Edition.objects.values())
    for path in re.findall(r"/[vcu]/[\w-]+", html):
        client.get(path)
        client.head(path)
    assert before == (list(Delivery.objects.values()), list(Edition.objects.values()))


def test_an_address_beyond_ascii_needs_smtputf8(publication, smtp_server):
    make_subscription(publication, "josé@example.com")
    smtp_server.smtputf8 = False
    edition = make_edition(make_brief(publication))
    send(edition)
    row = edition.deliveries.get()
    assert (row.status, row.reason) == ("failed", "no-smtputf8")


def test_an_address_beyond_ascii_is_mailed_where_the_server_can(publication, smtp_server):
    make_subscription(publication, "josé@example.com")
    edition = make_edition(make_brief(publication))
    send(edition)
    (received,) = smtp_server.messages
    assert received.to == ("josé@example.com",)
    assert "SMTPUTF8" in received.options


def test_a_zombie_changes_nothing_of_its_successors(publication, smtp_server):
    """A worker stopped past its lease, replaced, then continued, sent 129 of 6,000 twice."""
    make_readers(publication, 4)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    zombie = owners.Owner()
    lease = leases.claim("main", zombie)
    in_hand = slices.take_slice(lease, 2)
    Batch.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert takeover.free_lost() == 1
    report = send(edition)
    assert report["statuses"] == {**report["statuses"], "sent": 2, "in-doubt": 2}
    assert slices.take_slice(lease, 2) is None
    leases.close_or_give_back(lease)
    edition.refresh_from_db()
    assert edition.status == "finished"
    # What it learns of those in its hands settles them, and nothing else.
    mail = letters.load(edition.pk)
    sending._send_slice(lease, [letters.Letter(mail, *turn) for turn in in_hand], _Says("sent"))
    assert reports.summary(edition)["statuses"]["sent"] == 4
    zombie.close()


class _Says:
    """A provider that answers one thing."""

    def __init__(self, fate):
        self.fate = fate

    def deliver(self, slice_):
        for letter in slice_:
            yield sending.Outcome(letter.delivery, letter.attempt, sending.Fate(self.fate))

    def close(self):
        pass


class _Breaks(_Says):
    """A provider with a fault of ours in it: judges one, begins the next, and breaks."""

    def __init__(self, journal):
        super().__init__("sent")
        self.journal = journal

    def deliver(self, slice_):
        first, second, *_rest = slice_
        self.journal.record([], [first, second])
        yield from super().deliver([first])
        raise KeyError("fault")


def test_a_fault_in_a_provider_puts_in_doubt_what_was_begun_and_no_more(publication):
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    owner = owners.Owner()
    lease = leases.claim("main", owner)
    mail = letters.load(edition.pk)
    owner.journal.begin(lease.batch_id, lease.epoch, 3)
    slice_ = [letters.Letter(mail, *turn) for turn in slices.take_slice(lease, 3)]
    with pytest.raises(KeyError):
        sending._send_slice(lease, slice_, _Breaks(owner.journal))
    statuses = {k: v for k, v in reports.summary(edition)["statuses"].items() if v}
    assert statuses == {"sent": 1, "in-doubt": 1, "pending": 1}
    owner.close()


def test_an_outcome_never_undoes_what_a_webhook_said(publication):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    row = edition.deliveries.get()
    Delivery.objects.update(status="delivered", attempt=1)
    sending._settle([sending.Outcome(row.pk, 1, sending.Fate.IN_DOUBT)])
    row.refresh_from_db()
    assert row.status == "delivered"


def test_an_outcome_of_an_older_attempt_is_not_taken_for_the_newer(publication):
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    row = edition.deliveries.get()
    Delivery.objects.update(status="sending", attempt=2)
    sending._settle([sending.Outcome(row.pk, 1, sending.Fate.NOT_ACCEPTED)])
    row.refresh_from_db()
    assert row.status == "sending"


def test_a_dead_owner_is_known_by_its_lock(publication):
    owner = owners.Owner()
    assert owners.testament(owner.id) is None
    owner._end()  # what the kernel does to a killed process
    assert owners.testament(owner.id) is not None


def test_an_owner_of_another_kernel_is_not_known_to_be_dead(publication, monkeypatch):
    owner = owners.Owner()
    monkeypatch.setattr("deliveries.owners._kernel", lambda: "elsewhere 1")
    assert owners.testament(owner.id) is None
    owner.close()


@pytest.mark.django_db(transaction=True)
def test_between_two_batches_a_worker_keeps_its_seat(smtp_server, monkeypatch):
    make_readers(publication := make_publication(), 1200)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert edition.batches.count() == 3
    seats = []

    def count():
        seats.append(Batch.objects.filter(owner__isnull=False).count())
        connection.close()

    def close_and_look(lease):
        lives_on = close(lease)
        other = threading.Thread(target=count)
        other.start()
        other.join()
        return lives_on

    close = leases.close_or_give_back
    monkeypatch.setattr(leases, "close_or_give_back", close_and_look)
    assert sending.drain("main") is False
    assert seats == [1, 1, 1], "others see the old batch as taken until the next one is"
    assert reports.summary(edition)["statuses"]["sent"] == 1200


@pytest.mark.django_db
def test_a_lane_waits_once_however_many_batches_do():
    make_readers(publication := make_publication(), 1200)
    make_edition(make_brief(publication))
    planning.start_due()
    assert recovery.waiting_lanes() == ["main"]
