"""Single sign-on, against an issuer on this machine."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from briefs.models import AccountEntry, User
from intelbrief.log_in.single_sign_on import _mark as single_sign_on_mark
from intelbrief.log_in_settings import single_sign_on
from tests.make import make_user
from tests.people.issuer import Issuer

# What the database has a part in is tested on both in the other files.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
BEGIN = "/accounts/oidc/sso/login/"


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    """Return an issuer for all of these tests."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(running: Issuer, settings: Any) -> Issuer:
    """Return the issuer, configured."""
    settings.SINGLE_SIGN_ON = running.settings()
    return running


def begin(client: Client, issuer: Issuer, **more: str) -> dict[str, str]:
    """Press the button; return what the issuer is asked."""
    led = client.post(BEGIN, more)["Location"]
    assert led.startswith(f"{issuer.url}/authorize?")
    issuer.asked = dict(parse_qsl(urlsplit(led).query))
    return issuer.asked


def come_back(client: Client, state: str) -> Any:
    return client.get(f"{BEGIN}callback/", {"code": "c", "state": state})


def log_in(client: Client, issuer: Issuer) -> Any:
    return come_back(client, begin(client, issuer)["state"])


def test_a_colleague_comes_in_and_is_known_by_the_subject_from_then_on(
    client: Client, issuer: Issuer, olga: User
) -> None:
    assert "Log in with Harbour ID" in client.get("/accounts/login/").content.decode()
    issuer.vouch("Olga@Harbour.Example")
    assert "form-action 'self' http://" in client.get(BEGIN)["Content-Security-Policy"]
    asked = begin(client, issuer, next="/admin/briefs/brief/")
    assert asked["redirect_uri"] == f"http://127.0.0.1:8000{BEGIN}callback/"
    assert sorted(asked["scope"].split()) == ["email", "openid", "profile"]
    assert come_back(client, asked["state"]).status_code == 302
    assert client.get("/admin/").status_code == 200
    issuer.vouch("olga.married@harbour.example")
    again = Client()
    assert log_in(again, issuer)["Location"] == "/admin/"
    assert again.get("/admin/").status_code == 200
    assert SocialAccount.objects.get().user == olga
    issuer.vouch(olga.email, sub="43")  # the address went to somebody else there
    log_in(other := Client(), issuer)
    assert "linked to somebody else" in other.get("/accounts/login/").content.decode()
    verbs = AccountEntry.objects.order_by("pk").values_list("verb", "words")
    assert list(verbs) == [
        ("linked", "sso"),
        ("logged-in", "single sign-on"),
        ("logged-in", "single sign-on"),
        ("log-in-failed", "single sign-on"),
    ]


def test_an_issuer_that_is_gone_or_another_one_opens_nothing(
    client: Client, issuer: Issuer, settings: Any, olga: User
) -> None:
    issuer.vouch(olga.email)
    log_in(client, issuer)
    stored = SocialAccount.objects.get().uid
    other = {**settings.SINGLE_SIGN_ON, "settings": {"server_url": "http://127.0.0.1:9"}}
    settings.SINGLE_SIGN_ON = other
    assert not stored.startswith(single_sign_on_mark())
    away = Client()
    assert away.post(BEGIN)["Location"] == "/accounts/login/"
    assert "does not answer" in away.get("/accounts/login/").content.decode()


def test_questions_for_a_passkey_are_few_from_one_place(client: Client) -> None:
    path, json = "/accounts/2fa/passkeys/login/", {"accept": "application/json"}
    answers = [Client().get(path, headers=json).status_code for _question in range(31)]
    assert (answers[0], answers[-1]) == (200, 429)


