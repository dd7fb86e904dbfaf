"""Second factors: an app's codes, recovery codes, and publications that ask for one."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command
from django.test import Client

from briefs import second_factor
from briefs.models import AccountEntry, Publication, User
from intelbrief.log_in import sealing
from subscribers.models import Notice
from tests.make import make_user
from tests.people.conftest import PASSWORD, LogIn, code_of

pytestmark = pytest.mark.django_db
APP = "/accounts/2fa/app/"


def give_app(user: User) -> str:
    """Set up an app for *user*; return its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def ask(publication: Publication) -> None:
    publication.requires_second_factor = True
    publication.save()


def answer_with(client: Client, code: str) -> Any:
    return client.post("/accounts/2fa/authenticate/", {"code": code})


def test_an_app_is_set_up_and_asked_for(
    client: Client, olga: User, log_in: LogIn, django_capture_on_commit_callbacks: Any
) -> None:
    other = Client()
    log_in(other, olga.email)
    log_in(client, olga.email)
    asked = client.get(APP)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    client.post(asked["Location"], {"password": PASSWORD})
    found = re.search(r"<code>([A-Z2-7]+)</code>", client.get(APP).content.decode())
    assert found
    assert client.post(APP, {"code": "000000"}).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(APP, {"code": code_of(found[1], -1)})
    codes = client.get(done["Location"]).content.decode()
    recovery = re.findall(r"<li><code>(\d{8})</code>", codes)
    assert len(recovery) == 10
    assert other.get("/accounts/").status_code == 302  # it began without
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert found[1] not in stored
    assert "factor-set" in AccountEntry.objects.values_list("verb", flat=True)
    assert Notice.objects.filter(user=olga, subject__contains="second factor").count() == 1

    again = Client()
    assert log_in(again, olga.email)["Location"] == "/accounts/2fa/authenticate/"
    assert again.get("/admin/").status_code == 302
    code = code_of(found[1])
    assert answer_with(again, code)["Location"] == "/admin/"
    assert AccountEntry.objects.latest("pk").words == "password, code of an app"
    third = Client()
    log_in(third, olga.email)
    assert answer_with(third, code).status_code == 200  # used
    assert answer_with(third, recovery[0])["Location"] == "/admin/"
    log_in(again := Client(), olga.email)
    assert answer_with(again, recovery[0]).status_code == 200


@pytest.mark.sqlite_only
def test_a_code_is_good_once_for_as_long_as_its_period_is_taken(
    client: Client, olga: User, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(give_app(olga), 1)
    log_in(client, olga.email)
    assert answer_with(client, code)["Location"] == "/admin/"
    # What allauth notes is forgotten after half a minute; the code is good for another one.
    monkeypatch.setattr(TOTP, "_mark_code_used", lambda _self, _code: True)
    for seen in (code, f"{code[:3]} {code[3:]}"):
        log_in(other := Client(), olga.email)
        assert answer_with(other, seen).status_code == 200
    again = client.post("/accounts/2fa/reauthenticate/", {"code": code})
    assert again.status_code == 200


def test_codes_cannot_be_guessed_through(client: Client, olga: User, log_in: LogIn) -> None:
    secret = give_app(olga)
    log_in(client, olga.email)
    for _guess in range(5):
        answer_with(client, "000000")
    refused = answer_with(client, code_of(secret))
    assert refused.status_code == 200
    assert "Wait five minutes" in refused.content.decode()


def test_a_publication_that_asks_opens_the_desk_to_nobody_without(
    client: Client, olga: User, publication: Publication
) -> None:
    client.force_login(olga)
    root, rosa = Client(), make_user(is_superuser=True)
    root.force_login(rosa)
    assert client.get("/admin/").status_code == root.get("/admin/").status_code == 200
    ask(publication)
    for browser in (client, root):
        for path in ("/admin/", "/admin/briefs/brief/", "/admin/briefs/brief/add/"):
            led = browser.get(path)
            assert (led.status_code, led["Location"]) == (302, "/accounts/")
            assert browser.post(path, {"x": "y"})["Location"] == "/accounts/"
        page = browser.get("/accounts/").content.decode()
        assert "asks for a second factor" in page
    give_app(olga)
    assert client.get("/admin/").status_code == 200
    assert root.get("/admin/").status_code == 302
    assert client.post("/admin/logout/")["Location"] == "/accounts/login/"


def test_only_those_who_work_on_it_are_asked(publication: Publication, olga: User) -> None:
    stranger = make_user()
    ask(publication)
    assert second_factor.is_missing(olga)
    assert not second_factor.is_missing(stranger)


def test_the_last_factor_stays_while_it_is_asked_for(
    client: Client, olga: User, publication: Publication, log_in: LogIn
) -> None:
    secret = give_app(olga)
    ask(publication)
    log_in(client, olga.email)
    answer_with(client, code_of(secret))
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    refused = client.post("/accounts/2fa/app/remove/")
    assert "last second factor" in refused.content.decode()
    key = Authenticator.objects.create(
        user=olga, type="webauthn", data={"name": "key", "credential": {}}
    )
    assert client.post("/accounts/2fa/app/remove/").status_code == 302
    client.post(f"/accounts/2fa/passkeys/{key.pk}/remove/")
    assert list(Authenticator.objects.all()) == [key]
    assert client.get(f"/accounts/2fa/passkeys/{key.pk}/remove/")["Location"] == "/accounts/"
    Publication.objects.update(requires_second_factor=False)
    client.post(f"/accounts/2fa/passkeys/{key.pk}/remove/")
    assert not Authenticator.objects.exists()


def test_who_lost_theirs_is_let_back_in_and_told(olga: User, capsys: Any) -> None:
    give_app(olga)
    RecoveryCodes.activate(olga)
    call_command("reset_second_factor", "Olga@harbour.example")
    assert "1 taken away" in capsys.readouterr().out
    assert not Authenticator.objects.exists()
    assert AccountEntry.objects.get().verb == "factors-reset"
    assert Notice.objects.get(user=olga).kind == Notice.Kind.EDITOR
    with pytest.raises(CommandError, match="Nobody logs in"):
        call_command("reset_second_factor", "nobody@harbour.example")


def test_at_the_desk_only_who_looks_after_the_site_takes_them_away(
    client: Client, olga: User
) -> None:
    give_app(olga)
    posted = {"action": "reset_second_factors", "_selected_action": [olga.pk]}
    client.force_login(olga)
    assert client.post("/admin/briefs/user/", posted).status_code == 403
    assert Authenticator.objects.exists()
    rosa = make_user(is_superuser=True, name="Rosa")
    client.force_login(rosa)
    client.post("/admin/briefs/user/", posted)
    assert not Authenticator.objects.exists()
    assert AccountEntry.objects.get(verb="factors-reset").by_name == "Rosa"


def test_secrets_are_read_under_old_keys_and_by_nobody_without(settings: Any) -> None:
    settings.TOKEN_KEYS = ["old"]
    stored = sealing.encrypt("JBSWY3DP")
    settings.TOKEN_KEYS = ["new", "old"]
    assert sealing.decrypt(stored) == "JBSWY3DP"
    settings.TOKEN_KEYS = ["new"]
    assert sealing.decrypt(stored) != "JBSWY3DP"
