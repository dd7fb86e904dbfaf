"""Delivering webhooks: tried again with patience, never twice at once, never inside a house."""

import datetime as dt
import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from api import tasks
from api.hooks import backing_off, collecting, delivering, endpoints, signing
from api.hooks.kinds import KINDS
from api.models import HookAttempt, HookEndpoint, HookMessage
from briefs import audit
from deliveries import outside
from subscribers.models import Notice
from tests.api.hooking import (
    answer,
    endless,
    hang,
    listening,
    make_endpoint,
    reset,
    tell,
)
from tests.make import make_member, make_publication

pytestmark = pytest.mark.django_db


@pytest.fixture
def listener(monkeypatch):
    monkeypatch.setattr(delivering, "ANSWER_SECONDS", 0.4)
    monkeypatch.setattr(outside, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(delivering, "WAKE_SECONDS", 0.02)
    with listening() as found:
        yield found


def let_time_pass():
    """Make all that waits or rests due, as hours do."""
    HookMessage.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
    HookEndpoint.objects.update(rests_until=None)


def try_once(endpoint):
    """Ping *endpoint*, try it once, and return the message."""
    endpoints.ping(endpoint)
    delivering.deliver(0.05)
    return HookMessage.objects.latest("pk")


# --- what goes wrong at the other end -----------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        (hang, None, "no answer in time"),
        (reset, None, "does not answer"),
        (answer(500, b"Oh no"), 500, "answered 500"),
        (answer(404), 404, "answered 404"),
        (answer(302, Location="http://127.0.0.1:6379/"), 302, "redirects"),
        (answer(307, Location="http://169.254.169.254/"), 307, "redirects"),
    ],
    ids=["hangs", "resets", "500", "404", "redirects-to-loopback", "redirects-to-metadata"],
)
def test_a_failed_try_is_written_down_and_comes_again(listener, answers, status, words):
    endpoint = make_endpoint(url=listener.url)
    listener.answers = answers
    message = try_once(endpoint)
    attempt = message.attempts.get()
    assert (message.status, message.tries) == ("pending", 1)
    assert message.due_at > timezone.now()
    assert attempt.status == status
    assert words in attempt.error
    assert len(listener.got) == 1
    endpoint.refresh_from_db()
    assert endpoint.failing_since
    assert bool(endpoint.rests_until) == (status in (None, 500))
    listener.answers = answer(200)
    let_time_pass()
    assert delivering.deliver(0.05) == 1
    first, second = (names["webhook-id"] for names, _body in listener.got)
    assert first == second
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.failures, endpoint.rests_until) == (None, 0, None)


@pytest.mark.sqlite_only
def test_an_answer_without_end_counts_as_one_and_its_beginning_is_kept(listener):
    listener.answers = endless
    message = try_once(make_endpoint(url=listener.url))
    assert message.status == "delivered"
    kept = message.attempts.get().answer
    assert kept.startswith("more more")
    assert len(kept) <= delivering.LONGEST_ANSWER


def test_what_an_answer_says_is_kept_in_plain_letters(listener):
    listener.answers = answer(500, b"a\0b\x1b[31m\xff<script>")
    attempt = try_once(make_endpoint(url=listener.url)).attempts.get()
    assert attempt.answer == "a b [31m\N{REPLACEMENT CHARACTER}<script>"


def test_the_server_says_for_how_long_it_wants_peace(listener):
    listener.answers = answer(429, Retry_After="1800")
    message = try_once(make_endpoint(url=listener.url))
    assert message.due_at > timezone.now() + dt.timedelta(minutes=29)
    assert [backing_off.asked(text) for text in ("", "-5", "soon", "9" * 30, "999999")] == [
        *(0, 0, 0, 0, 3600),
    ]


@pytest.mark.sqlite_only
def test_it_is_tried_for_three_days_with_longer_and_longer_pauses():
    pauses = [backing_off.pause(tries) for tries in range(1, 11)]
    assert pauses[-1] is None
    assert sum(pauses[:-1], dt.timedelta()) > dt.timedelta(days=3)
    assert pauses[:-1] == sorted(pauses[:-1])
    assert pauses[0] < dt.timedelta(seconds=7)


def test_after_the_last_try_it_is_given_up_and_can_be_replayed(listener):
    endpoint = make_endpoint(url=listener.url)
    listener.answers = answer(400)
    message = endpoints.ping(endpoint)
    HookMessage.objects.update(tries=len(backing_off.PAUSES))
    delivering.deliver(0.05)
    message.refresh_from_db()
    assert message.status == "failed"
    let_time_pass()
    assert delivering.deliver(0.05) == 0
    listener.answers = answer(200)
    hour = dt.timedelta(hours=1)
    assert endpoints.replay_failed(endpoint, timezone.now() + hour) == 0
    assert endpoints.replay_failed(endpoint, timezone.now() - hour) == 1
    assert endpoints.replay_failed(endpoint, timezone.now() - hour) == 0
    assert delivering.deliver(0.05) == 1
    message.refresh_from_db()
    assert (message.status, message.attempts.count()) == ("delivered", 2)
    assert endpoints.replay(message)
    assert not endpoints.replay(message)  # it waits already