@pytest.mark.parametrize("verified", [False, None, "false", "true", 1])
def test_an_address_that_the_issuer_has_not_verified_opens_nothing(
    client: Client, issuer: Issuer, olga: User, verified: Any
) -> None:
    issuer.vouch(olga.email, verified=verified)
    answer = log_in(client, issuer)
    assert answer["Location"] == "/accounts/login/"
    assert "did not say that it has verified" in client.get("/accounts/login/").content.decode()
    assert client.get("/admin/").status_code == 302
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    "told",
    [
        {"nonce": "of another log-in"},
        {"nonce": ""},
        {"sub": "43"},  # the ID token is of one person, the userinfo of another
        {"aud": "another client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
    ids=["nonce", "no-nonce", "subject", "audience", "issuer", "too-old"],
)
def test_a_token_that_was_not_made_for_this_log_in_opens_nothing(
    client: Client, issuer: Issuer, olga: User, told: dict[str, Any]
) -> None:
    issuer.vouch(olga.email)
    issuer.token = told
    assert log_in(client, issuer).status_code in (302, 401)
    assert client.get("/admin/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_state_of_somebody_else_or_used_twice_opens_nothing(
    client: Client, issuer: Issuer, olga: User
) -> None:
    issuer.vouch(olga.email)
    state = begin(client, issuer)["state"]
    assert come_back(Client(), state).status_code == 401
    assert come_back(client, "made-up").status_code == 401
    assert come_back(client, state).status_code == 302
    other = Client()
    assert come_back(other, state).status_code == 401
    assert client.get(f"{BEGIN}callback/", {"error": "access_denied"}).status_code == 401


def test_whom_nobody_invited_stays_outside_but_for_domains_of_ours(
    client: Client, issuer: Issuer, settings: Any
) -> None:
    issuer.vouch("ada@bank.example", name="Ada")
    log_in(client, issuer)
    assert "Nobody here has this address" in client.get("/accounts/login/").content.decode()
    settings.SINGLE_SIGN_ON = issuer.settings("@Bank.example")
    assert log_in(client, issuer)["Location"] == "/admin/"
    ada = User.objects.get()
    assert (ada.name, ada.is_superuser, ada.memberships.count()) == ("Ada", False, 0)
    make_user("eve@elsewhere.example")
    issuer.vouch("eve@elsewhere.example", sub="66")
    log_in(eve := Client(), issuer)
    assert "this domain" in eve.get("/accounts/login/").content.decode()


def test_an_account_that_is_closed_or_logged_in_is_not_taken_over(
    client: Client, issuer: Issuer, olga: User
) -> None:
    issuer.vouch("ada@bank.example")
    client.force_login(olga)
    led = client.post(f"{BEGIN}?process=connect")["Location"]
    issuer.asked = dict(parse_qsl(urlsplit(led).query))
    come_back(client, issuer.asked["state"])
    assert not SocialAccount.objects.exists()
    issuer.vouch(olga.email)
    log_in(Client(), issuer)
    User.objects.update(is_active=False)
    log_in(closed := Client(), issuer)
    assert closed.get("/admin/").status_code == 302


def test_without_an_issuer_there_is_no_such_door(client: Client) -> None:
    assert client.post(BEGIN).status_code == 404
    assert "Log in with Harbour" not in client.get("/accounts/login/").content.decode()


def test_half_an_issuer_is_refused_with_what_to_write() -> None:
    given: dict[str, Any] = {"client_id": "x", "secret": "y", "name": "", "domains": []}
    with pytest.raises(ValueError, match="https://login"):
        single_sign_on(issuer="http://login.example.org", **given)
    with pytest.raises(ValueError, match="OIDC_CLIENT_SECRET"):
        single_sign_on(issuer="https://login.example.org", **{**given, "secret": ""})
    assert single_sign_on(issuer="https://id.example", **given)["name"] == "id.example"


def test_that_one_address_is_verified_says_nothing_of_another(
    client: Client, issuer: Issuer, olga: User
) -> None:
    issuer.vouch(olga.email)
    del issuer.claims["email_verified"]
    issuer.userinfo = {"sub": "42", "email": "mallory@example.org", "email_verified": True}
    log_in(client, issuer)
    assert client.get("/admin/").status_code == 302
    assert not SocialAccount.objects.exists()
