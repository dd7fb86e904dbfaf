"""What the tests of people share: Olga owns a publication, and a password that costs no time."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as codes
from django.test import Client

from briefs.models import Publication, User
from tests.make import make_member, make_publication

PASSWORD = "seven words that nobody would guess"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hash passwords by a way that is good for nothing but tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def publication() -> Publication:
    """Return a publication that is ready to send."""
    return make_publication(slug="harbour")


@pytest.fixture
def olga(publication: Publication, _quick_passwords: None) -> User:
    """Return its owner."""
    return make_member(publication, "owner", email="olga@harbour.example", password=PASSWORD)


LogIn = Callable[..., Any]


@pytest.fixture
def log_in() -> LogIn:
    """Return what fills in the log-in form with *client*."""

    def fill(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
        return client.post("/accounts/login/", {"login": email, "password": password}, **more)

    return fill


def code_of(secret: str, periods: int = 0) -> str:
    """Return what an app shows for *secret*, so many periods from now."""
    counter = int(time.time()) // 30 + periods
    return str(codes.format_hotp_value(codes.hotp_value(secret, counter)))
