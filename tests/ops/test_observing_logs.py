"""The log as JSON: what a line is about, and that no line at INFO names anybody."""

import io
import json
import logging
import re
import time

import pytest
import structlog
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from structlog.contextvars import bound_contextvars, clear_contextvars, get_contextvars

from deliveries import events, incoming, planning, recovery, returnpaths, sending
from deliveries.models import Batch, Delivery
from intelbrief.logs import JsonFormatter, MaskingFormatter
from intelbrief.middleware import ObservingMiddleware, _forget_number
from subscribers import intake, notices, tokens
from subscribers.forms import SubscribeForm
from subscribers.models import Subscription
from tests.deliveries.returned import shapes
from tests.esp import webhooks
from tests.make import let_rest_pass, make_brief, make_edition, make_publication, make_readers

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


@pytest.fixture
def written():
    """Return what a handler with LOG_FORMAT=json writes at INFO and above, whoever logs it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(lambda record: record.name != "mail.log")  # the tests' own mail server
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    clear_contextvars()
    yield stream
    clear_contextvars()
    root.removeHandler(handler)
    root.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def sign_up(publication, address, visitor=None):
    """Do what a visitor does, and a worker after them; return the subscription."""
    now = time.time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now - 60)
        stamp = SubscribeForm(publication).fresh_stamp()
    form = {"address": address, "name": "Ada", "website": "", "stamp": stamp}
    visitor = visitor or Client()
    assert visitor.post(f"/s/{publication.slug}/", form).status_code == 303
    intake.note_waiting()
    link = Subscription.objects.get(subscriber__address=address)
    notices.sweep()
    token = tokens.confirm.make(link.pk)
    visitor.post(f"/s/confirm/{token}", {})
    return link


@pytest.mark.django_db
@pytest.mark.sqlite_only
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")
def test_a_day_from_sign_up_to_bounce_names_no_reader(written, smtp_server, settings):
    settings.ANYMAIL = webhooks.SETTINGS
    settings.BOUNCE_DOMAIN = "bounces.harbour.example"
    publication = make_publication()
    readers = make_readers(publication, 6)
    sign_up(publication, "ada.lovelace@example.com")
    # On the way out: one is refused, one put off, and the lane refuses altogether at first.
    smtp_server.refuse(readers[0], f"550 5.1.1 <{readers[0]}>: no such user")
    smtp_server.refuse(readers[1], f"451 4.2.0 <{readers[1]}>: come back later")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    settings.PROVIDERS = {"main": {"provider": "smtp", "url": "smtp://127.0.0.1:1"}}
    sending.drain("main")
    settings.PROVIDERS = {
        "main": {"provider": "smtp", "url": f"smtp://127.0.0.1:{smtp_server.port}"}
    }
    let_rest_pass()
    sending.drain("main")
    recovery.sweep()
    # What comes back: by webhook, by mail, forged, and for nobody.
    sent = Delivery.objects.filter(edition=edition, status="sent").select_related("subscriber")
    first, second = sent.order_by("pk")[:2]
    for delivery in (first.pk, 9_999_999):
        address = first.subscriber.address
        letter = webhooks.Letter(delivery, address, timezone.now(), first.attempt)
        told = webhooks.postmark("hard", letter)
        post = {"headers": told.signed(), "content_type": told.content_type}
        assert Client().generic("POST", told.path, told.body, **post).status_code == 200
    forged = {"content_type": "application/json", "HTTP_AUTHORIZATION": "Basic Zm9yZ2Vk"}
    assert Client().post("/webhooks/postmark/", b"{}", **forged).status_code >= 400
    report = shapes.dsn("failed", "5.1.1", f"550 <{second.subscriber.address}> unknown")
    path = returnpaths.return_path(second.pk, settings.BOUNCE_DOMAIN)
    report = report.replace(shapes.US.encode(), path.encode())
    assert incoming.keep(incoming.sort(report), timezone.now()) == second.pk
    events.apply_due()
    token = tokens.unsubscribe.make(*Subscription.objects.values_list("pk", "publication")[0])
    Client().post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    Client().get("/u/ada.lovelace@example.com")

    assert sorted(Delivery.objects.values_list("status", flat=True)) == sorted(
        ["bounced", "bounced", "failed", "pending", *["sent"] * 3]
    )
    found = lines(written)
    text = json.dumps(found, ensure_ascii=False)
    assert not ADDRESS.search(text)
    # Nobody said one in the first place, but for the visitor whose address was one.
    assert [one["event"] for one in found if "•••@" in json.dumps(one, ensure_ascii=False)] == [
        "Not Found: •••@•••"
    ]
    assert token not in text
    sends = [
        one for one in found if one["logger"].startswith(("deliveries.sending", "deliveries.lanes"))
    ]
    batch = Batch.objects.order_by("pk")[0]
    assert sends
    assert all((one["edition"], one["batch"]) == (edition.pk, batch.pk) for one in sends)
    starts = [one for one in found if one["event"].endswith("starts.")]
    assert [one["edition"] for one in starts] == [edition.pk]
    web = [one for one in found if one["logger"] == "django.request"]
    assert web
    assert all(re.fullmatch("[0-9a-f]{16}", one["request"]) for one in web)


@pytest.mark.sqlite_only
def test_a_line_says_what_it_is_about_in_both_forms(written):
    record = logging.makeLogRecord(
        {"name": "a", "levelname": "INFO", "msg": "Off %s", "args": (3,)}
    )
    with bound_contextvars(edition=7, batch=8):
        assert MaskingFormatter("%(levelname)s %(name)s %(message)s").format(record) == (
            "INFO a Off 3 [batch=8 edition=7]"
        )
        logging.getLogger("a").info("Off %s", 3)
        structlog.get_logger("b").warning("On", lane="main")
    first, second = lines(written)
    assert first.pop("timestamp").endswith("Z")
    assert first == {"event": "Off 3", "level": "info", "logger": "a", "edition": 7, "batch": 8}
    assert (second["event"], second["lane"], second["edition"]) == ("On", "main", 7)


@pytest.mark.sqlite_only
def test_whatever_is_handed_to_the_log_is_masked_before_it_is_written(written, settings):
    try:
        int("550 ada@example.com at redis://:hunter2hunter2@redis.internal/0")
    except ValueError:
        logging.getLogger("a").exception("No: %s", {"ada@example.com": settings.SECRET_KEY})
    structlog.get_logger().error("No", reader=["ada@example.com"], who={"key": b"ada@example.com"})
    text = written.getvalue()
    assert len(lines(written)) == 2
    for told in ("ada@", "hunter2", settings.SECRET_KEY):
        assert told not in text
    assert "redis.internal" in text
    assert "Traceback" in lines(written)[0]["exception"]


@pytest.mark.sqlite_only
def test_a_line_is_one_line_whatever_is_in_it(written):
    said = "first\nsecond\u2028third\r\nINFO forged"
    logging.getLogger("a").warning("%s", said)
    (line,) = lines(written)
    assert (line["level"], line["event"]) == ("warning", said)
    record = logging.makeLogRecord({"msg": said})
    assert MaskingFormatter("%(message)s").format(record).count("\n") == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("abc-DEF_12345678", True),
        ("short", False),
        ("a" * 65, False),
        ("x\r\nSet-Cookie: a=b", False),
    ],
    ids=["kept", "short", "long", "header"],
)
def test_the_number_that_a_proxy_gave_is_kept_if_it_is_one(rf, given, is_kept):
    seen = []

    def page(_request):
        seen.append(get_contextvars()["request"])
        return HttpResponse()

    ObservingMiddleware(page)(rf.get("/", headers={"X-Request-ID": given}))
    _forget_number()
    assert (seen == [given]) is is_kept
    assert is_kept or re.fullmatch("[0-9a-f]{16}", seen[0])
    assert "request" not in get_contextvars()
