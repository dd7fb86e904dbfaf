"""Logging in by password: the way there and back, the lock-out, and what of it is noted."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.cache import caches
from django.test import Client
from redis.exceptions import RedisError

from briefs import accounts
from briefs.models import AccountEntry, User
from tests.make import make_user
from tests.people.conftest import PASSWORD, LogIn

# What the database has a part in is tested on both in the other files.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


def verbs() -> list[str]:
    return list(AccountEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_the_desk_leads_to_the_log_in_and_back(client: Client, olga: User) -> None:
    at = client.get("/admin/briefs/brief/", follow=True)
    assert at.redirect_chain[-1][0].startswith("/accounts/login/?next=%2Fadmin%2Fbriefs%2Fbrief")
    answer = client.post(
        at.redirect_chain[-1][0],
        {"login": "Olga@Harbour.Example", "password": PASSWORD, "next": "/admin/briefs/brief/"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/briefs/brief/")
    page = client.get("/admin/briefs/brief/")
    assert "Your log-in" in page.content.decode()
    assert "Olga@" not in page.content.decode()
    client.post("/admin/logout/")
    assert verbs() == ["logged-in", "logged-out"]
    entry = AccountEntry.objects.earliest("pk")
    assert (entry.user, entry.words, entry.ip) == (olga, "password", "127.0.0.1")


def test_nobody_is_led_to_another_site(client: Client, olga: User) -> None:
    posted = {"login": olga.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/accounts/login/", posted)["Location"] == "/admin/"


def test_who_has_no_desk_is_told_so_and_not_sent_round_in_circles(
    client: Client, log_in: LogIn
) -> None:
    make_user("reader@harbour.example", is_staff=False, password=PASSWORD)
    log_in(client, "reader@harbour.example")
    page = client.get("/admin/", follow=True)
    assert (page.status_code, page.redirect_chain[-1][0]) == (403, "/accounts/no-desk/")


def test_pages_of_log_in_run_nothing_inline_and_are_kept_by_no_cache(client: Client) -> None:
    page = client.get("/accounts/login/")
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    assert 'type="application/json"' in page.content.decode()  # data, which no policy stops
    assert "<script>" not in page.content.decode()
    assert client.get("/accounts/signup/").status_code == 200
    assert client.post("/accounts/signup/", {"email": "x@y.org"}).status_code == 200
    assert not User.objects.exists()


def test_a_wrong_password_and_an_unknown_address_look_alike(
    client: Client, olga: User, log_in: LogIn
) -> None:
    wrong = log_in(client, olga.email, "wrong").content.decode()
    unknown = log_in(client, "nobody@harbour.example", "wrong").content.decode()
    assert "do not belong together" in wrong
    for page in (wrong, unknown):
        assert "nobody@" not in page.replace('value="nobody@harbour.example"', "")
    first, second = AccountEntry.objects.order_by("pk")
    assert (first.user, first.typed, second.user) == (olga, "", None)
    assert second.typed == accounts.fingerprint("nobody@harbour.example")
    assert not AccessAttempt.objects.filter(username__contains="@").exists()
    assert "nobody" not in str(list(AccessAttempt.objects.values()))


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/"])
def test_who_guesses_is_locked_out_and_the_owner_elsewhere_is_not(
    client: Client, olga: User, log_in: LogIn, path: str
) -> None:
    for _guess in range(7):
        assert log_in(client, olga.email, "guess", REMOTE_ADDR="192.0.2.1").status_code == 200
    locked = log_in(client, olga.email, "guess", REMOTE_ADDR="192.0.2.1")
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert "Wait 15 minutes" in locked.content.decode()
    assert log_in(client, olga.email, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert verbs() == ["log-in-failed"] * 7 + ["locked-out"]
    client.get(path)
    assert log_in(Client(), olga.email, REMOTE_ADDR="192.0.2.2").status_code == 302


def test_one_origin_may_not_guess_at_everybody(
    client: Client, olga: User, log_in: LogIn, settings: Any
) -> None:
    settings.AXES_FAILURES_PER_IP = 10
    settings.AXES_FAILURE_LIMIT = 5
    for number in range(10):
        answer = log_in(client, f"u{number}@harbour.example", "x", REMOTE_ADDR="2001:db8::1")
    assert answer.status_code == 429
    assert log_in(client, olga.email, REMOTE_ADDR="2001:db8::2").status_code == 429  # one /64
    assert log_in(client, olga.email, REMOTE_ADDR="2001:db8:0:1::1").status_code == 302


def test_behind_a_proxy_the_visitor_is_counted_and_not_the_proxy(
    client: Client, olga: User, log_in: LogIn, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.AXES_FAILURE_LIMIT = 2
    for _guess in range(2):
        log_in(client, olga.email, "x", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.1")
    blocked = log_in(client, olga.email, HTTP_X_FORWARDED_FOR="203.0.113.77, 198.51.100.1")
    assert blocked.status_code == 429
    assert log_in(client, olga.email, HTTP_X_FORWARDED_FOR="198.51.100.2").status_code == 302


def test_without_redis_people_log_in_and_guessers_are_locked_out(
    client: Client, olga: User, log_in: LogIn, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_given: Any, **_more: Any) -> None:
        raise RedisError("gone")

    for name in ("get", "add", "set", "delete"):
        monkeypatch.setattr(type(caches["default"]), name, gone)
    settings.AXES_FAILURE_LIMIT = 2
    assert log_in(client, olga.email).status_code == 302
    assert [log_in(Client(), olga.email, "x").status_code for _guess in range(2)] == [200, 429]


def test_what_strangers_cause_is_forgotten_and_origins_are_too(olga: User, settings: Any) -> None:
    for verb in ("logged-in", "log-in-failed"):
        accounts.record(verb, olga, ip="192.0.2.1", user_agent="Firefox")
    assert accounts.forget() == 0
    settings.LOG_IN_DAYS = 0
    assert accounts.forget() == 2
    entry = AccountEntry.objects.get()
    assert (entry.verb, entry.ip, entry.user_agent) == ("logged-in", None, "")


def test_only_who_looks_after_the_site_reads_of_all_accounts(client: Client, olga: User) -> None:
    accounts.record("logged-in", olga)
    client.force_login(olga)
    assert client.get("/admin/briefs/accountentry/").status_code == 403
    assert "Logged in" in client.get("/accounts/").content.decode()
    client.force_login(make_user(is_superuser=True))
    assert olga.email in client.get("/admin/briefs/accountentry/").content.decode()
