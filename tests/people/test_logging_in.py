"""Logging in: by password and by a code, and what of it is noted."""

import pytest
from django.test import Client

from tests.make import make_member, make_publication

pytestmark = pytest.mark.django_db
PASSWORD = "seven words that nobody would guess"


def test_the_desk_leads_to_the_log_in_and_back(client: Client) -> None:
    make_member(make_publication(), "writer", email="wanda@harbour.example", password=PASSWORD)
    at = client.get("/admin/briefs/brief/", follow=True)
    assert at.redirect_chain[-1][0].startswith("/accounts/login/?next=%2Fadmin%2Fbriefs%2Fbrief")
    answer = client.post(
        at.redirect_chain[-1][0],
        {"login": "Wanda@Harbour.Example", "password": PASSWORD, "next": "/admin/briefs/brief/"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/briefs/brief/")
    assert client.get("/admin/briefs/brief/").status_code == 200
    assert client.get("/accounts/").status_code == 200