def test_gone_disables_at_once_and_its_owner_is_told(listener):
    publication = make_publication()
    owner = make_member(publication, "owner")
    make_member(publication, "publisher")
    endpoint = make_endpoint(publication, listener.url)
    listener.answers = answer(410)
    try_once(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.word) == ("disabled", "It answered 410 Gone.")
    told = Notice.objects.get()
    assert told.user == owner
    assert "410" in told.text
    let_time_pass()
    delivering.deliver(0.05)
    assert len(listener.got) == 1
    assert audit.AuditEntry.objects.filter(verb="webhook-stopped").count() == 1
    listener.answers = answer(200)
    assert endpoints.enable(endpoint)
    assert delivering.deliver(0.05) == 1


def test_who_fails_for_days_is_disabled_once_and_one_who_failed_for_hours_is_not(listener):
    endpoint = make_endpoint(url=listener.url)
    listener.answers = answer(500)
    make_member(endpoint.publication, "owner")
    HookEndpoint.objects.update(failing_since=timezone.now() - dt.timedelta(hours=71))
    try_once(endpoint)
    endpoint.refresh_from_db()
    assert endpoint.status == "active"
    HookEndpoint.objects.update(failing_since=timezone.now() - dt.timedelta(hours=73))
    let_time_pass()
    delivering.deliver(0.05)
    endpoint.refresh_from_db()
    assert endpoint.status == "disabled"
    assert "500" in endpoint.word
    assert not endpoints.disable(endpoint, "Again")
    assert Notice.objects.count() == 1


