"""The door of opens and clicks: what is answered, and what is taken down."""

import pytest
from django.conf import settings as django_settings

from deliveries.models import Delivery, Link
from deliveries.tracking import door, targets
from deliveries.tracking.hits import CANARY, HEAD, PIXEL, Hit, unpack
from deliveries.tracking.stream import Intake
from subscribers import tokens
from tests.deliveries.hitting import AGENT, ask, make_mailed, set_policy, taken
from tests.make import make_subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cold():
    """Let nothing of one test lie in the memory of the next."""
    door.memory.forget()


@pytest.fixture
def edition():
    return make_mailed()


def pixel(edition, delivery=0):
    return f"/o/{tokens.pixel.make(edition.pk, delivery)}"


def click(edition, position=0, delivery=0):
    return f"/c/{tokens.click.make(edition.pk, position, delivery)}"


def test_the_pixel_is_43_octets_that_nobody_keeps(edition):
    status, headers, body = ask(pixel(edition))
    assert (status, headers["Content-Type"], len(body)) == ("200 OK", "image/gif", 43)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers
    assert [(hit.position, hit.edition, hit.delivery) for hit in taken()] == [
        (PIXEL, edition.pk, 0)
    ]


def test_head_gets_no_body_and_is_taken_down_as_such(edition):
    _status, headers, body = ask(pixel(edition), "HEAD")
    assert (headers["Content-Length"], body) == ("43", b"")
    assert ask(click(edition), "HEAD")[0] == "302 Found"
    assert {hit.method for hit in taken()} == {HEAD}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "TRACE", "", "get"])
def test_other_methods_are_left_to_django(edition, method):
    assert ask(click(edition), method) is None


def test_django_answers_them_with_405(edition, client):
    assert client.post(click(edition)).status_code == 405
    assert client.post(pixel(edition)).status_code == 405
    assert taken() == []


def test_a_link_leads_to_what_is_stored_and_soon_to_what_is_corrected(edition, monkeypatch):
    status, headers, body = ask(click(edition))
    assert (status, headers["Location"], body) == ("302 Found", "https://port.example/cranes", b"")
    Link.objects.filter(edition=edition).update(corrected_url="https://right.example/ü\r\nX: y")
    assert ask(click(edition))[1]["Location"] == "https://port.example/cranes"
    monkeypatch.setattr(targets, "FRESH_SECONDS", 0)
    monkeypatch.setattr(targets, "STALE_SECONDS", 0)
    assert ask(click(edition))[1]["Location"] == "https://right.example/%C3%BC%0D%0AX:%20y"


def test_what_is_in_use_is_looked_up_behind_the_answer(edition, monkeypatch):
    seen = []
    memory = targets.Memory(lambda pk: seen.append(pk) or targets.Targets(targets.Policy.OFF, {}))
    monkeypatch.setattr(targets, "FRESH_SECONDS", 0)
    first = memory.find(edition.pk)
    assert memory.find(edition.pk) is first
    memory._reader.shutdown()
    assert seen == [edition.pk] * 2
    assert memory._known[edition.pk] is not first


def test_a_door_that_is_warm_asks_no_database(edition, django_assert_num_queries):
    ask(click(edition))
    with django_assert_num_queries(0):
        ask(click(edition))
        ask(pixel(edition))
    assert len(taken()) == 3


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", ["/c/", "/o/"])
@pytest.mark.parametrize(
    "token",
    ["", "x", "A" * 40, "A" * 9_000, "//evil.example", "..", "javascript:alert(1)", "\xff" * 20],
)
def test_a_forged_token_is_left_to_the_404_page(client, path, token):
    assert ask(path + token) is None
    assert taken() == []


