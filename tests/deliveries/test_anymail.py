"""An ESP through Anymail: Postmark's interface, faked on loopback."""

import pytest

from deliveries import planning, recovery, reports, sending
from tests.esp import FakeEsp, serving
from tests.make import (
    let_rest_pass,
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db

TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"}

# https://postmarkapp.com/developer/api/overview#error-codes
INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive.\n"
    "Found inactive addresses: ada@example.com.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
)


@pytest.fixture
def postmark(settings):
    esp = FakeEsp((200, {**TAKEN, "To": "reader@example.com"}))
    with serving(esp):
        settings.PROVIDERS = {"main": {"provider": "postmark"}}
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": "token",
            "POSTMARK_API_URL": esp.url,
            "REQUESTS_TIMEOUT": (2, 2),
        }
        yield esp


@pytest.fixture
def edition():
    publication = make_publication(reply_to="desk@harbour.example")
    make_subscription(publication, "ada@example.com", name="Ada Lovelace")
    return make_edition(make_brief(publication))


def send(edition):
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    return reports.summary(edition)


def test_postmark_sees_the_list_headers_and_the_metadata(postmark, edition):
    report = send(edition)
    assert report["statuses"]["sent"] == 1
    assert edition.status == "finished"
    (request,) = postmark.requests
    assert request["path"] == "/email"
    assert request["headers"]["X-Postmark-Server-Token"] == "token"
    mail = request["json"]
    row = edition.deliveries.get()
    assert mail["Metadata"] == {"delivery": str(row.pk), "attempt": "1"}
    assert mail["To"] == "Ada Lovelace <ada@example.com>"
    assert mail["From"] == "Harbour Watch <brief@harbour.example>"
    assert mail["ReplyTo"] == "desk@harbour.example"
    assert mail["Subject"] == "Harbour Brief: The Port’s New Cranes"
    headers = {header["Name"]: header["Value"] for header in mail["Headers"]}
    assert headers["List-Unsubscribe"].startswith("<http")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-ID"]
    assert headers["List-Archive"]
    assert headers["List-Help"]
    assert headers["Message-ID"].endswith("@harbour.example>")
    assert headers["List-Unsubscribe"].strip("<>") in mail["HtmlBody"]
    assert "The Port’s New Cranes" in mail["TextBody"]


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (
            (422, {"ErrorCode": 406, "Message": INACTIVE}),
            "failed",
            "refused",
        ),
        ((500, {"Message": "oops"}), "in-doubt", "unclear-answer"),
        ((502, b"<html>bad gateway</html>"), "in-doubt", "unclear-answer"),
        ((504, b""), "in-doubt", "unclear-answer"),
        ((200, b"{broken json"), "in-doubt", "unclear-answer"),
        (None, "in-doubt", "no-reply"),
    ],
)
def test_an_answer_means_what_the_table_says(postmark, edition, answer, status, reason):
    postmark.answers = [answer]
    send(edition)
    row = edition.deliveries.get()
    assert (row.status, row.reason) == (status, reason)
    assert row.reply
    assert edition.status == "finished"


@pytest.mark.parametrize("code", [401, 408, 429, 503])
def test_trouble_of_the_lane_fails_no_reader(postmark, edition, code):
    postmark.answers = [(code, {"ErrorCode": 10, "Message": "No"})]
    send(edition)
    assert edition.deliveries.get().status == "pending"
    assert str(code) in edition.word
    let_rest_pass()
    assert send(edition)["statuses"]["sent"] == 1


def test_a_refused_connection_was_certainly_not_taken(postmark, edition, settings):
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:9/"}
    send(edition)
    assert edition.deliveries.get().status == "pending"
    assert "cannot be reached" in edition.word


def test_a_provider_without_its_token_is_trouble_with_a_hint(edition, settings):
    settings.PROVIDERS = {"main": {"provider": "postmark"}}
    settings.ANYMAIL = {}
    planning.start_due()
    sending.drain("main")
    assert edition.deliveries.get().status == "pending"


def test_one_refused_of_many_fails_alone(postmark):
    publication = make_publication()
    readers = make_readers(publication, 5)

    def judge(request):
        bad = {"ErrorCode": 300, "Message": "Invalid 'To' address: 'x@example'."}
        return 200, [bad if readers[2] in mail["To"] else TAKEN for mail in request["json"]]

    postmark.usual = judge
    report = send(make_edition(make_brief(publication)))
    assert (report["statuses"]["sent"], report["statuses"]["failed"]) == (4, 1)
