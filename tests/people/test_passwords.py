"""Passwords: forgotten and changed, and what becomes of sessions elsewhere."""

import re

import pytest
from django.core import mail
from django.test import Client

from briefs.models import AccountEntry, User
from subscribers import notices
from subscribers.models import Notice
from tests.make import make_user
from tests.people.conftest import PASSWORD, LogIn

# What the database has a part in is tested on both in the other files.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
OTHER = "quite another row of words"
RESET = "/accounts/password/reset/"


def test_a_forgotten_password_is_set_by_a_mailed_link(
    client: Client, olga: User, log_in: LogIn
) -> None:
    elsewhere = Client()
    log_in(elsewhere, olga.email)
    assert client.post(RESET, {"email": "OLGA@harbour.example"})["Location"] == f"{RESET}done/"
    client.post(RESET, {"email": olga.email})  # pressed twice: one mail
    assert Notice.objects.get().text == ""
    assert notices.sweep() == 1
    (sent,) = mail.outbox
    assert sent.to == [olga.email]
    assert sent.from_email == "Harbour Watch <brief@harbour.example>"
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/password/reset/key/\S+)", str(sent.body))
    assert found, sent.body
    page = client.get(found[1], follow=True)
    assert page.redirect_chain[-1][0].endswith("-set-password/")
    posted = {"password1": OTHER, "password2": OTHER}
    assert client.post(page.redirect_chain[-1][0], posted).status_code == 302
    assert elsewhere.get("/admin/").status_code == 302
    assert log_in(Client(), olga.email, OTHER).status_code == 302
    assert "was used already" in Client().get(found[1]).content.decode()
    assert Notice.objects.filter(subject="Your password was changed").count() == 1


def test_whether_an_address_has_an_account_is_not_told(client: Client, olga: User) -> None:
    gone = make_user("gone@harbour.example", is_active=False)
    for address in ("nobody@harbour.example", gone.email, olga.email):
        answer = client.post(RESET, {"email": address})
        assert (answer.status_code, answer["Location"]) == (302, f"{RESET}done/")
    assert [notice.user for notice in Notice.objects.all()] == [olga]
    asked = AccountEntry.objects.order_by("pk").values_list("verb", "user")
    assert list(asked) == [("password-asked", user) for user in (None, gone.pk, olga.pk)]


def test_a_changed_password_ends_sessions_elsewhere_and_keeps_this_one(
    client: Client, olga: User, log_in: LogIn
) -> None:
    elsewhere = Client()
    log_in(elsewhere, olga.email)
    log_in(client, olga.email)
    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    posted = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    assert client.post("/accounts/password/change/", posted)["Location"] == "/accounts/"
    assert client.get("/accounts/").status_code == 200
    assert elsewhere.get("/accounts/").status_code == 302
    assert AccountEntry.objects.latest("pk").verb == "password-changed"


def test_sessions_are_listed_and_ended_one_by_one_and_all(
    client: Client, olga: User, log_in: LogIn
) -> None:
    others = [Client(), Client(), Client()]
    for number, other in enumerate([*others, client]):
        log_in(other, olga.email, headers={"user-agent": f"Firefox/{number} (Windows)"})
    stranger = Client()
    stranger.force_login(make_user())
    page = client.get("/accounts/").content.decode()
    assert page.count("<strong>Firefox, Windows</strong>") == 4
    numbers = re.findall(r'name="session" value="(\d+)"', page)
    assert len(numbers) == 3
    stranger.post("/accounts/sessions/", {"session": numbers[0]})
    assert all(other.get("/accounts/").status_code == 200 for other in others)
    client.post("/accounts/sessions/", {"session": numbers[0]})
    assert sorted(other.get("/accounts/").status_code for other in others) == [200, 200, 302]
    client.post("/accounts/sessions/", {"all": "1"})
    assert {other.get("/accounts/").status_code for other in others} == {302}
    assert client.get("/accounts/").status_code == 200


def test_a_password_that_another_sets_is_noted_and_told(client: Client, olga: User) -> None:
    rosa = make_user(is_superuser=True, name="Rosa")
    client.force_login(rosa)
    posted = {"password1": OTHER, "password2": OTHER, "usable_password": "true"}
    client.post(f"/admin/briefs/user/{olga.pk}/password/", posted)
    entry = AccountEntry.objects.get()
    assert (entry.verb, entry.user, entry.by_name) == ("password-changed", olga, "Rosa")
    assert Notice.objects.get().user == olga
    own = client.get(f"/admin/briefs/user/{rosa.pk}/password/")
    assert own["Location"] == "/accounts/password/change/"
