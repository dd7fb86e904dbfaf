"""Security keys as an attacker holds them: touched, but not opened by their PIN."""

import json
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from briefs.models import Publication, User
from tests.make import make_member
from tests.people.conftest import PASSWORD, LogIn

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

HOST = "localhost"
FLAG = AuthenticatorData.FLAG
TOUCHED, VERIFIED = FLAG.UP, FLAG.UP | FLAG.UV


class Key:
    """A security key of *user*'s that was set up for use beside the password."""

    def __init__(self, user: User, number: bytes) -> None:
        self.user, self.id = user, number * 16
        self._secret = ec.generate_private_key(ec.SECP256R1())
        known = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self._secret.public_key())
        )
        about = AuthenticatorData.create(sha256(HOST.encode()), TOUCHED | FLAG.AT, 0, known)
        made = AttestationObject.create("none", about, {})
        told = {"type": "webauthn.create", "challenge": "", "origin": f"https://{HOST}"}
        Authenticator.objects.create(
            user=self.user,
            type=Authenticator.Type.WEBAUTHN,
            data={
                "name": "key",
                "credential": {
                    "id": websafe_encode(self.id),
                    "rawId": websafe_encode(self.id),
                    "type": "public-key",
                    "response": {
                        "clientDataJSON": websafe_encode(json.dumps(told).encode()),
                        "attestationObject": websafe_encode(bytes(made)),
                    },
                },
            },
        )

    def answer(self, challenge: str, flags: AuthenticatorData.FLAG) -> str:
        """Return what a browser posts once the key was touched."""
        about = AuthenticatorData.create(sha256(HOST.encode()), flags, 1)
        told = json.dumps(
            {"type": "webauthn.get", "challenge": challenge, "origin": f"https://{HOST}"}
        ).encode()
        signed = self._secret.sign(bytes(about) + sha256(told), ec.ECDSA(hashes.SHA256()))
        owner = user_pk_to_url_str(self.user).encode()
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "response": {
                    "clientDataJSON": websafe_encode(told),
                    "authenticatorData": websafe_encode(bytes(about)),
                    "signature": websafe_encode(signed),
                    # Said by the browser, and signed by nobody.
                    "userHandle": websafe_encode(owner),
                },
            }
        )


@pytest.fixture
def here(settings: Any) -> Client:
    settings.ALLOWED_HOSTS = [HOST]
    return Client(headers={"host": HOST})


def asked(client: Client) -> str:
    """Return the challenge that waits in the session."""
    return str(client.session["mfa.webauthn.state"]["challenge"])


def ask(client: Client) -> None:
    """Have the page of log-in ask for a passkey, as its script does."""
    headers = {"accept": "application/json", "x-requested-with": "XMLHttpRequest"}
    client.get("/accounts/2fa/passkeys/login/", headers=headers)


def post(client: Client, credential: str) -> Any:
    return client.post("/accounts/2fa/passkeys/login/", {"credential": credential})


def test_a_key_beside_a_password_does_not_log_in_by_a_question_of_another_page(
    here: Client, olga: User, publication: Publication, log_in: LogIn
) -> None:
    # Somebody with an account of their own has found Olga's key: no PIN, no password.
    thief = make_member(publication, "writer", email="thief@example.com", password=PASSWORD)
    Key(thief, b"t")
    found = Key(olga, b"o")
    log_in(here, thief.email)
    here.get("/accounts/2fa/authenticate/")
    # A log-in that nobody finishes is forgotten after a quarter of an hour, its question is not.
    session = here.session
    session["account_login"]["initiated_at"] -= 3600
    session.save()
    post(here, found.answer(asked(here), TOUCHED))
    assert "_auth_user_id" not in here.session


def test_a_passkey_logs_in_alone_where_it_knows_its_owner(here: Client, olga: User) -> None:
    key = Key(olga, b"o")
    ask(here)
    post(here, key.answer(asked(here), TOUCHED))
    assert "_auth_user_id" not in here.session
    ask(here)
    post(here, key.answer(asked(here), VERIFIED))
    assert here.session["_auth_user_id"] == str(olga.pk)