def test_tokens_of_other_purposes_keys_and_places_lead_nowhere(edition, client, settings):
    foreign = [
        f"/c/{tokens.view.make(edition.pk, 0)}",
        f"/o/{tokens.view.make(edition.pk, 0)}",
        f"/o/{tokens.click.make(edition.pk, 0, 0)}",
        click(edition, 7),
        f"/c/{tokens.click.make(edition.pk + 1, 0, 0)}",
    ]
    settings.TOKEN_KEYS = ["k" * 40]
    foreign.append(click(edition))
    settings.TOKEN_KEYS = django_settings.TOKEN_KEYS[:0] or ["other" * 10]
    assert [ask(path) for path in foreign] == [None] * 6
    assert {client.get(path).status_code for path in foreign} == {404}
    assert taken() == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_USER_AGENT": "A" * 100_000},
        {"HTTP_USER_AGENT": "\xfc\x00,;G\r\n\xff" * 30, "HTTP_REFERER": "\x00"},
        {"REMOTE_ADDR": "not-an-address", "HTTP_X_FORWARDED_FOR": ",,;\x00"},
        {"QUERY_STRING": "next=https://evil.example", "HTTP_HOST": "evil.example\r\nX: y"},
        {"HTTP_USER_AGENT": "", "REMOTE_ADDR": ""},
    ],
    ids=["long", "octets", "address", "host", "nothing"],
)
def test_hostile_headers_change_nothing(edition, environ):
    status, headers, _body = ask(click(edition), **environ)
    assert (status, headers["Location"]) == ("302 Found", "https://port.example/cranes")
    (hit,) = taken()
    assert unpack(hit.packed()) == hit
    assert len(hit.packed()) < 120


@pytest.mark.parametrize(
    ("mailed", "today", "kept"),
    [
        ("off", "per-reader", None),
        ("totals", "off", None),
        ("totals", "per-reader", 0),
        ("per-reader", "totals", 0),
        ("per-reader", "off", None),
        ("per-reader", "per-reader", 1),
    ],
)
def test_the_stricter_of_two_policies_counts_and_links_work_under_all(mailed, today, kept):
    edition = make_mailed(mailed)
    set_policy(edition, today)
    delivery = Delivery.objects.create(edition=edition, subscriber=make_subscriber())
    if not Link.objects.filter(edition=edition).exists():
        Link.objects.create(edition=edition, position=0, url="https://port.example/cranes")
    assert ask(click(edition, 0, delivery.pk))[0] == "302 Found"
    assert ask(pixel(edition, delivery.pk))[0] == "200 OK"
    assert ask(f"/c/{tokens.pixel.make(edition.pk, delivery.pk)}")[0] == "200 OK"
    expected = [] if kept is None else [kept and delivery.pk] * 3
    assert [hit.delivery for hit in taken()] == expected
    assert {hit.position for hit in taken()} in (set(), {0, PIXEL, CANARY})


def test_a_visitor_is_a_digest_that_tells_them_apart(edition):
    for environ in ({}, {}, {"REMOTE_ADDR": "203.0.113.8"}, {"HTTP_USER_AGENT": "other"}):
        ask(pixel(edition), **environ)
    visitors = [hit.visitor for hit in taken()]
    assert visitors[0] == visitors[1]
    assert len(set(visitors)) == 3
    assert not any("203" in who or AGENT in who for who in visitors)


def test_http_is_sent_to_https_and_https_stays_there(edition, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    assert ask(pixel(edition)) is None
    headers = ask(pixel(edition), **{"wsgi.url_scheme": "https"})[1]
    assert headers["Strict-Transport-Security"] == "max-age=60"


def test_the_pixel_of_an_edition_that_is_gone_is_no_broken_image(edition):
    path = f"/o/{tokens.pixel.make(edition.pk + 1, 0)}"
    assert ask(path)[0] == "200 OK"
    assert taken() == []


@pytest.mark.sqlite_only
def test_without_redis_links_lead_on_and_hits_wait_for_it(edition, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(door, "intake", Intake())
    monkeypatch.setattr(Intake, "_flush_until_done", lambda self: None)
    right = settings.CACHES
    settings.CACHES = {"default": {**right["default"], "LOCATION": f"unix://{tmp_path}/no.sock"}}
    for _ in range(3):
        assert ask(click(edition))[0] == "302 Found"
    settings.CACHES = right
    assert taken() == []
    assert door.intake.flush() == 0
    assert [hit.position for hit in taken()] == [0] * 3


@pytest.mark.sqlite_only
def test_what_redis_may_have_is_not_sent_again(monkeypatch):
    class Silent:
        def send_packed_command(self, command, check_health):
            pass

        def read_response(self):
            raise TimeoutError

        def disconnect(self):
            pass

    intake = Intake()
    monkeypatch.setattr(Intake, "_flush_until_done", lambda self: None)
    monkeypatch.setattr(Intake, "_connected", lambda self: Silent())
    intake.put(Hit(1, 2, 3, 0, "a"))
    intake.put(Hit(1, 2, 3, 0, "b"))
    assert [unpack(hit).visitor for hit in intake._waiting] == ["b"], "it came while Redis rests"