# --- several at once ----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_that_hangs_holds_up_no_other(listener):
    slow = make_endpoint(url=listener.url.replace("/hook", "/slow"))
    listener.answers = lambda handler, said: (
        hang(handler, said) if handler.path == "/slow" else answer(200)(handler, said)
    )
    quick = make_endpoint(url=listener.url)
    for endpoint in (slow, slow, quick, quick, quick):
        endpoints.ping(endpoint)
    assert delivering.deliver(0.4) == 3
    assert quick.messages.filter(status="delivered").count() == 3
    assert HookAttempt.objects.filter(message__endpoint=slow).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_have_one_message_in_hand(listener):
    endpoint = make_endpoint(url=listener.url)
    for _turn in range(6):
        endpoints.ping(endpoint)

    def work():
        delivering.deliver(0.3)
        connection.close()

    workers = [threading.Thread(target=work) for _number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ids = [names["webhook-id"] for names, _body in listener.got]
    assert len(ids) == len(set(ids)) == 6


def test_a_worker_that_dies_with_a_message_costs_a_delay(listener):
    endpoint = make_endpoint(url=listener.url)
    message = endpoints.ping(endpoint)
    seen = HookMessage.objects.get()
    assert delivering.take(message)
    assert not delivering.take(seen)  # and nobody else has it meanwhile
    assert delivering.deliver(0.05) == 0
    let_time_pass()  # it never came back
    assert delivering.deliver(0.05) == 1


def test_who_was_too_slow_takes_nothing_back(listener):
    endpoint = make_endpoint(url=listener.url)
    late = endpoints.ping(endpoint)
    assert delivering.take(late)
    late.endpoint = endpoint
    one = delivering._ready(late)
    let_time_pass()
    assert delivering.deliver(0.05) == 1
    delivering.settle(one, delivering.Outcome(error="no answer in time"))
    late.refresh_from_db()
    assert late.status == "delivered"


def test_an_endpoint_that_is_gone_meanwhile_ends_no_task(listener):
    endpoint = make_endpoint(url=listener.url)
    message = endpoints.ping(endpoint)
    assert delivering.take(message)
    message.endpoint = endpoint
    one = delivering._ready(message)
    HookEndpoint.objects.all().delete()
    assert not delivering.settle(one, delivering.Outcome(status=200))


def test_messages_of_one_endpoint_arrive_in_their_order(listener):
    endpoint = make_endpoint(url=listener.url)
    for verb in ("started", "paused", "resumed", "finished"):
        audit.record(verb, publication=endpoint.publication)
    tell()
    told = [body.split(b'"')[3].decode() for _names, body in listener.got]
    assert told == [f"edition.{word}" for word in ("started", "paused", "resumed", "finished")]


def test_the_tasks_do_all_of_it_and_a_repeat_does_nothing(listener, monkeypatch):
    endpoint = make_endpoint(url=listener.url)
    audit.record("started", publication=endpoint.publication)
    rung = []
    monkeypatch.setattr(tasks, "ring_now", lambda task, *_given: rung.append(task))
    tasks.tend_hooks()
    tasks.tend_hooks()  # somebody has just done so
    assert rung == [tasks.deliver_hooks]
    tasks.deliver_hooks()
    assert len(listener.got) == 1
    assert rung == [tasks.deliver_hooks]


def test_what_cannot_be_collected_does_not_hold_up_what_waits(listener, monkeypatch):
    endpoints.ping(make_endpoint(url=listener.url))
    rung = []
    monkeypatch.setattr(tasks, "ring_now", lambda task, *_given: rung.append(task))
    monkeypatch.setattr(collecting, "collect", lambda _seconds: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.tend_hooks()
    assert rung == [tasks.deliver_hooks]


# --- never into a house -------------------------------------------------------


def test_a_public_site_sends_nothing_to_itself_or_to_its_house(listener, settings):
    settings.SITE_IS_LOCAL = False
    endpoint = make_endpoint(url=listener.url)
    error = try_once(endpoint).attempts.get().error
    assert error == "127.0.0.1 cannot be reached from the internet."
    assert listener.got == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("ip", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside_is_refused(ip):
    with pytest.raises(outside.Refused):
        outside.post(
            "https://hooks.harbour-watch.org/", b"", {}, resolve=lambda _name: ["8.8.8.8", ip]
        )
    with pytest.raises(outside.Refused):
        outside.post(
            "https://hooks.harbour-watch.org/",
            b"",
            {},
            is_local=True,
            resolve=lambda _name: ["10.0.0.1"],
        )


@pytest.mark.sqlite_only
def test_a_name_that_turns_private_is_asked_for_once(listener):
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    port = listener.url.split(":")[2].partition("/")[0]
    reply = outside.post(
        f"http://turning.harbour-watch.org:{port}",
        b"{}",
        {},
        is_local=True,
        resolve=lambda _name: answers.pop(0),
    )
    assert reply.status == 204
    assert answers == [["10.0.0.1"]]
    assert listener.got[0][0]["host"] == f"turning.harbour-watch.org:{port}"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.harbour-watch.org/",
        "ftp://hooks.harbour-watch.org/",
        "https://ada:pw@hooks.harbour-watch.org/",
        "https://hooks.harbour-watch.org/\r\nHost: x",
    ],
)
def test_only_https_is_sent_to(url):
    for is_local in (False, True):
        with pytest.raises(outside.Refused):
            outside.post(url, b"", {}, is_local=is_local, resolve=lambda _name: ["8.8.8.8"])


def test_what_cannot_be_foreseen_ends_one_try_alone(listener, monkeypatch):
    def break_down(*_given, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(outside, "post", break_down)
    message = try_once(make_endpoint(url=listener.url))
    assert message.attempts.get().error == "ZeroDivisionError"
    assert message.status == "pending"


# --- what docs/webhooks.md shows ----------------------------------------------


def shown(language):
    page = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


@pytest.mark.sqlite_only
def test_the_documented_python_verifies_a_message_and_refuses_what_was_changed(listener):
    endpoint = make_endpoint(url=listener.url)
    try_once(endpoint)
    names, body = listener.got[0]
    known = {}
    exec(shown("python")[0], known)
    secret = signing.shown_secret(endpoint)
    assert known["is_genuine"](secret, names, body)
    assert not known["is_genuine"](secret, names, body + b" ")
    assert not known["is_genuine"](secret, {**names, "webhook-timestamp": "1"}, body)
    assert not known["is_genuine"](signing.shown_secret(make_endpoint()), names, body)


@pytest.mark.sqlite_only
def test_the_documented_commands_sign_a_message_as_we_do(listener):
    for tool in ("bash", "curl", "openssl", "od"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine")
    endpoint = make_endpoint(url=listener.url)
    script = next(block for block in shown("") if block.startswith("secret="))
    script = re.sub(r"^secret=.*", f"secret={signing.shown_secret(endpoint)}", script)
    script = re.sub(r"(?m)^url=.*", f"url={listener.url}", script)
    subprocess.run(["bash", "-euc", script], check=True, capture_output=True, timeout=60)
    names, body = listener.got[0]
    ours = signing.headers(endpoint, "msg_test", body, int(names["webhook-timestamp"]))
    assert names["webhook-signature"] in ours["webhook-signature"].split(" ")


@pytest.mark.sqlite_only
def test_the_documentation_names_every_type():
    page = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
    assert set(re.findall(r"^\| `([a-z.]+)` \|", page, re.MULTILINE)) == {*KINDS, "ping"}
    for block in shown("json"):
        assert json.loads(block)["type"] in KINDS
